package scim

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// maxColumn is the longest text that resources are looked up by. Indexes have their
// limits.
const maxColumn = 1000

// fill sets what a member's columns say from its document, which is in normal
// form.
func fill(k kind, m *registry.Member, o object) error {
	m.Name, m.ExternalID = text(o, k.nameBy), text(o, "externalId")
	m.Active, m.Email = true, ""
	if k.isUser() {
		m.Email = address(o)
		if active, ok := o["active"].(bool); ok {
			m.Active = active
		}
	}
	for _, column := range []string{m.Name, m.ExternalID, m.Email} {
		if len(column) > maxColumn {
			return invalid("invalidValue", k.nameBy+", externalId and addresses have at most 1000 bytes")
		}
	}
	document, err := json.Marshal(o)
	if err != nil {
		return invalid("invalidValue", "the resource cannot be encoded")
	}
	m.Document = document
	return nil
}

// address is a user's address: the primary one, or else that for work, the first
// one, or a user name that is an address. It is "" if there is none.
func address(o object) string {
	for _, wanted := range []func(object) bool{
		func(e object) bool { return e["primary"] == true },
		func(e object) bool { return strings.EqualFold(text(e, "type"), "work") },
		func(object) bool { return true },
	} {
		for _, e := range objects(o, "emails") {
			if a := people.Address(text(e, "value")); a != "" && wanted(e) {
				return a
			}
		}
	}
	if a := people.Address(text(o, "userName")); isAddress(a) {
		return a
	}
	return ""
}

// addresses are all of a user's addresses, each once, the one of address first.
func addresses(o object) []string {
	all := []string{address(o)}
	for _, e := range objects(o, "emails") {
		all = append(all, people.Address(text(e, "value")))
	}
	if a := people.Address(text(o, "userName")); isAddress(a) {
		all = append(all, a)
	}
	return distinct(all)
}

// distinct leaves out what is empty or there already.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

func isAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	return ok && local != "" && domain != "" && !strings.ContainsAny(s, " \t\r\n")
}
