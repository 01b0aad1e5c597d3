package github

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// An alert is the part of GitHub's secret-scanning-alert that is read.
type alert struct {
	Number   int64     `json:"number"`
	Created  time.Time `json:"created_at"`
	Updated  time.Time `json:"updated_at"` // zero if never
	URL      string    `json:"html_url"`
	State    string    `json:"state"`
	Type     string    `json:"secret_type"`
	Secret   literal   `json:"secret"`
	Encoded  bool      `json:"is_base64_encoded"`
	Validity string    `json:"validity"`
	Leaked   bool      `json:"publicly_leaked"`
	First    details   `json:"first_location_detected"`
	// Repository is in an organisation's list only.
	Repository struct {
		Name    string `json:"full_name"`
		Private bool   `json:"private"`
	} `json:"repository"`
}

// ok reports whether the alert has what every documented alert has.
func (a alert) ok() bool { return a.Number > 0 && !a.Created.IsZero() && a.Type != "" }

// A name is what Keyturn calls an alert: owner/repo#number.
type name struct {
	repo   string
	number int64
}

func (n name) String() string { return n.repo + "#" + strconv.FormatInt(n.number, 10) }

// path is where the API has the alert.
func (n name) path() string {
	return "/repos/" + n.repo + "/secret-scanning/alerts/" + strconv.FormatInt(n.number, 10)
}

var numberPattern = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

// parse takes an alert's name apart, and refuses what is not within the settings.
func (s *source) parse(op, alert string) (name, error) {
	repo, number, _ := strings.Cut(alert, "#")
	if !isRepo(repo) || !numberPattern.MatchString(number) {
		return name{}, keyturn.Errorf(keyturn.Invalid, op, "an alert is called owner/repo#number")
	}
	if !s.covers(repo) {
		return name{}, keyturn.Errorf(keyturn.Invalid, op, "the alert is of a repository that the settings do not name")
	}
	n, _ := strconv.ParseInt(number, 10, 64) // eighteen digits are one
	return name{repo, n}, nil
}

// covers reports whether a repository is one that the settings name. GitHub does not
// regard case.
func (s *source) covers(repo string) bool {
	if s.Org != "" {
		owner, _, _ := strings.Cut(repo, "/")
		return strings.EqualFold(owner, s.Org)
	}
	for _, r := range s.Repos {
		if strings.EqualFold(r, repo) {
			return true
		}
	}
	return false
}

// finding is an alert as it is told. Its Event changes once strangers can see the value:
// that is news.
func (s *source) finding(n name, a alert, public bool) leaks.Finding {
	f := leaks.Finding{
		Source: s.env.Name, Event: n.String(), Alert: n.String(), Rule: a.Type, Provider: providerOf(a.Type),
		Value: a.Secret.value, Repo: n.repo, URL: a.URL, Public: public, Since: a.Created, At: a.Created,
	}
	if public {
		f.Event += " public"
	}
	if a.Validity == "active" || a.Validity == "inactive" {
		f.Validity = leaks.Validity(a.Validity)
	}
	if isID(a.Type) {
		f.RemoteID = a.Secret.value.Expose()
	}
	if plain, err := base64.StdEncoding.DecodeString(a.Secret.value.Expose()); a.Encoded && err == nil {
		f.Beside = []keyturn.Secret{keyturn.NewSecret(string(plain))}
	}
	return f
}
