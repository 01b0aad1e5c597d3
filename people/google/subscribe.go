package google

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
)

const (
	// slot is how long the ids of channels stay the same: within it, asking again
	// opens no second channel.
	slot = 3 * time.Hour
	// shortest is how long a channel lasts at least. Google documents two days, and
	// others report that six hours is what they get.
	shortest = 6 * time.Hour
)

// watched are the events there is a channel for each. Suspending and archiving are
// updates.
var watched = []string{"update", "delete"}

// opened remembers until when the channels last that this worker opened for an
// address and a webhook secret.
type opened struct {
	mu    sync.Mutex
	mark  string
	until time.Time
}

func (o *opened) get(mark string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.mark != mark {
		return time.Time{}
	}
	return o.until
}

func (o *opened) put(mark string, until time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.mark, o.until = mark, until
}

// Subscribe opens a channel for each event, which nothing can prolong, unless this
// worker opened some that last another day. Channels cannot be listed: their ids are
// made of the time, and Google refuses an id that it has. Of one that another worker
// opened Google does not say when it ends, so that the shortest time is assumed. A new
// address or webhook secret makes new channels; the old ones end by themselves.
func (d *directory) Subscribe(ctx context.Context, address string) (time.Time, error) {
	const op = "google: subscribe"
	if d.env.WebhookSecret.IsZero() {
		return time.Time{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook secret is configured")
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "https" || u.Host == "" {
		return time.Time{}, keyturn.Errorf(keyturn.Invalid, op, "Google delivers to HTTPS addresses only; give the webhooks one")
	}
	mark := d.mark(address)
	if until := d.opened.get(mark); until.Sub(d.env.Now()) > longest/2 {
		return until, nil
	}
	var until time.Time
	for _, event := range watched {
		ends, err := d.watch(ctx, op, event, address)
		if err != nil {
			return time.Time{}, err
		}
		if until.IsZero() || ends.Before(until) {
			until = ends
		}
	}
	d.opened.put(mark, until)
	return until, nil
}

// watch opens the channel of an event, and returns when it ends.
func (d *directory) watch(ctx context.Context, op, event, address string) (time.Time, error) {
	start := d.env.Now().UTC().Truncate(slot)
	var channel struct {
		ID         string
		Expiration string // in milliseconds since 1970
	}
	reason, err := d.ask(ctx, request{
		op: op, method: http.MethodPost, path: "users/watch", query: url.Values{"customer": {customer}, "event": {event}},
		in: map[string]any{
			"id": strings.Join([]string{"keyturn", event, start.Format("2006010215"), d.mark(address)}, "-"), "type": "web_hook", "address": address, "token": d.env.WebhookSecret.Expose(),
			"params": map[string]string{"ttl": strconv.Itoa(int(longest.Seconds()))},
		},
	}, &channel)
	if reason == taken {
		return start.Add(shortest), nil
	}
	if err != nil {
		return time.Time{}, err
	}
	ms, err := strconv.ParseInt(channel.Expiration, 10, 64)
	if err != nil || channel.ID == "" {
		return time.Time{}, undocumented(op)
	}
	return time.UnixMilli(ms).UTC(), nil
}

// mark tells addresses and webhook secrets apart, and says neither.
func (d *directory) mark(address string) string {
	mac := hmac.New(sha256.New, []byte(d.env.WebhookSecret.Expose()))
	mac.Write([]byte(address))
	return hex.EncodeToString(mac.Sum(nil)[:4])
}
