package identitycenter

import (
	"context"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Team reads the group with this display name and each of its members: a
// membership holds only the id. Identity Center says of no group who leads it.
func (d *directory) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "identitycenter: team"
	if name == "" {
		return people.Team{}, keyturn.Errorf(keyturn.Invalid, op, "the group's name is missing")
	}
	out, err := d.client().GetGroupId(ctx, &identitystore.GetGroupIdInput{IdentityStoreId: &d.store, AlternateIdentifier: unique(byName, name)})
	if err != nil {
		if err = failure(ctx, op, err); keyturn.KindOf(err) == keyturn.NotFound {
			err = keyturn.Errorf(keyturn.NotFound, op, "Identity Center knows no group with exactly this name")
		}
		return people.Team{}, err
	}
	if out.GroupId == nil {
		return people.Team{}, undocumented(op)
	}
	team := people.Team{Name: name}
	pages := identitystore.NewListGroupMembershipsPaginator(d.client(), &identitystore.ListGroupMembershipsInput{
		IdentityStoreId: &d.store, GroupId: out.GroupId, MaxResults: sdk.Int32(100),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err == nil && page.GroupMemberships == nil {
			err = undocumented(op)
		}
		if err != nil {
			return people.Team{}, failure(ctx, op, err)
		}
		for _, m := range page.GroupMemberships {
			if err := d.join(ctx, op, &team, m); err != nil {
				return people.Team{}, err
			}
		}
	}
	return team, nil
}

// join adds a member to a team, unless they may not sign in, were deleted since
// the page was read, or have no address.
func (d *directory) join(ctx context.Context, op string, team *people.Team, m types.GroupMembership) error {
	id, ok := m.MemberId.(*types.MemberIdMemberUserId)
	if !ok {
		return undocumented(op)
	}
	p, err := d.byID(ctx, op, id.Value)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return nil
	case err != nil:
		return err
	case p.Active && p.Email != "":
		team.Members = append(team.Members, p.Email)
	}
	return nil
}
