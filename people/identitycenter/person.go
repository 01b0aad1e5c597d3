package identitycenter

import (
	"context"
	"iter"
	"regexp"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/document"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// The attributes a user is found by (API Reference, GetUserId: "the only valid
// paths are userName and emails.value"), and the one of a group (GetGroupId).
const (
	byEmail    = "emails.value"
	byUserName = "userName"
	byName     = "displayName"
)

// Person asks for the user with the e-mail and then for the one with the user
// name. AWS does not say whether it finds either in another case, so that only a
// listing tells that there is nobody.
func (d *directory) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "identitycenter: person"
	email = people.Address(email)
	if !strings.Contains(email, "@") {
		return people.Person{}, unknown(op)
	}
	found := people.Person{} // somebody who is not active: an active one comes first
	for _, path := range []string{byEmail, byUserName} {
		p, err := d.by(ctx, op, path, email)
		switch {
		case err == nil && p.Active:
			return p, nil
		case err == nil && found.ID == "":
			found = p
		case err != nil && keyturn.KindOf(err) != keyturn.NotFound:
			return people.Person{}, err
		}
	}
	if found.ID != "" {
		return found, nil
	}
	for p, err := range d.users(ctx, op) {
		if err != nil {
			return people.Person{}, err
		}
		if p.Has(email) && (found.ID == "" || p.Active) {
			found = p
		}
	}
	if found.ID == "" {
		return people.Person{}, unknown(op)
	}
	return found, nil
}

// by is the person with an attribute.
func (d *directory) by(ctx context.Context, op, path, value string) (people.Person, error) {
	out, err := d.client().GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: &d.store, AlternateIdentifier: unique(path, value)})
	if err != nil {
		return people.Person{}, failure(ctx, op, err)
	}
	if out.UserId == nil {
		return people.Person{}, undocumented(op)
	}
	p, err := d.byID(ctx, op, *out.UserId)
	if err == nil && !p.Has(value) {
		return people.Person{}, unknown(op) // renamed in between
	}
	return p, err
}

func unique(path, value string) types.AlternateIdentifier {
	return &types.AlternateIdentifierMemberUniqueAttribute{
		Value: types.UniqueAttribute{AttributePath: &path, AttributeValue: document.NewLazyDocument(value)},
	}
}

// userID is the pattern of the Identity Store API Reference.
var userID = regexp.MustCompile(`^([0-9a-f]{10}-)?[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// PersonByID reads the person with the identity store's id.
func (d *directory) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "identitycenter: person by id"
	if !userID.MatchString(id) {
		return people.Person{}, unknown(op)
	}
	return d.byID(ctx, op, id)
}

func (d *directory) byID(ctx context.Context, op, id string) (people.Person, error) {
	out, err := d.client().DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &d.store, UserId: &id})
	if err != nil {
		return people.Person{}, failure(ctx, op, err)
	}
	if sdk.ToString(out.UserId) != id {
		return people.Person{}, undocumented(op)
	}
	return person(described(out)), nil
}

// Everyone lists the users of either status.
func (d *directory) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	return d.users(ctx, "identitycenter: everyone")
}

func (d *directory) users(ctx context.Context, op string) iter.Seq2[people.Person, error] {
	return func(yield func(people.Person, error) bool) {
		pages := identitystore.NewListUsersPaginator(d.client(), &identitystore.ListUsersInput{IdentityStoreId: &d.store, MaxResults: sdk.Int32(100)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err == nil && page.Users == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(people.Person{}, failure(ctx, op, err))
				return
			}
			for _, u := range page.Users {
				if u.UserId == nil {
					yield(people.Person{}, undocumented(op))
					return
				}
				if !yield(person(u), nil) {
					return
				}
			}
		}
	}
}

func unknown(op string) error {
	return keyturn.Errorf(keyturn.NotFound, op, "Identity Center knows no such person")
}
