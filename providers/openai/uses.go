package openai

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Uses reads what a project's key asked of the models, an hour in one line, and then
// what a key changed in the organisation. Only the latter is in OpenAI's audit log;
// an admin key can do nothing else.
func (p *provider) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	const op = "openai: uses"
	return func(yield func(providers.Use, error) bool) {
		o, _, err := keyPath(op, q.Principal, q.ID)
		if err != nil {
			yield(providers.Use{}, err)
			return
		}
		if !o.admin() {
			for _, kind := range modelCalls {
				for u, err := range p.hours(ctx, op, kind, q) {
					if !yield(u, lacking(op, err, "the admin key may not read usage; give it the scope api.usage.read")) || err != nil {
						return
					}
				}
			}
		}
		for u, err := range p.changes(ctx, op, q) {
			if !yield(u, lacking(op, err, "the admin key does not see audit logs; an owner of the organisation activates them in its data controls, and the key must be one that may read them")) || err != nil {
				return
			}
		}
	}
}

// lacking says what it takes where the admin key is known but may not. That the
// store refused to show us the key is another matter.
func lacking(op string, err error, mend string) error {
	if e := new(keyturn.Error); errors.As(err, &e) && e.Kind == keyturn.Denied && e.Op == op && e.Message == http.StatusText(http.StatusForbidden) {
		return keyturn.Errorf(keyturn.Denied, op, "%s", mend)
	}
	return err
}

// modelCalls are the kinds of usage that are counted by key (API reference, "Usage").
var modelCalls = []string{"completions", "embeddings", "moderations", "images", "audio_speeches", "audio_transcriptions"}

// hourly is how far back usage is read by the hour: OpenAI lists the hours in which
// nothing happened too, a week of them on a page.
const hourly = 90 * 24 * time.Hour

// hours yields the hours in which a key made calls of one kind, a line for each
// model. The hour that was under way at q.Since is told as of then.
func (p *provider) hours(ctx context.Context, op, kind string, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	return func(yield func(providers.Use, error) bool) {
		from := q.Since
		if first := p.env.Now().Add(-hourly); from.Before(first) {
			from = first
		}
		ask := url.Values{
			"start_time": {strconv.FormatInt(from.Truncate(time.Hour).Unix(), 10)}, "bucket_width": {"1h"}, "limit": {"168"},
			"api_key_ids[]": {q.ID}, "group_by[]": {"api_key_id", "model"},
		}
		for {
			var page struct {
				Data []struct {
					Start   int64 `json:"start_time"`
					Results []struct {
						Key      string `json:"api_key_id"`
						Model    string
						Requests int64 `json:"num_model_requests"`
					}
				}
				Next string `json:"next_page"` // null after the last
			}
			err := p.manage(ctx, request{op, http.MethodGet, "/v1/organization/usage/" + kind + "?" + ask.Encode(), nil, &page})
			if err == nil && (page.Data == nil || page.Next != "" && page.Next == ask.Get("page")) {
				err = undocumented(op)
			}
			if err != nil {
				yield(providers.Use{}, err)
				return
			}
			for _, b := range page.Data {
				for _, r := range b.Results {
					if r.Key != q.ID { // grouped or filtered in another way than asked
						yield(providers.Use{}, undocumented(op))
						return
					}
					at := moment(b.Start)
					if at.Before(q.Since) {
						at = q.Since
					}
					what := fmt.Sprintf("%s: %d requests", kind, r.Requests)
					if r.Model != "" {
						what += ", " + r.Model
					}
					if !yield(providers.Use{ID: fmt.Sprintf("%s/%d/%s", kind, b.Start, r.Model), At: at, What: what}, nil) {
						return
					}
				}
			}
			if page.Next == "" {
				return
			}
			ask.Set("page", page.Next)
		}
	}
}

// changes yields what the audit log says a key did (API reference, "List audit
// logs"). A key's tracking id there is its id.
func (p *provider) changes(ctx context.Context, op string, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	type line struct {
		ID    string
		Type  string
		At    int64 `json:"effective_at"`
		Actor struct {
			Key struct{ ID string } `json:"api_key"`
			// Session is documented for any actor; a key's is mostly absent.
			Session struct {
				IP string `json:"ip_address"`
			}
		}
	}
	return func(yield func(providers.Use, error) bool) {
		ask := url.Values{"actor_ids[]": {q.ID}, "effective_at[gte]": {strconv.FormatInt(max(0, q.Since.Unix()), 10)}}
		for l, err := range pages(ctx, p, op, "/v1/organization/audit_logs?"+ask.Encode(), func(l line) string { return l.ID }) {
			if err == nil && l.Actor.Key.ID != q.ID {
				err = undocumented(op) // filtered in another way than asked
			}
			if err != nil {
				yield(providers.Use{}, err)
				return
			}
			if !yield(providers.Use{ID: l.ID, At: moment(l.At), From: l.Actor.Session.IP, What: l.Type}, nil) {
				return
			}
		}
	}
}
