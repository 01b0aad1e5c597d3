package okta

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

const logsPath = "/api/v1/logs"

// kept is how long Okta keeps the System Log (System Log query, "Data retention"). A
// search that begins long before that is refused.
const kept = 90 * 24 * time.Hour

// A logEvent is a line of the System Log. Those of OAuth 2.0 say how the client proved
// itself and with which secret (Event types catalogue, OAuth2DebugData), by a hash
// whose examples have the form of secret_hash.
type logEvent struct {
	ID     string    `json:"uuid"`
	At     time.Time `json:"published"`
	Type   string    `json:"eventType"`
	Client struct {
		IP    string `json:"ipAddress"`
		Agent struct {
			Raw string `json:"rawUserAgent"`
		} `json:"userAgent"`
	} `json:"client"`
	Debug struct {
		Data struct {
			Secret string `json:"clientSecret"`
			Auth   string `json:"clientAuthType"`
		} `json:"debugData"`
	} `json:"debugContext"`
}

// Uses reads what the secret's app did and keeps what it did with this secret. That
// events name the secret is in Okta's catalogue and not promised for each, so one
// that should and does not ends the reading as Unsupported: it may be this secret's.
func (p *provider) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	const op = "okta: uses"
	return func(yield func(providers.Use, error) bool) {
		hash, err := p.secretHash(ctx, op, q)
		if err != nil {
			yield(providers.Use{}, err)
			return
		}
		for e, err := range p.logged(ctx, op, q) {
			named := e.Debug.Data.Secret
			if err == nil && strings.HasPrefix(e.Debug.Data.Auth, "client_secret_") && len(named) != len(hash) {
				err = keyturn.Errorf(keyturn.Unsupported, op, "the System Log does not say with which of the app's secrets something was done")
			}
			if err != nil {
				yield(providers.Use{}, err)
				return
			}
			if named == hash && !yield(providers.Use{ID: e.ID, At: e.At, From: e.Client.IP, What: e.Type, Agent: e.Client.Agent.Raw}, nil) {
				return
			}
		}
	}
}

// secretHash is what the System Log calls a secret. Okta tells as long as it has the
// secret. It does not document how the hash is made; every example of its guide
// "Client secret rotation" is the first half of a SHA-256, and so a secret that is
// gone is looked for.
func (p *provider) secretHash(ctx context.Context, op string, q providers.UseQuery) (string, error) {
	path, err := secretPath(op, q.Principal, q.ID)
	if err != nil {
		return "", err
	}
	token, err := p.env.Credential(ctx, p.Token)
	if err != nil {
		return "", err
	}
	var out struct {
		Hash string `json:"secret_hash"`
	}
	err = p.as(ctx, op, token.Secret, http.MethodGet, path, nil, &out)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound && q.Secret.IsZero():
		return "", keyturn.Errorf(keyturn.Unsupported, op, "the secret is deleted, and the System Log names it by the hash of its value, which is not at hand")
	case keyturn.KindOf(err) == keyturn.NotFound:
		sum := sha256.Sum256([]byte(q.Secret.Expose()))
		return base64.RawURLEncoding.EncodeToString(sum[:sha256.Size/2]), nil
	case err == nil && out.Hash == "":
		err = undocumented(op)
	}
	return out.Hash, err
}

// logged yields what the System Log has of a secret's app, page by page. The search
// has an end, without which its pages would have none.
func (p *provider) logged(ctx context.Context, op string, q providers.UseQuery) iter.Seq2[logEvent, error] {
	app, _, _ := strings.Cut(q.ID, ".")
	who := fmt.Sprintf(`actor.id eq "%s"`, app)
	if client := p.Apps[app].ClientID; client != "" {
		who += fmt.Sprintf(` or actor.id eq "%s"`, client)
	}
	now, since := p.env.Now(), q.Since
	if first := now.Add(-kept); since.Before(first) {
		since = first
	}
	const layout = "2006-01-02T15:04:05.000Z"
	ask := url.Values{
		"filter": {who}, "since": {since.UTC().Format(layout)}, "until": {now.UTC().Format(layout)},
		"sortOrder": {"ASCENDING"}, "limit": {"200"},
	}
	return func(yield func(logEvent, error) bool) {
		for e, err := range pages[logEvent](ctx, p, op, logsPath, ask.Encode()) {
			if x := new(keyturn.Error); errors.As(err, &x) && x.Kind == keyturn.Denied && x.Message == lacksRole {
				err = keyturn.Errorf(keyturn.Denied, op, "the API token's administrator may not read the System Log; give it the standard role Report Administrator")
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}
