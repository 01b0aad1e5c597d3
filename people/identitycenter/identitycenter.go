// Package identitycenter asks AWS IAM Identity Center who works here, through the
// Identity Store API. It cannot sign anybody out: no API ends sessions.
//
// An address is a person's by e-mail or, where it is an address, by user name.
// Teams are groups.
package identitycenter

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"regexp"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/identitystore"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// Factory registers this directory.
var Factory = people.Factory{Name: "identitycenter", New: open}

type settings struct {
	// Store is the identity store's id, such as d-1234567890.
	Store string `json:"identity_store"`
	// Region is where Identity Center is.
	Region string `json:"region"`
	// Credentials is where the access key that may read is kept, its id beside it.
	// Absent means the SDK's default chain: the environment, a web identity, the
	// instance or task role.
	Credentials *keyturn.SecretRef `json:"credentials,omitempty"`
	// AssumeRole is the ARN of a role to work as, in this account or another.
	AssumeRole string `json:"assume_role,omitempty"`
}

type directory struct {
	store string
	cfg   sdk.Config
}

var _ people.Directory = (*directory)(nil)

// storeID is the pattern of the Identity Store API Reference.
var storeID = regexp.MustCompile(`^d-[0-9a-f]{10}$|^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func open(env people.Env) (people.Directory, error) {
	var s settings
	if err := env.Decode(&s); err != nil {
		return nil, fmt.Errorf("identitycenter: settings: %w", err)
	}
	switch {
	case !storeID.MatchString(s.Store):
		return nil, fmt.Errorf("identitycenter: settings: identity_store must be the id of the identity store, such as d-1234567890")
	case s.Region == "":
		return nil, fmt.Errorf("identitycenter: settings: region must say where Identity Center is, such as eu-west-1")
	}
	cfg := sdk.Config{}
	if s.Credentials == nil {
		var err error
		if cfg, err = config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(bounded{env.HTTP})); err != nil {
			// The SDK refuses to put AWS_CA_BUNDLE into a client not its own.
			return nil, fmt.Errorf("identitycenter: default credentials (if AWS_CA_BUNDLE is set, unset it and set SSL_CERT_FILE): %w", err)
		}
	} else {
		cfg.Credentials = stored(env, *s.Credentials)
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
	return &directory{s.Store, cfg}, nil
}

// stored reads the access key for every call, and does not cache it.
func stored(env people.Env, ref keyturn.SecretRef) sdk.CredentialsProvider {
	return sdk.CredentialsProviderFunc(func(ctx context.Context) (sdk.Credentials, error) {
		id, secret, err := env.Secret(ctx, ref)
		if keyturn.KindOf(err) == keyturn.NotFound {
			err = keyturn.Errorf(keyturn.Denied, "identitycenter: credentials", "there is no access key at the configured path; store one there")
		}
		return sdk.Credentials{AccessKeyID: id, SecretAccessKey: secret.Expose(), Source: "keyturn"}, err
	})
}

// client returns a client of its own for each call: a client remembers the
// signing key it derived for an access key id, and would go on using it after the
// secret under that id was corrected.
func (d *directory) client() *identitystore.Client { return identitystore.NewFromConfig(d.cfg) }

// maxAnswer is the longest answer read. A page of 100 users with the longest of
// everything is under 4 MiB.
const maxAnswer = 8 << 20

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
