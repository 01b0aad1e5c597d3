package okta

import (
	"context"
	"net/url"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// search is the id of the person an address belongs to. first is who has it as
// login, if anybody, and is not here. Okta searches without regard to case and
// finds those who are DEPROVISIONED too (List all users).
//
// Okta lets people share an address. Somebody who is here goes before somebody
// who left, so that nobody who came back under another login looks gone; and
// login and primary email go before the secondary, which is there for recovery:
// one that several people gave is a mailbox of theirs and nobody's address.
func (d *directory) search(ctx context.Context, op, email string, first user) (string, error) {
	q := quote(email)
	query := url.Values{
		"limit":  {"200"},
		"search": {`profile.login eq ` + q + ` or profile.email eq ` + q + ` or profile.secondEmail eq ` + q},
	}.Encode()
	var here, left, second []user
	if first.ID != "" {
		left = append(left, first)
	}
	for u, err := range pages[user](ctx, d, op, readUsers, usersPath, query) {
		if err == nil && !u.ok() {
			err = undocumented(op)
		}
		if err != nil {
			return "", err
		}
		switch {
		case u.ID == first.ID: // which was read and is newer
		case people.Address(u.Profile.Login) == email && u.active():
			return u.ID, nil // no two people have one login
		case people.Address(u.Profile.Login) != email && people.Address(u.Profile.Email) != email:
			second = append(second, u)
		case u.active():
			here = append(here, u)
		default:
			left = append(left, u)
		}
	}
	switch {
	case len(here) > 1:
		return "", keyturn.Errorf(keyturn.Invalid, op, "several people who are here have this address as primary email; name one of them by login, or give them an address each")
	case len(here) == 1:
		return here[0].ID, nil
	case len(left) > 0:
		return left[0].ID, nil // several accounts of one leaver are all the same
	case len(second) == 1:
		return second[0].ID, nil
	}
	return "", unknown(op)
}
