package gitguardian

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// A core is what the API and the webhook both tell of an incident.
type core struct {
	ID       int64     `json:"id"`
	Date     time.Time `json:"date"` // of what triggered it last
	Detector struct {
		Name string `json:"name"`
	} `json:"detector"`
	Hash     string `json:"hmsl_hash"`
	URL      string `json:"gitguardian_url"`
	Validity string `json:"validity"`
}

// An incident is one as the API tells it.
type incident struct {
	core
	Status      string       `json:"status"`
	Triggered   time.Time    `json:"triggered_at"` // zero if GitGuardian does not say
	Tags        []string     `json:"tags"`
	Occurrences []occurrence `json:"occurrences"` // not in lists
}

// ok reports whether the incident has what every documented one has.
func (c core) ok() bool { return c.ID > 0 && !c.Date.IsZero() && c.Detector.Name != "" }

// kind is the incident's, told from where people see it: numbers mean different
// incidents in each.
func (c core) kind() kind {
	if strings.Contains(c.URL, "/public-incidents/") {
		return public
	}
	return internal
}

// A name is what Keyturn calls an incident.
type name struct {
	kind kind
	id   int64
}

const publicPrefix = "public/"

func (n name) String() string {
	id := strconv.FormatInt(n.id, 10)
	if n.kind == public {
		return publicPrefix + id
	}
	return id
}

// path is where the API has the incident.
func (n name) path() string { return string(n.kind) + "/" + strconv.FormatInt(n.id, 10) }

var idPattern = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)

func parse(op, alert string) (name, error) {
	id, isPublic := strings.CutPrefix(alert, publicPrefix)
	if !idPattern.MatchString(id) {
		return name{}, keyturn.Errorf(keyturn.Invalid, op, "an incident is called by its number, one of Public Monitoring public/number")
	}
	n := name{kind: internal}
	if isPublic {
		n.kind = public
	}
	n.id, _ = strconv.ParseInt(id, 10, 64) // eighteen digits are one
	return n, nil
}

var hashPattern = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

// hash is the HasMySecretLeaked hash; empty where GitGuardian does not tell it.
func (c core) hash() string {
	if !hashPattern.MatchString(c.Hash) {
		return ""
	}
	return strings.ToLower(c.Hash)
}

// finding is an incident as it is told, without a place. Its Event is the same until
// something triggers it again.
func (s *source) finding(k kind, c core) leaks.Finding {
	n := name{k, c.ID}
	f := leaks.Finding{
		Source: s.env.Name, Event: n.String() + " " + c.Date.UTC().Format(time.RFC3339Nano), Alert: n.String(),
		Rule: c.Detector.Name, Provider: providerOf(c.Detector.Name), HMSL: c.hash(), URL: c.URL, Public: k == public, Since: c.Date,
	}
	switch c.Validity {
	case "valid":
		f.Validity = leaks.Active
	case "invalid":
		f.Validity = leaks.Inactive
	}
	return f
}

// whole is an incident as the API tells it, with the earliest of its occurrences.
func (s *source) whole(k kind, i incident) leaks.Finding {
	f := s.finding(k, i.core)
	f.At, f.Public = i.Triggered, f.Public || seen(i.Tags)
	earliest := -1
	for n, o := range i.Occurrences {
		f.Public = f.Public || o.public()
		if earliest < 0 || o.Date.Before(i.Occurrences[earliest].Date) {
			earliest = n
		}
	}
	if earliest >= 0 {
		i.Occurrences[earliest].place(name{k, i.ID}, &f)
	}
	return f
}

// seen reports whether tags say that strangers see the value ("Investigate incidents",
// "Public exposure information").
func seen(tags []string) bool {
	return slices.Contains(tags, "PUBLICLY_LEAKED") || slices.Contains(tags, "PUBLICLY_EXPOSED")
}
