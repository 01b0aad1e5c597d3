package aws

import (
	"context"
	"iter"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// List asks for one user's keys, or for all users and then each one's keys:
// IAM has no request for the keys of an account. That is one request a user,
// so a full listing of a large account is for the audit, not for a rotation.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" {
			p.listUser(ctx, principal, yield)
			return
		}
		users := iam.NewListUsersPaginator(p.iam(), &iam.ListUsersInput{MaxItems: sdk.Int32(1000)})
		for users.HasMorePages() {
			page, err := users.NextPage(ctx)
			if err == nil && page.Users == nil {
				err = undocumented("aws: list")
			}
			if err != nil {
				yield(providers.RemoteKey{}, failure(ctx, "aws: list", err))
				return
			}
			for _, u := range page.Users {
				// A user deleted since the page was read has no keys.
				if !p.listUser(ctx, sdk.ToString(u.UserName), unless(keyturn.NotFound, yield)) {
					return
				}
			}
		}
	}
}

// listUser yields one user's keys and reports whether to go on.
func (p *provider) listUser(ctx context.Context, user string, yield func(providers.RemoteKey, error) bool) bool {
	keys := iam.NewListAccessKeysPaginator(p.iam(), &iam.ListAccessKeysInput{UserName: &user, MaxItems: sdk.Int32(1000)})
	for keys.HasMorePages() {
		page, err := keys.NextPage(ctx)
		if err == nil && page.AccessKeyMetadata == nil {
			err = undocumented("aws: list")
		}
		if err != nil {
			return yield(providers.RemoteKey{}, failure(ctx, "aws: list", err))
		}
		for _, k := range page.AccessKeyMetadata {
			// Status may be Expired in accounts to come; only Active works.
			key := providers.RemoteKey{
				ID: sdk.ToString(k.AccessKeyId), Principal: user,
				Created: sdk.ToTime(k.CreateDate), Enabled: k.Status == types.StatusTypeActive,
			}
			if !yield(key, nil) {
				return false
			}
		}
	}
	return true
}

// unless passes everything on to yield but errors of one kind, and ends the
// listing after any other error.
func unless(kind keyturn.Kind, yield func(providers.RemoteKey, error) bool) func(providers.RemoteKey, error) bool {
	return func(k providers.RemoteKey, err error) bool {
		if err == nil {
			return yield(k, nil)
		}
		if keyturn.KindOf(err) == kind {
			return true
		}
		yield(k, err)
		return false
	}
}
