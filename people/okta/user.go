package okta

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/keyturn/keyturn/people"
)

// A user is the part of Okta's User that is read.
type user struct {
	ID      string `json:"id"`
	Status  string `json:"status"`
	Next    string `json:"transitioningToStatus"` // while a deactivation is under way
	Profile struct {
		Login       string `json:"login"`
		Email       string `json:"email"`
		SecondEmail string `json:"secondEmail"`
		DisplayName string `json:"displayName"`
		FirstName   string `json:"firstName"`
		LastName    string `json:"lastName"`
		Manager     string `json:"manager"`
		ManagerID   string `json:"managerId"`
	} `json:"profile"`
}

// ok reports whether the user has what every documented user has.
func (u user) ok() bool { return plain(u.ID) && u.Status != "" }

// active tells who is here from who left. SUSPENDED and DEPROVISIONED are what an
// administrator does to somebody who is to stay out. All others are here:
// STAGED and PROVISIONED are yet to sign in for the first time, RECOVERY and
// PASSWORD_EXPIRED must set a password, and LOCKED_OUT is what anybody can bring
// on somebody by guessing passwords. A status that Okta adds one day is no reason
// to take somebody for a leaver either. A deactivation takes its time (Deactivate
// a user), and the event may be heard before the status is another.
func (u user) active() bool {
	return u.Status != "SUSPENDED" && u.Status != "DEPROVISIONED" && u.Next != "DEPROVISIONED"
}

// person is the user without a manager that is named by id.
func (u user) person() people.Person {
	p := people.Person{ID: u.ID, Active: u.active(), Manager: u.managerAddress()}
	p.Name = cmp.Or(u.Profile.DisplayName, strings.TrimSpace(u.Profile.FirstName+" "+u.Profile.LastName))
	for _, a := range []string{u.Profile.Email, u.Profile.Login, u.Profile.SecondEmail} {
		switch a = people.Address(a); {
		case !address(a) || p.Has(a):
		case p.Email == "":
			p.Email = a
		default:
			p.Aliases = append(p.Aliases, a)
		}
	}
	return p
}

// managerAddress is the manager's address where the profile holds one. Okta
// documents manager as a name and managerId as an id, but both hold whatever
// the source of the profile puts there.
func (u user) managerAddress() string {
	for _, m := range []string{u.Profile.Manager, u.Profile.ManagerID} {
		if m = people.Address(m); address(m) {
			return m
		}
	}
	return ""
}

// address reports whether s can be an email address.
func address(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && local != "" && host != "" && len(s) <= 254 && !strings.Contains(host, "@") &&
		!strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f })
}

// plain reports whether s is made of what Okta's ids are made of. Anything else
// could name something else.
func plain(s string) bool {
	odd := func(r rune) bool {
		return r != '-' && r != '_' && (r < '0' || r > '9') && (r|0x20 < 'a' || r|0x20 > 'z')
	}
	return s != "" && !strings.ContainsFunc(s, odd)
}

// quote is a string in a search: "String literals must be valid JSON strings"
// (Core Okta API, "Filter").
func quote(s string) string {
	b, _ := json.Marshal(s) // strings always can be
	return string(b)
}
