package vault

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
)

// A session is one token and the client that sends it. A watcher renews it;
// when it cannot be renewed any more the session has ended.
type session struct {
	client  *api.Client
	watcher *api.LifetimeWatcher // nil for a token that never ends
	ended   chan struct{}
	revoke  bool // the token is ours to give back
}

// usable reports whether the token still has time.
func (s *session) usable() bool {
	if s == nil {
		return false
	}
	select {
	case <-s.ended:
		return false
	default:
		return true
	}
}

func (s *session) stop() {
	if s.watcher != nil {
		s.watcher.Stop()
	}
}

// auth holds the session all requests share.
type auth struct {
	cfg     Config
	http    *http.Client
	method  method
	gate    chan struct{} // held while logging in, so that only one does
	current atomic.Pointer[session]
	closed  atomic.Bool
}

func newAuth(cfg Config, client *http.Client) *auth {
	return &auth{cfg: cfg, http: client, method: cfg.Auth.method(), gate: make(chan struct{}, 1)}
}

// session returns the session, logging in first where there is none.
func (a *auth) session(ctx context.Context, op string) (*session, error) {
	if s := a.current.Load(); s.usable() {
		return s, nil
	}
	select {
	case a.gate <- struct{}{}:
		defer func() { <-a.gate }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := a.current.Load(); s.usable() {
		return s, nil
	}
	if a.closed.Load() {
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "the store is closed")
	}
	s, err := a.login(ctx)
	if err != nil {
		return nil, err
	}
	if former := a.current.Swap(s); former != nil {
		former.stop()
	}
	return s, nil
}

// drop forgets a session, unless another has taken its place.
func (a *auth) drop(s *session) {
	if a.current.CompareAndSwap(s, nil) {
		s.stop()
	}
}

// login gets a token and starts to renew it.
func (a *auth) login(ctx context.Context) (*session, error) {
	client, err := a.client()
	if err != nil {
		return nil, err
	}
	secret, err := a.method.login(ctx, client)
	if err != nil {
		return nil, err
	}
	if secret == nil || secret.Auth == nil || secret.Auth.ClientToken == "" {
		return nil, keyturn.Errorf(keyturn.Unavailable, opLogin, "Vault's answer held no token")
	}
	client.SetToken(secret.Auth.ClientToken)
	s := &session{client: client, ended: make(chan struct{}), revoke: a.method.ours()}
	if secret.Auth.LeaseDuration <= 0 {
		return s, nil
	}
	s.watcher, err = client.NewLifetimeWatcher(&api.LifetimeWatcherInput{Secret: secret})
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Unavailable, opLogin, "the token cannot be renewed")
	}
	go func() {
		s.watcher.Start() // returns when the token is near its end, or on stop
		close(s.ended)
	}()
	return s, nil
}

// client returns a client without a token. It takes nothing from the
// environment: what Keyturn does is in its configuration.
func (a *auth) client() (*api.Client, error) {
	client, err := api.NewClient(&api.Config{
		Address:    a.cfg.Address,
		HttpClient: a.http,
		Timeout:    time.Duration(a.cfg.Timeout),
		MaxRetries: 0,
		// Where reads are served by standbys too, what this session wrote is
		// read back, or refused with a 412 until it can be.
		ReadYourWrites: true,
	})
	if err != nil {
		return nil, keyturn.Errorf(keyturn.Invalid, "vault: open", "a Vault client could not be made; unset the VAULT_ environment variables, which Keyturn does not use")
	}
	client.ClearToken()
	client.ClearNamespace()
	if a.cfg.Namespace != "" {
		client.SetNamespace(a.cfg.Namespace)
	}
	return client, nil
}

// close ends the session for good. A token we logged in for is given back, so
// that it does not lie around until it expires.
func (a *auth) close() {
	a.closed.Store(true)
	a.gate <- struct{}{} // a login under way ends first
	defer func() { <-a.gate }()
	s := a.current.Swap(nil)
	if s == nil {
		return
	}
	s.stop()
	if s.revoke {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = s.client.Auth().Token().RevokeSelfWithContext(ctx, "")
	}
}
