package vault

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/go-cleanhttp"

	"github.com/keyturn/keyturn"
)

// Config says which Vault to use and how to log in to it. The zero value of
// everything but Address and Auth is a working default.
type Config struct {
	// Address is the server's URL, such as https://vault.example.com:8200.
	Address string `yaml:"address"`
	// Namespace is the Vault Enterprise or OpenBao namespace. Default: none.
	Namespace string `yaml:"namespace"`
	// Mount is where the KV version 2 engine is mounted. Paths begin with it.
	// Default: the first part of each path. Needed where it holds slashes.
	Mount string `yaml:"mount"`
	// StagedPrefix is the folder under the mount for values no consumer reads
	// yet. No consumer's policy may cover it. Default "keyturn-staged".
	StagedPrefix string `yaml:"staged_prefix"`
	// MaxVersions is the least number of versions Vault keeps of a path
	// consumers read. A path that keeps more is left alone. Default 20; a
	// negative number leaves every path alone.
	MaxVersions int `yaml:"max_versions"`
	// CAFile holds the PEM certificates that sign the server's. Default: the
	// system's.
	CAFile string `yaml:"ca_file"`
	// Timeout bounds each request. Default 15s.
	Timeout keyturn.Duration `yaml:"timeout"`
	// Auth is how to log in: exactly one of its fields is set.
	Auth Auth `yaml:"auth"`
}

// Auth is one way to log in.
type Auth struct {
	Token      *TokenAuth      `yaml:"token"`
	AppRole    *AppRoleAuth    `yaml:"approle"`
	Kubernetes *KubernetesAuth `yaml:"kubernetes"`
}

// TokenAuth uses a token out of a file, such as the one a Vault Agent writes.
// The file is read again when the token stops working.
type TokenAuth struct {
	File string `yaml:"file"`
}

// AppRoleAuth logs in with a role id and a secret id.
type AppRoleAuth struct {
	Mount        string `yaml:"mount"` // default "approle"
	RoleID       string `yaml:"role_id"`
	SecretIDFile string `yaml:"secret_id_file"`
	// Wrapped says that the file holds a response-wrapping token instead of
	// the secret id. It is unwrapped once per process.
	Wrapped bool `yaml:"wrapped"`
}

// KubernetesAuth logs in with the pod's service account token.
type KubernetesAuth struct {
	Mount   string `yaml:"mount"` // default "kubernetes"
	Role    string `yaml:"role"`
	JWTFile string `yaml:"jwt_file"` // default: where Kubernetes puts it
}

const kubernetesJWT = "/var/run/secrets/kubernetes.io/serviceaccount/token"

// withDefaults checks c and fills in what it leaves out.
func (c Config) withDefaults() (Config, error) {
	const op = "vault: open"
	u, err := url.Parse(c.Address)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil {
		return c, keyturn.Errorf(keyturn.Invalid, op, "address must be a URL such as https://vault.example.com:8200, without a user or password")
	}
	c.Mount = strings.Trim(c.Mount, "/")
	c.StagedPrefix = strings.Trim(c.StagedPrefix, "/")
	if c.StagedPrefix == "" {
		c.StagedPrefix = "keyturn-staged"
	}
	if c.MaxVersions == 0 {
		c.MaxVersions = 20
	}
	if c.Timeout <= 0 {
		c.Timeout = keyturn.Duration(15 * time.Second)
	}
	c.Auth, err = c.Auth.withDefaults()
	return c, err
}

func (a Auth) withDefaults() (Auth, error) {
	const op = "vault: open"
	ways := 0
	if a.Token != nil {
		ways++
		if a.Token.File == "" {
			return a, keyturn.Errorf(keyturn.Invalid, op, "auth.token needs file, the path of a file that holds the token")
		}
	}
	if a.AppRole != nil {
		ways++
		r := *a.AppRole
		if r.RoleID == "" || r.SecretIDFile == "" {
			return a, keyturn.Errorf(keyturn.Invalid, op, "auth.approle needs role_id and secret_id_file")
		}
		r.Mount = orDefault(strings.Trim(r.Mount, "/"), "approle")
		a.AppRole = &r
	}
	if a.Kubernetes != nil {
		ways++
		k := *a.Kubernetes
		if k.Role == "" {
			return a, keyturn.Errorf(keyturn.Invalid, op, "auth.kubernetes needs role, the name of a role of Vault's Kubernetes login")
		}
		k.Mount = orDefault(strings.Trim(k.Mount, "/"), "kubernetes")
		k.JWTFile = orDefault(k.JWTFile, kubernetesJWT)
		a.Kubernetes = &k
	}
	if ways != 1 {
		return a, keyturn.Errorf(keyturn.Invalid, op, "auth needs exactly one of token, approle and kubernetes; it has %d", ways)
	}
	return a, nil
}

func orDefault(s, def string) string {
	if s == "" {
		return def
	}
	return s
}

// httpClient builds the one connection pool all sessions share.
func (c Config) httpClient() (*http.Client, error) {
	transport := cleanhttp.DefaultPooledTransport()
	// One worker runs many activities against one Vault; the default of a
	// handful of idle connections would open a new one for nearly each.
	transport.MaxIdleConnsPerHost = 64
	transport.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, keyturn.Errorf(keyturn.Invalid, "vault: open", "ca_file %s cannot be read; check that it exists and is readable", c.CAFile)
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, keyturn.Errorf(keyturn.Invalid, "vault: open", "ca_file %s holds no PEM certificate", c.CAFile)
		}
		transport.TLSClientConfig.RootCAs = pool
	}
	return &http.Client{
		Transport: transport,
		// The API client follows Vault's redirects to the active node itself.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}
