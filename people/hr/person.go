package hr

import (
	"slices"

	"github.com/keyturn/keyturn/people/roster"
)

// apply brings a record into a person of the roster, and returns which fields
// that changes.
func (p *plan) apply(r *Record, k *known) (changed []string) {
	set := func(field string, to *string, value string) {
		if r.says(field) && *to != value {
			*to, changed = value, append(changed, field)
		}
	}
	set(fieldEmail, &k.user.UserName, r.Email)
	if emails := p.addresses(r.Email, k.user.Emails); !slices.Equal(emails, k.user.Emails) {
		k.user.Emails = emails
		if len(changed) == 0 {
			changed = []string{fieldEmail}
		}
	}
	set(fieldName, &k.user.DisplayName, r.Name)
	set(fieldID, &k.ExternalID, r.ID)
	boss := ""
	if k.user.Enterprise != nil && k.user.Enterprise.Manager != nil {
		boss = k.user.Enterprise.Manager.Value
	}
	if set(fieldManager, &boss, r.Manager); boss == "" {
		k.user.Enterprise = nil
	} else {
		k.user.Enterprise = &roster.Enterprise{Manager: &roster.Reference{Value: boss}}
	}
	k.Active = r.active(p.now)
	return changed
}

// addresses are a person's, the present one first. Former ones stay theirs until
// somebody else in the list has them: keys may name them as owner.
func (p *plan) addresses(primary string, before []roster.Email) []roster.Email {
	out := []roster.Email{{Value: primary, Primary: true}}
	for _, e := range before {
		if e.Value != primary && !p.emails[e.Value] {
			out = append(out, roster.Email{Value: e.Value})
		}
	}
	return out
}
