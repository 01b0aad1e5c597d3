package identitycenter

import (
	"slices"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"

	"github.com/keyturn/keyturn/people"
)

// person is a user as Keyturn needs it. A status that is not given is that of
// somebody who may sign in: it was added to the API later.
func person(u types.User) people.Person {
	p := people.Person{ID: sdk.ToString(u.UserId), Name: name(u), Active: u.UserStatus != types.UserStatusDisabled}
	var all []string
	for _, e := range u.Emails {
		if a := people.Address(sdk.ToString(e.Value)); e.Primary {
			all = slices.Insert(all, 0, a)
		} else {
			all = append(all, a)
		}
	}
	if u := people.Address(sdk.ToString(u.UserName)); strings.Contains(u, "@") {
		all = append(all, u)
	}
	for _, a := range all {
		switch {
		case a == "" || p.Has(a):
		case p.Email == "":
			p.Email = a
		default:
			p.Aliases = append(p.Aliases, a)
		}
	}
	return p
}

func name(u types.User) string {
	n := sdk.ToString(u.DisplayName)
	if n == "" && u.Name != nil {
		n = sdk.ToString(u.Name.Formatted)
	}
	if n == "" && u.Name != nil {
		n = strings.TrimSpace(sdk.ToString(u.Name.GivenName) + " " + sdk.ToString(u.Name.FamilyName))
	}
	return n
}

// described is what DescribeUser tells of a user.
func described(u *identitystore.DescribeUserOutput) types.User {
	return types.User{
		UserId: u.UserId, UserName: u.UserName, UserStatus: u.UserStatus, DisplayName: u.DisplayName, Name: u.Name, Emails: u.Emails,
	}
}
