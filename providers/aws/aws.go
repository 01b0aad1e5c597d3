// Package aws manages access keys of IAM users. The principal of a key is its
// user's name, and is always sent: IAM takes a request without one to be
// about the caller itself (IAM API Reference, CreateAccessKey). IAM keeps no
// label, permission or end date on an access key, so Mint leaves those out.
package aws

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "aws", New: open}

type settings struct {
	// Credentials is where the access key of the administrator is kept, its
	// id beside it. Absent means the SDK's default chain: the environment, a
	// web identity, the instance or task role.
	Credentials *keyturn.SecretRef `json:"credentials,omitempty"`
	// AssumeRole is the ARN of a role to work as, in this account or another.
	AssumeRole string `json:"assume_role,omitempty"`
	// Region chooses partition and endpoints: us-east-1 (the default) for
	// commercial accounts, cn-north-1 for China, us-gov-west-1 for GovCloud.
	Region string `json:"region,omitempty"`
	// CloudTrailRegions are where to ask what was done with a key. Absent means
	// us-east-1 only (in China cn-north-1, in GovCloud us-gov-west-1), which has
	// the events of IAM and STS; every other service's are where the call went.
	CloudTrailRegions []string `json:"cloudtrail_regions,omitempty"`
}

type provider struct {
	account string
	cfg     sdk.Config
	trails  []string
	now     func() time.Time
}

// iam returns a client of its own for each call: a client remembers the
// signing key it derived for an access key id, and would go on using it after
// the secret under that id was corrected.
func (p *provider) iam() *iam.Client { return iam.NewFromConfig(p.cfg) }

var (
	_ providers.Minter            = (*provider)(nil)
	_ providers.Lister            = (*provider)(nil)
	_ providers.Verifier          = (*provider)(nil)
	_ providers.Suspender         = (*provider)(nil)
	_ providers.Revoker           = (*provider)(nil)
	_ providers.UsageReader       = (*provider)(nil)
	_ providers.PermissionChecker = (*provider)(nil)
	_ providers.UseReader         = (*provider)(nil)
	_ providers.Locator           = (*provider)(nil)
)

func open(env providers.Env) (providers.Provider, error) {
	var s settings
	if err := env.Decode(&s); err != nil {
		return nil, fmt.Errorf("aws: settings: %w", err)
	}
	if s.Region == "" {
		s.Region = "us-east-1"
	}
	trails, err := s.trails()
	if err != nil {
		return nil, err
	}
	cfg := sdk.Config{}
	if s.Credentials == nil {
		if cfg, err = config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(bounded{env.HTTP})); err != nil {
			// The SDK refuses to put AWS_CA_BUNDLE into a client not its own.
			return nil, fmt.Errorf("aws: default credentials (if AWS_CA_BUNDLE is set, unset it and set SSL_CERT_FILE): %w", err)
		}
	} else {
		// Not wrapped in a cache: the store is asked for every call.
		cfg.Credentials = sdk.CredentialsProviderFunc(func(ctx context.Context) (sdk.Credentials, error) {
			c, err := env.Credential(ctx, *s.Credentials)
			return sdk.Credentials{AccessKeyID: c.ID, SecretAccessKey: c.Secret.Expose(), Source: "keyturn"}, err
		})
	}
	cfg.Region = s.Region
	cfg.HTTPClient = bounded{env.HTTP}
	cfg.Retryer = func() sdk.Retryer { return sdk.NopRetryer{} }
	if env.BaseURL != "" {
		cfg.BaseEndpoint = sdk.String(env.BaseURL)
	}
	if s.AssumeRole != "" {
		role := stscreds.NewAssumeRoleProvider(sts.NewFromConfig(cfg), s.AssumeRole,
			func(o *stscreds.AssumeRoleOptions) { o.RoleSessionName = "keyturn" })
		cfg.Credentials = sdk.NewCredentialsCache(role)
	}
	return &provider{account: env.Account, cfg: cfg, trails: trails, now: env.Now}, nil
}

func (p *provider) Info() providers.Info {
	return providers.Info{
		Name: "aws", Title: "AWS IAM access keys",
		Docs: "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html",
		// Not adjustable, and inactive keys count (IAM User Guide, "IAM and
		// AWS STS quotas").
		MaxLive: 2,
		// IAM is eventually consistent and names no figure (IAM User Guide,
		// "Changes that I make are not always immediately visible"). Vault's
		// AWS documentation advises 5-10 seconds or more; this adds some.
		Settle: 15 * time.Second,
		// The IAM console and credential report are refreshed every four
		// hours (IAM User Guide, "Getting credential reports").
		UsageLag: 4 * time.Hour,
	}
}

