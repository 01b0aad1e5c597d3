package aws

import (
	"context"
	"errors"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// CheckPermissions tries the reads: those about the user principal if one is
// given, the listing of users, and the event history of one region. A key can be
// asked about only where the user has one. Creating, updating and deleting keys
// would be changes.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "aws: check permissions"
	var out []providers.Permission
	// try notes whether a call was allowed. What else went wrong ends the check.
	try := func(name, need string, err error) error {
		refused := deniedHere(err)
		if err != nil && !refused {
			return failure(ctx, op, err)
		}
		out = append(out, providers.Permission{Name: name, Granted: !refused, Need: need})
		return nil
	}
	if principal != "" {
		keys, err := p.iam().ListAccessKeys(ctx, &iam.ListAccessKeysInput{UserName: &principal, MaxItems: sdk.Int32(1)})
		if err == nil && keys.AccessKeyMetadata == nil {
			return nil, undocumented(op)
		}
		if err := try("iam:ListAccessKeys", "to find keys whose minting was cut short", err); err != nil {
			return nil, err
		}
		if err == nil && len(keys.AccessKeyMetadata) > 0 {
			used, err := p.iam().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: keys.AccessKeyMetadata[0].AccessKeyId})
			if err == nil && used.AccessKeyLastUsed == nil {
				return nil, undocumented(op)
			}
			if err := try("iam:GetAccessKeyLastUsed", "to see that an old key has gone quiet", err); err != nil {
				return nil, err
			}
			whose, err := sts.NewFromConfig(p.cfg).GetAccessKeyInfo(ctx, &sts.GetAccessKeyInfoInput{AccessKeyId: keys.AccessKeyMetadata[0].AccessKeyId})
			if err == nil && whose.Account == nil {
				return nil, undocumented(op)
			}
			if err := try("sts:GetAccessKeyInfo", "to tell whether a key found somewhere is this account's", err); err != nil {
				return nil, err
			}
		}
	}
	users, err := p.iam().ListUsers(ctx, &iam.ListUsersInput{MaxItems: sdk.Int32(1)})
	if err == nil && users.Users == nil {
		return nil, undocumented(op)
	}
	if err := try("iam:ListUsers", "to list the account's keys for an audit", err); err != nil {
		return nil, err
	}
	events, err := p.cloudtrail(p.trails[0]).LookupEvents(ctx, &cloudtrail.LookupEventsInput{MaxResults: sdk.Int32(1)})
	if err == nil && events.Events == nil {
		return nil, undocumented(op)
	}
	if err := try("cloudtrail:LookupEvents", "to tell what was done with a key that leaked", err); err != nil {
		return nil, err
	}
	return out, nil
}

// deniedHere reports whether the action itself was not allowed. A role that
// cannot be assumed is a refusal altogether, which is another matter.
func deniedHere(err error) bool {
	for e := err; e != nil; e = errors.Unwrap(e) {
		if as := (*smithy.OperationError)(nil); errors.As(e, &as) && as.OperationName == "AssumeRole" {
			return false
		}
	}
	if own := new(keyturn.Error); errors.As(err, &own) {
		return false // reading our credential failed
	}
	switch code(err) {
	case "AccessDenied", "AccessDeniedException", "NotAuthorized":
		return true
	}
	return false
}
