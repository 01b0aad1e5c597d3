package roster

import (
	"slices"
	"strings"

	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// A User is what Keyturn reads of the document of a user: a SCIM User (RFC 7643
// section 4.1) with the enterprise extension. Documents have more.
type User struct {
	UserName    string      `json:"userName"`
	DisplayName string      `json:"displayName,omitempty"`
	Name        Name        `json:"name,omitzero"`
	Active      *bool       `json:"active,omitempty"` // absent is active
	Emails      []Email     `json:"emails,omitempty"`
	Enterprise  *Enterprise `json:"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User,omitempty"`
	// Meta holds what the SCIM server notes about a departure.
	Meta struct {
		Formerly []string `json:"formerly,omitempty"` // addresses from before it
	} `json:"meta,omitzero"`
}

// A Name is a person's name.
type Name struct {
	Formatted  string `json:"formatted,omitempty"`
	GivenName  string `json:"givenName,omitempty"`
	FamilyName string `json:"familyName,omitempty"`
}

// An Email is one address of a person.
type Email struct {
	Value   string `json:"value"`
	Type    string `json:"type,omitempty"`
	Primary bool   `json:"primary,omitempty"`
}

// An Enterprise is what an organization adds to a user.
type Enterprise struct {
	EmployeeNumber string     `json:"employeeNumber,omitempty"`
	Department     string     `json:"department,omitempty"`
	Manager        *Reference `json:"manager,omitempty"`
}

// A Reference names a user: by the roster's id, or by address.
type Reference struct {
	Value   string `json:"value"`
	Display string `json:"display,omitempty"`
	Type    string `json:"type,omitempty"` // User or Group
}

// A Group is what Keyturn reads of the document of a group: a SCIM Group (RFC
// 7643 section 4.2) that may say who leads it.
type Group struct {
	DisplayName string      `json:"displayName"`
	Members     []Reference `json:"members,omitempty"`
	Leads       []string    `json:"leads,omitempty"` // addresses, the first lead first
}

// person is the user as the directory answers, without the manager.
func (u User) person(m registry.Member) people.Person {
	p := people.Person{ID: m.ID, Email: m.Email, Name: u.name(), Active: m.Active}
	aliases := make([]string, 0, len(u.Emails)+1)
	for _, e := range u.Emails {
		aliases = append(aliases, e.Value)
	}
	if strings.Contains(u.UserName, "@") {
		aliases = append(aliases, u.UserName)
	}
	for _, a := range append(aliases, u.Meta.Formerly...) {
		if a = people.Address(a); a != "" && a != p.Email && !slices.Contains(p.Aliases, a) {
			p.Aliases = append(p.Aliases, a)
		}
	}
	return p
}

func (u User) name() string {
	for _, n := range []string{u.DisplayName, u.Name.Formatted, strings.TrimSpace(u.Name.GivenName + " " + u.Name.FamilyName)} {
		if n != "" {
			return n
		}
	}
	return u.UserName
}

func (u User) manager() string {
	if u.Enterprise == nil || u.Enterprise.Manager == nil {
		return ""
	}
	return u.Enterprise.Manager.Value
}
