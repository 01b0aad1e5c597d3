// Package gcp manages the keys of Google Cloud service accounts and the API
// keys of a project. The account is the project's id. The principal says which
// kind a key is: the e-mail address of a service account, or the word "apikey",
// since an API key authenticates as nobody.
//
// It speaks REST through Env.HTTP: Google's client libraries retry on their
// own, bring gRPC along, and make a client of theirs.
package gcp

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Factory registers this provider; see providers/all.
var Factory = providers.Factory{Name: "gcp", New: open}

// apiKey is the principal of API keys.
const apiKey = "apikey"

// What settings may ask for.
const (
	onlyAccounts = "service_account"
	onlyAPI      = "api"
	byUpload     = "upload"
	byCreate     = "create"
)

type settings struct {
	// Credentials is where the administrator's service-account key is kept:
	// the whole JSON file. Absent means the metadata server, that is the
	// service account the worker runs as.
	Credentials *keyturn.SecretRef `json:"credentials,omitempty"`
	// Keys narrows the account to one kind of key, "service_account" or "api",
	// and says so more exactly: see README.md. Absent means both.
	Keys string `json:"keys,omitempty"`
	// Mint says where the key pair of a service-account key is made: "upload"
	// is here, "create" is at Google. Absent means here, or at Google where an
	// organisation policy forbids uploads.
	Mint string `json:"mint,omitempty"`
	// Probe is the GET that Verify tries an API key on. Any of Google's that
	// takes API keys will do; it need not be enabled in the project.
	Probe string `json:"probe,omitempty"`
}

const defaultProbe = "https://translation.googleapis.com/language/translate/v2/languages"

func open(env providers.Env) (providers.Provider, error) {
	c := &client{env: env, project: env.Account, settings: settings{Probe: defaultProbe}}
	if err := env.Decode(&c.settings); err != nil {
		return nil, fmt.Errorf("gcp: settings: %w", err)
	}
	switch {
	case !regexp.MustCompile(`^([a-z0-9.-]+:)?[a-z][a-z0-9-]+$`).MatchString(c.project):
		return nil, fmt.Errorf("gcp: the account must be a project's id such as acme-prod, not its number or name")
	case c.Credentials != nil && c.Credentials.Path == "":
		return nil, fmt.Errorf("gcp: settings: credentials must say where the administrator's key is kept; leave it out for the metadata server")
	case c.Mint != "" && c.Mint != byUpload && c.Mint != byCreate:
		return nil, fmt.Errorf("gcp: settings: mint must be %s or %s", byUpload, byCreate)
	case !regexp.MustCompile(`^https://[a-z0-9-]+\.googleapis\.com/[^?#@]*$`).MatchString(c.Probe):
		return nil, fmt.Errorf("gcp: settings: probe must be an address at googleapis.com, since it is shown the key")
	}
	switch c.Keys {
	case onlyAccounts:
		return accountKeys{c}, nil
	case onlyAPI:
		return apiKeys{c}, nil
	case "":
		return both{accountKeys{c}, apiKeys{c}}, nil
	}
	return nil, fmt.Errorf("gcp: settings: keys must be %s or %s; leave it out for both", onlyAccounts, onlyAPI)
}

func (accountKeys) Info() providers.Info {
	return providers.Info{
		Name: "gcp", Title: "Google Cloud service-account keys",
		Docs: "https://cloud.google.com/iam/docs/reference/rest/v1/projects.serviceAccounts.keys",
		// IAM documentation, "Quotas and limits".
		MaxLive: 10,
		// IAM documentation, "Access change propagation": typically two
		// minutes, potentially seven or longer.
		Settle: 7 * time.Minute,
		// Activity Analyzer knows the day, and reports it some time after;
		// Google names no figure. Assumed.
		UsageLag: 48 * time.Hour,
	}
}

func (apiKeys) Info() providers.Info {
	return providers.Info{
		Name: "gcp", Title: "Google Cloud API keys",
		Docs: "https://cloud.google.com/api-keys/docs/reference/rest/v2/projects.locations.keys",
		// The limit there is counts the project's keys.
		MaxLive: 0,
		Labels:  true,
		// The Cloud console says that changes may take up to five minutes.
		Settle: 5 * time.Minute,
	}
}

// Info says what holds for both kinds. That leaves out the limit of ten, which
// is no limit on API keys: Mint still reports it as Exhausted.
func (b both) Info() providers.Info {
	i := b.accounts.Info()
	i.Title, i.MaxLive = "Google Cloud keys", 0
	return i
}

// idPattern is what an id must look like to be put into a path. Keys of
// service accounts have hexadecimal ones, API keys those of their makers.
var idPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// emailPattern says the same of principals.
var emailPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._@:-]*[A-Za-z0-9])?$`)

func checkID(op, id string) error {
	if !idPattern.MatchString(id) {
		return keyturn.Errorf(keyturn.Invalid, op, "the key id is not one of Google's")
	}
	return nil
}

// accountPath is where a service account is.
func (c *client) accountPath(op, email string) (string, error) {
	if !emailPattern.MatchString(email) || email == apiKey {
		return "", keyturn.Errorf(keyturn.Invalid, op, "name the service account by its e-mail address in the entry's scope.principal")
	}
	return "/v1/projects/" + c.project + "/serviceAccounts/" + email, nil
}

func (c *client) keyPath(op, email, id string) (string, error) {
	path, err := c.accountPath(op, email)
	if err == nil {
		err = checkID(op, id)
	}
	return path + "/keys/" + id, err
}

// last is the last part of a resource's name, if it is an id.
func last(name string) string {
	id := name[strings.LastIndexByte(name, '/')+1:]
	if !idPattern.MatchString(id) {
		return ""
	}
	return id
}
