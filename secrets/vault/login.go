package vault

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/hashicorp/vault/api"
	"github.com/hashicorp/vault/api/auth/approle"
	"github.com/hashicorp/vault/api/auth/kubernetes"

	"github.com/keyturn/keyturn"
)

const opLogin = "vault: log in"

// A method is one way to get a token.
type method interface {
	// login returns a secret whose Auth holds the token. It may be called
	// again when that token ends.
	login(ctx context.Context, client *api.Client) (*api.Secret, error)
	// ours reports whether tokens are made for us, and so ours to revoke.
	ours() bool
}

func (a Auth) method() method {
	switch {
	case a.Token != nil:
		return tokenLogin{*a.Token}
	case a.AppRole != nil:
		return &appRoleLogin{cfg: *a.AppRole}
	default:
		return kubernetesLogin{*a.Kubernetes}
	}
}

type tokenLogin struct{ cfg TokenAuth }

func (tokenLogin) ours() bool { return false }

// login reads the file, and asks Vault how long the token lives so that it
// can be renewed. A token that may not ask is used as it is.
func (l tokenLogin) login(ctx context.Context, client *api.Client) (*api.Secret, error) {
	token, err := readCredential(l.cfg.File)
	if err != nil {
		return nil, err
	}
	client.SetToken(token.Expose())
	auth := &api.SecretAuth{ClientToken: token.Expose()}
	self, err := send(ctx, opLogin, client, pathLookup, get)
	if err != nil && keyturn.KindOf(err) != keyturn.Denied {
		return nil, err
	}
	if self != nil {
		ttl, _ := self.Data["ttl"].(json.Number)
		seconds, _ := ttl.Int64()
		auth.LeaseDuration = int(seconds)
		auth.Renewable, _ = self.Data["renewable"].(bool)
	}
	return &api.Secret{Auth: auth}, nil
}

type appRoleLogin struct {
	cfg AppRoleAuth

	mu       sync.Mutex
	wrapping keyturn.Secret // the wrapping token secretID came out of
	secretID keyturn.Secret
}

func (*appRoleLogin) ours() bool { return true }

func (l *appRoleLogin) login(ctx context.Context, client *api.Client) (*api.Secret, error) {
	secretID, err := readCredential(l.cfg.SecretIDFile)
	if err == nil && l.cfg.Wrapped {
		secretID, err = l.unwrap(ctx, client, secretID)
	}
	if err != nil {
		return nil, err
	}
	role, err := approle.NewAppRoleAuth(l.cfg.RoleID, &approle.SecretID{FromString: secretID.Expose()}, approle.WithMountPath(l.cfg.Mount))
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, opLogin, "the AppRole settings are not complete")
	}
	return logIn(ctx, client, "auth/"+l.cfg.Mount+"/login", role, "the AppRole login was refused; check role_id, and that the secret id in "+l.cfg.SecretIDFile+" is still valid")
}

// unwrap trades a wrapping token for the secret id. That works once, so the
// secret id is kept for later logins, until the file holds another token.
func (l *appRoleLogin) unwrap(ctx context.Context, client *api.Client, wrapping keyturn.Secret) (keyturn.Secret, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.secretID.IsZero() && l.wrapping.Equal(wrapping) {
		return l.secretID, nil
	}
	secret, err := send(ctx, opLogin, client, "sys/wrapping/unwrap", func(c context.Context, v *api.Client, _ string) (*api.Secret, error) {
		return v.Logical().UnwrapWithContext(c, wrapping.Expose())
	})
	if err != nil {
		return keyturn.Secret{}, refused(err, "the wrapped secret id in "+l.cfg.SecretIDFile+" was refused: it was used before, or it ended; deliver a new one, and ask who used it")
	}
	var id string
	if secret != nil {
		id, _ = secret.Data["secret_id"].(string)
	}
	if id == "" {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Invalid, opLogin, "the wrapping token in %s holds no secret_id; wrap the answer of auth/approle/role/…/secret-id", l.cfg.SecretIDFile)
	}
	l.wrapping, l.secretID = wrapping, keyturn.NewSecret(id)
	return l.secretID, nil
}

type kubernetesLogin struct{ cfg KubernetesAuth }

func (kubernetesLogin) ours() bool { return true }

func (l kubernetesLogin) login(ctx context.Context, client *api.Client) (*api.Secret, error) {
	// Kubernetes replaces the file about hourly, so it is read each time.
	jwt, err := readCredential(l.cfg.JWTFile)
	if err != nil {
		return nil, err
	}
	role, err := kubernetes.NewKubernetesAuth(l.cfg.Role, kubernetes.WithServiceAccountToken(jwt.Expose()), kubernetes.WithMountPath(l.cfg.Mount))
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, opLogin, "the Kubernetes login settings are not complete")
	}
	return logIn(ctx, client, "auth/"+l.cfg.Mount+"/login", role, "the Kubernetes login was refused; check that role "+l.cfg.Role+" is bound to this pod's service account and namespace")
}

// logIn runs one login. Vault answers a wrong credential with 400 or 403.
func logIn(ctx context.Context, client *api.Client, path string, way api.AuthMethod, denied string) (*api.Secret, error) {
	secret, err := send(ctx, opLogin, client, path, func(c context.Context, v *api.Client, _ string) (*api.Secret, error) {
		return v.Auth().Login(c, way)
	})
	if err != nil {
		return nil, refused(err, denied)
	}
	return secret, nil
}

// refused says what it means that Vault did not like what we logged in with.
func refused(err error, message string) error {
	if kind := keyturn.KindOf(err); kind == keyturn.Invalid || kind == keyturn.Denied {
		return keyturn.Errorf(keyturn.Denied, opLogin, "%s", message)
	}
	return err
}

// readCredential reads a file somebody else keeps up to date. Its absence may
// be over in a moment, so it is Unavailable.
func readCredential(path string) (keyturn.Secret, error) {
	b, err := os.ReadFile(path)
	text := strings.TrimSpace(string(b))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Unavailable, opLogin, "%s does not exist (yet)", path)
	case err != nil:
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Unavailable, opLogin, "%s cannot be read; check its permissions", path)
	case text == "":
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Unavailable, opLogin, "%s is empty", path)
	}
	return keyturn.NewSecret(text), nil
}
