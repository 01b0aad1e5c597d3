package entra

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// lasts is how long a subscription is asked for. Those to users may last 41760
// minutes, which is a day longer (Microsoft Graph, "subscription").
const lasts = 28 * 24 * time.Hour

// maxState is how long a clientState may be, in characters.
const maxState = 128

// subscription is one as Graph shows it. It never shows the clientState.
type subscription struct {
	ID       string    `json:"id"`
	Resource string    `json:"resource"`
	Address  string    `json:"notificationUrl"`
	Until    time.Time `json:"expirationDateTime"`
}

// Subscribe renews the subscription to all users that is delivered to address,
// or makes one. Each call renews: Graph may pause deliveries until the
// application shows that it still may read users, and renewing does. The webhook
// must be up, because Graph asks it before it makes one. Subscriptions to address
// with another webhook secret are deleted, and no others.
func (d *directory) Subscribe(ctx context.Context, address string) (time.Time, error) {
	const op = "entra: subscribe"
	state := d.env.WebhookSecret
	switch {
	case state.IsZero():
		return time.Time{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	case len(state.Expose()) > maxState:
		return time.Time{}, keyturn.Errorf(keyturn.Invalid, op, "the webhook secret is longer than the %d characters Graph takes", maxState)
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" || strings.ContainsAny(address, "?#") {
		return time.Time{}, keyturn.Errorf(keyturn.Invalid, op, "Graph delivers only to an address that begins with https://")
	}
	ours, others, err := d.subscriptions(ctx, op, address)
	if err != nil {
		return time.Time{}, err
	}
	until, err := d.keep(ctx, op, address, ours.ID)
	if err != nil {
		return time.Time{}, err
	}
	for _, id := range others {
		err := d.ask(ctx, request{op: op, method: http.MethodDelete, path: "/subscriptions/" + id, needs: needsUsers}, nil)
		if err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return time.Time{}, err
		}
	}
	return until, nil
}

// keep renews the subscription with an id, or makes one where there is none or it
// is gone since it was listed.
func (d *directory) keep(ctx context.Context, op, address, id string) (time.Time, error) {
	until := d.env.Now().Add(lasts).UTC().Truncate(time.Second)
	var out subscription
	var err error
	if id != "" {
		err = d.ask(ctx, request{op: op, method: http.MethodPatch, path: "/subscriptions/" + id, needs: needsUsers, in: map[string]any{
			"expirationDateTime": until,
		}}, &out)
	}
	if id == "" || keyturn.KindOf(err) == keyturn.NotFound {
		err = d.ask(ctx, request{op: op, method: http.MethodPost, path: "/subscriptions", needs: needsUsers, in: map[string]any{
			"changeType": "updated,deleted", "resource": "users", "expirationDateTime": until,
			"clientState":     d.env.WebhookSecret.Expose(),
			"notificationUrl": d.marked(address), "lifecycleNotificationUrl": d.marked(address),
		}}, &out)
	}
	if err == nil && out.Until.IsZero() {
		err = undocumented(op)
	}
	return out.Until, err
}

// subscriptions are those that Keyturn's application has to address: the one with
// the present webhook secret that lasts longest, and those with another. Where
// two workers made two at once, the other ends by itself.
func (d *directory) subscriptions(ctx context.Context, op, address string) (ours subscription, others []string, err error) {
	for s, err := range pages[subscription](ctx, d, request{op: op, method: http.MethodGet, path: "/subscriptions", needs: needsUsers}) {
		if err != nil {
			return subscription{}, nil, err
		}
		base, _, _ := strings.Cut(s.Address, "?")
		switch {
		case base != address || !strings.EqualFold(strings.Trim(s.Resource, "/"), "users"):
		case !guid.MatchString(s.ID):
			return subscription{}, nil, undocumented(op)
		case s.Address != d.marked(address):
			others = append(others, s.ID)
		case ours.ID == "" || s.Until.After(ours.Until):
			ours = s
		}
	}
	return ours, others, nil
}

// marked is address with a mark of the webhook secret, by which a subscription
// with an older one is told. Graph keeps what follows the question mark. 32 bits
// of a hash give nothing away of a secret that is not a guess.
func (d *directory) marked(address string) string {
	sum := sha256.Sum256([]byte("keyturn webhook " + d.env.WebhookSecret.Expose()))
	return address + "?secret=" + hex.EncodeToString(sum[:4])
}
