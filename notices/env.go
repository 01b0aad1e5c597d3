package notices

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/keyturn/keyturn"
)

// A Factory is the one thing a channel's folder exports to the outside.
type Factory struct {
	Name string
	New  func(Env) (Channel, error)
}

// Env is everything a channel may take from the world.
type Env struct {
	HTTP *http.Client // counted, rate limited, never retried
	// Decode reads the channel's own settings, strictly.
	Decode func(any) error
	// Secret reads a credential from the secret store it is kept in. It is read
	// anew for every message, so that rotating it needs no restart.
	Secret func(ctx context.Context, ref keyturn.SecretRef) (keyturn.Secret, error)
	Now    func() time.Time
}

// Postable reports whether messages may be posted to an address: one of https,
// or of http on this machine, without a user or password.
func Postable(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}

// Unredirected is HTTP that follows no redirect: one would show the message, and
// an address that is a credential, to another host.
func (e Env) Unredirected() *http.Client {
	client := *e.HTTP
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}
