package providertest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/providers"
)

// acme is a provider for a vendor that does not exist. With bug empty it is
// right; every other bug makes it wrong in one way, to see the suite notice.
type acme struct {
	env    providers.Env
	kind   variant
	bug    string
	admin  keyturn.SecretRef
	mu     sync.Mutex
	kept   providers.Credential // bug only: acme keeps nothing
	label  string               // bug only
	gather sync.WaitGroup       // bug only
	passed map[string]bool      // bug only
}

// A variant is how a vendor differs.
type variant struct {
	labels    bool
	max       int
	principal string
	settle    time.Duration
	tokens    bool // administrator calls need an access token first
	values    bool // a bare value can be neither identified nor ended
}

func (v variant) factory(bug string) providers.Factory {
	return providers.Factory{Name: "acme", New: func(env providers.Env) (providers.Provider, error) {
		p := &acme{env: env, kind: v, bug: bug, passed: map[string]bool{}}
		p.gather.Add(8)
		var cfg struct{ Admin keyturn.SecretRef }
		if err := env.Decode(&cfg); err != nil && bug != "lenient-settings" {
			return nil, fmt.Errorf("acme: settings: %w", err)
		}
		p.admin = cfg.Admin
		if bug == "follows-redirects" {
			c := *env.HTTP
			c.CheckRedirect = nil
			p.env.HTTP = &c
		}
		if bug == "lost-capability" {
			return struct{ providers.Provider }{p}, nil
		}
		return p, nil
	}}
}

func (p *acme) Info() providers.Info {
	name := "acme"
	if p.bug == "renamed" {
		name = "acne"
	}
	return providers.Info{
		Name: name, Title: "Acme", Docs: "https://acme.example", MaxLive: p.kind.max,
		Labels: p.kind.labels, Settle: p.kind.settle, UsageLag: time.Hour,
	}
}

type acmeKey struct {
	ID        string    `json:"id"`
	Principal string    `json:"principal"`
	Name      string    `json:"name"`
	Value     string    `json:"value,omitempty"`
	Active    bool      `json:"active"`
	Created   time.Time `json:"created"`
	Used      time.Time `json:"used"`
}

func (p *acme) remote(k acmeKey) providers.RemoteKey {
	out := providers.RemoteKey{ID: k.ID, Principal: k.Principal, Created: k.Created, Enabled: k.Active || p.bug == "all-enabled"}
	if p.kind.labels && p.bug != "no-label" {
		out.Label = k.Name
	}
	return out
}

func (p *acme) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	if (req.Principal != "") != (p.kind.principal != "") && p.bug != "ignores-principal" {
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, "acme: mint", "principal is wrong")
	}
	in := acmeKey{Principal: req.Principal, Name: req.Label}
	if p.bug == "shared-state" {
		p.mu.Lock()
		p.label = req.Label
		p.mu.Unlock()
		p.gather.Done()
		p.gather.Wait() // until all eight have written, to be wrong every time
		p.mu.Lock()
		in.Name = p.label
		p.mu.Unlock()
	}
	var k acmeKey
	err := p.call(ctx, "mint", "POST", "/v1/keys", in, &k)
	if p.bug == "mints-twice" {
		err = p.call(ctx, "mint", "POST", "/v1/keys", in, &k)
	}
	if err == nil && k.Value == "" && p.bug != "believes-anything" {
		err = keyturn.Errorf(keyturn.Unavailable, "acme: mint", "no value came")
	}
	if err != nil {
		return providers.Minted{}, err
	}
	if p.bug == "logs-value" {
		p.env.Log.Debug("minted", "value", base64.StdEncoding.EncodeToString([]byte("acme:"+k.Value)))
	}
	return providers.Minted{Key: p.remote(k), Secret: keyturn.NewSecret(k.Value)}, nil
}

func (p *acme) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" && p.kind.principal == "" && p.bug != "ignores-principal" {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, "acme: list", "no principals here"))
			return
		}
		var all []acmeKey
		for after := ""; ; {
			var page struct {
				Keys []acmeKey
				Next string
			}
			q := url.Values{"after": {after}, "principal": {principal}}
			if p.bug == "ignores-principal" {
				q.Del("principal")
			}
			if err := p.call(ctx, "list", "GET", "/v1/keys?"+q.Encode(), nil, &page); err != nil {
				if p.bug != "half-list" || after == "" {
					yield(providers.RemoteKey{}, err)
				}
				return
			}
			if page.Keys == nil && p.bug != "believes-silence" {
				yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.Unavailable, "acme: list", "no list came"))
				return
			}
			all = append(all, page.Keys...)
			for _, k := range page.Keys {
				if p.bug != "reads-all" && !yield(p.remote(k), nil) {
					return
				}
			}
			if after = page.Next; after == "" || p.bug == "first-page" {
				break
			}
		}
		for _, k := range all {
			if p.bug == "reads-all" && !yield(p.remote(k), nil) {
				return
			}
		}
	}
}