// Mint creates an access key for the user req.Principal.
func (p *provider) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "aws: mint"
	if req.Principal == "" {
		return providers.Minted{}, noPrincipal(op)
	}
	out, err := p.iam().CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: &req.Principal})
	if err != nil {
		return providers.Minted{}, failure(ctx, op, err)
	}
	k := out.AccessKey
	if k == nil || k.AccessKeyId == nil || k.SecretAccessKey == nil {
		return providers.Minted{}, undocumented(op)
	}
	return providers.Minted{Secret: keyturn.NewSecret(*k.SecretAccessKey), Key: providers.RemoteKey{
		ID: *k.AccessKeyId, Principal: req.Principal, Created: sdk.ToTime(k.CreateDate), Enabled: k.Status == types.StatusTypeActive,
	}}, nil
}

// Verify signs sts:GetCallerIdentity with the key under test. It needs no
// permission, and no policy can deny it (STS API Reference). So it says
// nothing about what the key may do: a quarantined key still passes.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "aws: verify"
	if id == "" || secret.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no access key id or no secret to try")
	}
	// A client of its own, for the reason iam gives: a wrong secret must not be
	// signed with the right one's key.
	client := sts.NewFromConfig(p.cfg, func(o *sts.Options) {
		o.Credentials = credentials.NewStaticCredentialsProvider(id, secret.Expose(), "")
	})
	out, err := client.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	switch {
	case err != nil:
		return failure(ctx, op, err)
	case out.Account == nil:
		return undocumented(op)
	case p.account != "" && *out.Account != p.account:
		return keyturn.Errorf(keyturn.Invalid, op, "the key works in another account than %s; correct the entry's scope.account_id", p.account)
	}
	return nil
}

// VerifiesPair says that Verify accepts a value only with the id of its own key:
// the id is part of what is signed, and AWS looks the secret up by it.
func (p *provider) VerifiesPair() {}

// Disable makes the key inactive; it keeps its slot.
func (p *provider) Disable(ctx context.Context, principal, id string) error {
	return p.setStatus(ctx, "aws: disable", principal, id, types.StatusTypeInactive)
}

// Enable makes an inactive key active again.
func (p *provider) Enable(ctx context.Context, principal, id string) error {
	return p.setStatus(ctx, "aws: enable", principal, id, types.StatusTypeActive)
}

func (p *provider) setStatus(ctx context.Context, op, principal, id string, status types.StatusType) error {
	if err := named(op, principal, id); err != nil {
		return err
	}
	_, err := p.iam().UpdateAccessKey(ctx, &iam.UpdateAccessKeyInput{UserName: &principal, AccessKeyId: &id, Status: status})
	return failure(ctx, op, err)
}

// Revoke deletes the key.
func (p *provider) Revoke(ctx context.Context, principal, id string) error {
	const op = "aws: revoke"
	if err := named(op, principal, id); err != nil {
		return err
	}
	_, err := p.iam().DeleteAccessKey(ctx, &iam.DeleteAccessKeyInput{UserName: &principal, AccessKeyId: &id})
	if code(err) == "NoSuchEntity" {
		return nil
	}
	return failure(ctx, op, err)
}

// LastUsed asks IAM, which has tracked use since 2015-04-22 (IAM API
// Reference, AccessKeyLastUsed). IAM finds the key by its id alone; a key of
// another user than principal is NotFound.
func (p *provider) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	const op = "aws: last used"
	if err := named(op, principal, id); err != nil {
		return time.Time{}, err
	}
	out, err := p.iam().GetAccessKeyLastUsed(ctx, &iam.GetAccessKeyLastUsedInput{AccessKeyId: &id})
	switch {
	case err != nil:
		return time.Time{}, failure(ctx, op, err)
	case out.AccessKeyLastUsed == nil:
		return time.Time{}, undocumented(op)
	case sdk.ToString(out.UserName) != principal:
		return time.Time{}, keyturn.Errorf(keyturn.NotFound, op, "the key is not one of user %s", principal)
	}
	return sdk.ToTime(out.AccessKeyLastUsed.LastUsedDate), nil
}

func named(op, principal, id string) error {
	switch {
	case principal == "":
		return noPrincipal(op)
	case id == "":
		return keyturn.Errorf(keyturn.Invalid, op, "the access key id is missing")
	}
	return nil
}

func noPrincipal(op string) error {
	return keyturn.Errorf(keyturn.Invalid, op, "name the IAM user in the entry's scope.principal")
}

// maxAnswer is the longest answer read. A page of 1,000 users with the longest
// of names is under 2 MiB, and one of 50 events seldom over 200 KiB.
const maxAnswer = 4 << 20

// bounded is an HTTP client whose answers end at maxAnswer.
type bounded struct{ *http.Client }

func (b bounded) Do(r *http.Request) (*http.Response, error) {
	resp, err := b.Client.Do(r)
	if err != nil {
		return nil, err
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.LimitReader(resp.Body, maxAnswer), resp.Body}
	return resp, nil
}
