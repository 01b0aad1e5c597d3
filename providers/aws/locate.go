package aws

import (
	"context"
	"regexp"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// userKey is the id of an IAM user's access key (STS API Reference, GetAccessKeyInfo,
// and the pattern of its parameter). One that begins with ASIA is a session's.
var userKey = regexp.MustCompile(`^AKIA\w{12,124}$`)

// Locate asks STS for the account first: about a key of another account IAM says only
// that asking is not allowed. Then it asks IAM for the user, and for the user's keys.
func (p *provider) Locate(ctx context.Context, id string) (providers.RemoteKey, error) {
	const op = "aws: locate"
	stranger := keyturn.Errorf(keyturn.NotFound, op, "no IAM user of account %s has an access key of that id", p.account)
	if !userKey.MatchString(id) {
		return providers.RemoteKey{}, stranger
	}
	info, err := sts.NewFromConfig(p.cfg).GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: &id})
	switch {
	case code(err) == "ValidationError":
		return providers.RemoteKey{}, stranger // the id is all that was sent
	case err != nil:
		return providers.RemoteKey{}, failure(ctx, op, err)
	case info.Account == nil:
		return providers.RemoteKey{}, undocumented(op)
	case p.account != "" && *info.Account != p.account:
		return providers.RemoteKey{}, stranger
	}
	used, err := p.iam().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	switch {
	case err != nil:
		return providers.RemoteKey{}, failure(ctx, op, err)
	case sdk.ToString(used.UserName) == "":
		return providers.RemoteKey{}, undocumented(op)
	}
	for k, err := range p.List(ctx, *used.UserName) {
		if err != nil || k.ID == id {
			return k, err
		}
	}
	return providers.RemoteKey{}, stranger
}