func (p *acme) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	if p.bug == "verify-anything" || p.bug == "remembers-verdicts" && p.passed[secret.Expose()] {
		return nil
	}
	var me acmeKey
	err := p.do(ctx, "verify", "GET", "/v1/whoami", secret, nil, &me)
	if p.bug == "refused-is-trouble" && keyturn.KindOf(err) == keyturn.Denied {
		return keyturn.Errorf(keyturn.Unavailable, "acme: verify", "try again")
	}
	if err == nil {
		p.mu.Lock()
		p.passed[secret.Expose()] = true
		p.mu.Unlock()
	}
	return err
}

func (p *acme) Disable(ctx context.Context, _, id string) error {
	return p.call(ctx, "disable", "PATCH", p.path(id), map[string]bool{"active": p.bug == "disable-noop"}, nil)
}

func (p *acme) Enable(ctx context.Context, _, id string) error {
	return p.call(ctx, "enable", "PATCH", p.path(id), map[string]bool{"active": true}, nil)
}

func (p *acme) Revoke(ctx context.Context, _, id string) error {
	if p.bug == "revoke-noop" {
		return nil
	}
	if id == "" && p.bug != "raw-ids" {
		return keyturn.Errorf(keyturn.Invalid, "acme: revoke", "no id")
	}
	cred, err := p.credential(ctx)
	if err != nil && p.bug != "no-credential-is-gone" {
		return err // NotFound here is the credential, not the key
	}
	if err == nil {
		err = p.as(ctx, cred, "revoke", "DELETE", p.path(id), nil, nil)
	}
	if keyturn.KindOf(err) == keyturn.NotFound && p.bug != "gone-is-an-error" {
		return nil
	}
	return err
}

func (p *acme) LastUsed(ctx context.Context, _, id string) (time.Time, error) {
	var k acmeKey
	err := p.call(ctx, "last used", "GET", p.path(id), nil, &k)
	if p.bug == "used-now" {
		return p.env.Now(), err
	}
	if p.bug == "unknown-is-never" && keyturn.KindOf(err) == keyturn.NotFound {
		return time.Time{}, nil
	}
	return k.Used, err
}

func (p *acme) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "acme: identify"
	if p.kind.values && p.bug != "half-supported" {
		return "", keyturn.Errorf(keyturn.Unsupported, op, "not here")
	}
	if p.bug == "identifies-anything" {
		return "key_1", nil
	}
	var me acmeKey
	err := p.do(ctx, "identify", "GET", "/v1/whoami", secret, nil, &me)
	switch {
	case keyturn.KindOf(err) == keyturn.Denied && p.bug != "stranger-is-trouble":
		return "", keyturn.Errorf(keyturn.NotFound, op, "nobody's")
	case err == nil && me.ID == "" && p.bug != "believes-silence-about-ids":
		return "", keyturn.Errorf(keyturn.Unavailable, op, "no id came")
	}
	return me.ID, err
}

func (p *acme) RevokeValue(ctx context.Context, secret keyturn.Secret) error {
	const op = "acme: revoke value"
	switch {
	case p.kind.values && p.bug != "half-supported":
		return keyturn.Errorf(keyturn.Unsupported, op, "not here")
	case p.bug == "burn-noop":
		return nil
	case secret.IsZero():
		return keyturn.Errorf(keyturn.Invalid, op, "no value")
	}
	err := p.call(ctx, "revoke value", "POST", "/v1/burn", acmeKey{Value: secret.Expose()}, nil)
	if keyturn.KindOf(err) == keyturn.NotFound && p.bug != "burnt-is-an-error" {
		return nil
	}
	return err
}

