package datadog

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// A trail is a page of Audit Trail (API reference, "Get a list of Audit Logs
// events").
type trail struct {
	Data []event
	Meta struct {
		Page   struct{ After string }
		Status string
		// Warnings say that some of the events may be missing.
		Warnings []struct{}
	}
}

// An event is a line of Audit Trail. Its own attributes are open; these are the
// ones of requests (DDSQL data directory, "Audit Trail").
type event struct {
	ID         string
	Attributes struct {
		At         time.Time `json:"timestamp"`
		Attributes struct {
			Action string
			Event  struct{ Name string } `json:"evt"`
			HTTP   struct {
				Method string
				Agent  string                `json:"useragent"`
				URL    struct{ Path string } `json:"url_details"`
			}
			Network struct {
				Client struct{ IP string }
			}
		}
	}
}

func (e event) use() providers.Use {
	a := e.Attributes.Attributes
	return providers.Use{
		ID: e.ID, At: e.Attributes.At, From: a.Network.Client.IP, Agent: a.HTTP.Agent,
		What: cmp.Or(strings.TrimSpace(a.HTTP.Method+" "+a.HTTP.URL.Path), strings.TrimSpace(a.Event.Name+" "+a.Action)),
	}
}

// Uses searches Audit Trail for requests authenticated with the key. A search
// that Datadog cut short ends as Unavailable, after what it found.
func (p *provider) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	const op = "datadog: uses"
	return func(yield func(providers.Use, error) bool) {
		if _, err := keyPath(op, q.ID); err != nil {
			yield(providers.Use{}, err)
			return
		}
		from := q.Since
		if epoch := time.Unix(0, 0); from.Before(epoch) {
			from = epoch
		}
		ask := url.Values{
			"filter[query]": {"@metadata.api_key.id:" + q.ID}, "filter[from]": {from.UTC().Format("2006-01-02T15:04:05.000Z")},
			"sort": {"timestamp"}, "page[limit]": {"50"},
		}
		for {
			var page trail
			err := p.manage(ctx, op, http.MethodGet, "/api/v2/audit/events?"+ask.Encode(), nil, &page)
			after := page.Meta.Page.After
			if err == nil && (page.Data == nil || after != "" && after == ask.Get("page[cursor]")) {
				err = undocumented(op)
			}
			if err != nil {
				yield(providers.Use{}, trailRefused(op, err))
				return
			}
			for _, e := range page.Data {
				if !yield(e.use(), nil) {
					return
				}
			}
			if page.Meta.Status == "timeout" || len(page.Meta.Warnings) > 0 {
				yield(providers.Use{}, keyturn.Errorf(keyturn.Unavailable, op, "Datadog did not search all of Audit Trail"))
				return
			}
			if after == "" {
				return
			}
			ask.Set("page[cursor]", after)
		}
	}
}

// trailRefused says what a pair that is refused lacks. That the store refused to
// show us the pair is another matter.
func trailRefused(op string, err error) error {
	if e := new(keyturn.Error); errors.As(err, &e) && e.Kind == keyturn.Denied && e.Op == op {
		return keyturn.Errorf(keyturn.Denied, op, "Datadog does not show Audit Trail; it must be enabled in the organisation's settings, and the application key needs the scope audit_logs_read")
	}
	return err
}
