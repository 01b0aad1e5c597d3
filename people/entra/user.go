package entra

import (
	"regexp"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// fields are what is read of a user. Most are not given unless asked for.
const fields = "id,displayName,mail,userPrincipalName,proxyAddresses,accountEnabled"

// user is a user as Graph shows them.
type user struct {
	ID        string   `json:"id"`
	Name      string   `json:"displayName"`
	Mail      string   `json:"mail"`
	Principal string   `json:"userPrincipalName"`
	Proxies   []string `json:"proxyAddresses"`
	Enabled   *bool    `json:"accountEnabled"`
	Manager   *user    `json:"manager"`
}

// person is the user as a person. The main address is the mailbox's, and that of
// the sign-in where there is none. A user of whom Graph does not say whether they
// may sign in is an error: it leaves out what the application may not read.
func (u user) person(op string) (people.Person, error) {
	if !guid.MatchString(u.ID) || u.Principal == "" && u.Mail == "" {
		return people.Person{}, undocumented(op)
	}
	if u.Enabled == nil {
		return people.Person{}, keyturn.Errorf(keyturn.Denied, op, "Graph does not say whether a user may sign in; Keyturn's application lacks %s", needsUsers)
	}
	p := people.Person{ID: u.ID, Email: u.address(), Name: u.Name, Active: *u.Enabled}
	if u.Manager != nil {
		p.Manager = u.Manager.address()
	}
	for _, a := range u.addresses() {
		if a != p.Email && !slices.Contains(p.Aliases, a) {
			p.Aliases = append(p.Aliases, a)
		}
	}
	return p, nil
}

// address is the user's main address.
func (u user) address() string {
	if a := people.Address(u.Mail); a != "" {
		return a
	}
	return people.Address(u.Principal)
}

// addresses are all of the user's. Of proxyAddresses only those of mail count:
// there are ones of telephony and of X.500 too.
func (u user) addresses() []string {
	var out []string
	for _, a := range append([]string{"smtp:" + u.Mail, "smtp:" + u.Principal}, u.Proxies...) {
		scheme, a, _ := strings.Cut(a, ":")
		if a = people.Address(a); a != "" && strings.EqualFold(scheme, "smtp") {
			out = append(out, a)
		}
	}
	return out
}

// mangled is what Entra puts before the user principal name of a deleted user,
// to free the name: the user's id without its dashes.
var mangled = regexp.MustCompile(`^[0-9a-fA-F]{32}`)

// gone is a deleted user as a person: one who is not active.
func (u user) gone(op string) (people.Person, error) {
	no := false
	u.Principal, u.Enabled = mangled.ReplaceAllString(u.Principal, ""), &no
	return u.person(op)
}