// CheckPermissions reads the list of grants, and one key nobody has.
func (p *acme) CheckPermissions(ctx context.Context, _ string) ([]providers.Permission, error) {
	var grants struct{ Grants []string }
	err := p.call(ctx, "check permissions", "GET", "/v1/grants", nil, &grants)
	if p.bug == "grants-twice" {
		err = p.call(ctx, "check permissions", "GET", "/v1/grants", nil, &grants)
	}
	if p.bug == "checks-by-minting" && err == nil {
		err = p.call(ctx, "check permissions", "POST", "/v1/keys", acmeKey{Name: "a trial"}, nil)
	}
	if err != nil && p.bug != "grants-anything" {
		return nil, err
	}
	if len(grants.Grants) == 0 && p.bug != "grants-anything" {
		return nil, keyturn.Errorf(keyturn.Unavailable, "acme: check permissions", "no list came")
	}
	may := func(name string) bool { return p.bug == "grants-anything" || slices.Contains(grants.Grants, name) }
	if p.bug == "grants-nothing" {
		may = func(string) bool { return false }
	}
	out := []providers.Permission{
		{Name: "keys:read", Granted: may("keys:read"), Need: "listing"},
		{Name: "keys:write", Granted: may("keys:write"), Need: "minting"},
	}
	if p.bug == "needs-nothing" {
		out[1].Need = ""
	}
	return out, nil
}

func (p *acme) path(id string) string {
	if p.bug == "raw-ids" {
		return "/v1/keys/" + id
	}
	return "/v1/keys/" + url.PathEscape(id)
}

// credential reads the administrator's credential.
func (p *acme) credential(ctx context.Context) (providers.Credential, error) {
	cred, err := p.env.Credential(ctx, p.admin)
	if err != nil && p.bug == "own-credential-error" {
		return cred, keyturn.Errorf(keyturn.Invalid, "acme", "no credential")
	}
	if p.bug == "keeps-credential" {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.kept.Secret.IsZero() {
			p.kept = cred
		}
		cred = p.kept
	}
	return cred, err
}

// call makes a call with the administrator's credential.
func (p *acme) call(ctx context.Context, op, method, path string, in, out any) error {
	cred, err := p.credential(ctx)
	if err != nil {
		return err
	}
	return p.as(ctx, cred, op, method, path, in, out)
}

func (p *acme) as(ctx context.Context, cred providers.Credential, op, method, path string, in, out any) error {
	secret := cred.Secret
	if p.kind.tokens {
		var token struct{ Token string }
		if err := p.do(ctx, op, "POST", "/v1/token", secret, nil, &token); err != nil {
			if p.bug == "token-trouble-is-invalid" {
				return keyturn.Errorf(keyturn.Invalid, "acme: "+op, "no token")
			}
			return err
		}
		secret = keyturn.NewSecret(token.Token)
	}
	return p.do(ctx, op, method, path, secret, in, out)
}

func (p *acme) do(ctx context.Context, op, method, path string, secret keyturn.Secret, in, out any) error {
	op = "acme: " + op
	body, err := json.Marshal(in)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "encoding")
	}
	if p.bug == "ignores-cancel" {
		ctx = context.WithoutCancel(ctx)
	}
	req, err := http.NewRequestWithContext(ctx, method, p.env.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "building the request")
	}
	req.Header.Set("Authorization", "Bearer "+secret.Expose())
	resp, err := p.env.HTTP.Do(req)
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil && p.bug == "no-answer-is-final":
		return keyturn.Errorf(keyturn.Invalid, op, "no answer")
	case err != nil:
		return keyturn.Errorf(keyturn.Unavailable, op, "no answer")
	}
	defer func() { _ = resp.Body.Close() }()
	if err := p.refused(op, resp); err != nil {
		if p.bug == "retries" && keyturn.KindOf(err) == keyturn.Unavailable {
			if again, err := p.env.HTTP.Do(req.Clone(ctx)); err == nil {
				again.Body.Close()
			}
		}
		return err
	}
	limit := int64(1 << 20)
	if p.bug == "reads-everything" {
		limit = 1 << 30
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit))
	if p.bug == "believes-anything" {
		_ = json.Unmarshal(b, out)
		return nil
	}
	if err != nil || out != nil && json.Unmarshal(b, out) != nil {
		return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented JSON")
	}
	return nil
}

func (p *acme) refused(op string, resp *http.Response) error {
	if resp.StatusCode >= 300 && resp.StatusCode < 400 {
		if p.bug == "redirect-is-success" {
			return nil
		}
		return keyturn.Errorf(keyturn.Unavailable, op, "redirected")
	}
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return nil
	}
	body, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	switch {
	case p.bug == "quotes-body":
		e.Message += string(body)
	case p.bug == "quotes-body-in-hex":
		e.Message += fmt.Sprintf("%X", body)
	case p.bug == "drops-retry-after":
		e.RetryAfter = 0
	case p.bug == "plain-errors":
		return errors.New("acme: trouble")
	}
	if bytes.Contains(body, []byte("too many keys")) && p.bug != "full-is-a-conflict" {
		e.Kind = keyturn.Exhausted
	}
	return e
}
