package identitycenter

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"

	"github.com/keyturn/keyturn"
)

// Check makes each request once: it lists one user, reads it, looks up its user
// name, and asks for a group that is not there and for its members.
func (d *directory) Check(ctx context.Context) error {
	const op = "identitycenter: check"
	page, err := d.client().ListUsers(ctx, &identitystore.ListUsersInput{IdentityStoreId: &d.store, MaxResults: sdk.Int32(1)})
	switch {
	case err != nil:
		return failure(ctx, op, err)
	case len(page.Users) == 0 && page.NextToken == nil:
		return keyturn.Errorf(keyturn.Invalid, op, "nobody is in the identity store; correct identity_store, or push the users there")
	}
	// A page may be empty though another follows. An id of nobody asks as well.
	id, name := "00000000-0000-0000-0000-000000000000", "keyturn"
	if len(page.Users) > 0 && page.Users[0].UserId != nil && page.Users[0].UserName != nil {
		id, name = *page.Users[0].UserId, *page.Users[0].UserName
	}
	for _, ask := range []func() error{
		func() error {
			_, err := d.client().DescribeUser(ctx, &identitystore.DescribeUserInput{IdentityStoreId: &d.store, UserId: &id})
			return err
		},
		func() error {
			_, err := d.client().GetUserId(ctx, &identitystore.GetUserIdInput{IdentityStoreId: &d.store, AlternateIdentifier: unique(byUserName, name)})
			return err
		},
		func() error {
			_, err := d.client().GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: &d.store, AlternateIdentifier: unique(byName, id)})
			return err
		},
		func() error {
			_, err := d.client().ListGroupMemberships(ctx, &identitystore.ListGroupMembershipsInput{IdentityStoreId: &d.store, GroupId: &id, MaxResults: sdk.Int32(1)})
			return err
		},
	} {
		if err := failure(ctx, op, ask()); err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return err
		}
	}
	return nil
}
