package gitlab

import (
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// An owner is what a token belongs to.
type owner struct {
	kind string // "project" or "group"
	id   int64
}

func (o owner) String() string { return o.kind + "/" + strconv.FormatInt(o.id, 10) }
func (o owner) path() string   { return "/api/v4/" + o.kind + "s/" + strconv.FormatInt(o.id, 10) }

// role is what an administrator must be there to manage tokens (Project access
// tokens; Group access tokens).
func (o owner) role() string {
	if o.kind == "group" {
		return "Owner"
	}
	return "Maintainer"
}

func parseOwner(op, principal string) (owner, error) {
	kind, number, _ := strings.Cut(principal, "/")
	id, err := positive(number)
	if err != nil || kind != "project" && kind != "group" {
		return owner{}, keyturn.Errorf(keyturn.Invalid, op, "the entry's scope.principal must be project/ID or group/ID, with the number GitLab shows as project or group ID")
	}
	return owner{kind, id}, nil
}

// tokenPath is where a token is.
func tokenPath(op, principal, id string) (string, error) {
	of, err := parseOwner(op, principal)
	if err != nil {
		return "", err
	}
	if _, err := positive(id); err != nil {
		return "", keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of GitLab's, which are numbers")
	}
	return of.path() + "/access_tokens/" + id, nil
}

// positive reads a number written the one way GitLab writes it.
func positive(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 || strconv.FormatInt(n, 10) != s {
		return 0, strconv.ErrSyntax
	}
	return n, nil
}

// roles are GitLab's names for access levels (Project access tokens API,
// "Create a project access token").
func roles() map[string]int {
	return map[string]int{"guest": 10, "planner": 15, "reporter": 20, "developer": 30, "maintainer": 40, "owner": 50}
}

// A wish is the request for a new token.
type wish struct {
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes"`
	Role    int      `json:"access_level"`
	Expires string   `json:"expires_at"`
}

// wish reads req.Permissions, which hold scopes ("read_repository") and one
// role ("role:developer"). What is left out is the least there is: the scope
// read_api, the role Guest. GitLab's own default would be Maintainer.
func (p *provider) wish(op string, req providers.MintRequest) (wish, error) {
	w := wish{Name: req.Label}
	for _, perm := range req.Permissions {
		name, isRole := strings.CutPrefix(perm, "role:")
		level, known := roles()[name]
		switch {
		case !isRole:
			w.Scopes = append(w.Scopes, perm)
		case !known || w.Role != 0:
			return wish{}, keyturn.Errorf(keyturn.Invalid, op, "the entry's permissions may name one role: role:guest, planner, reporter, developer, maintainer or owner")
		default:
			w.Role = level
		}
	}
	if w.Role == 0 {
		w.Role = roles()["guest"]
	}
	if len(w.Scopes) == 0 {
		w.Scopes = []string{"read_api"}
	}
	var err error
	w.Expires, err = p.ends(op, req.Expires)
	return w, err
}

// ends is the last date to ask for. A token ends at midnight UTC when the date
// begins (Project access tokens), so a time within a day means the next date,
// unless that alone would be too long a life.
func (p *provider) ends(op string, at time.Time) (string, error) {
	const day = 24 * time.Hour
	last := p.env.Now().UTC().Truncate(day).AddDate(0, 0, p.MaxDays)
	date := at.UTC().Truncate(day)
	switch {
	case at.IsZero():
		date = last
	case date.After(last):
		return "", keyturn.Errorf(keyturn.Invalid, op, "GitLab lets a token live %d days at most; shorten the entry's expiration, or set max_days if the instance allows more", p.MaxDays)
	case at.After(date) && date.Before(last):
		date = date.AddDate(0, 0, 1)
	}
	return date.Format(time.DateOnly), nil
}
