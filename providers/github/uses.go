package github

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// An auditEvent is a line of the organisation's audit log (REST API, "Get the audit
// log for an organization"; "Identifying audit log events performed by an access
// token").
type auditEvent struct {
	ID     string `json:"_document_id"`
	At     int64  `json:"@timestamp"` // milliseconds since 1970
	Action string `json:"action"`
	Token  string `json:"hashed_token"`
	Agent  string `json:"user_agent"`
	// IP is there where the organisation has it displayed.
	IP string `json:"actor_ip"`
}

func (e auditEvent) use() providers.Use {
	return providers.Use{ID: e.ID, At: time.UnixMilli(e.At).UTC(), From: e.IP, What: e.Action, Agent: e.Agent}
}

// Uses searches the organisation's audit log for what was done with a token. The log
// names a token by the hash of its value, so without that it is Unsupported. So it is
// for a deploy key, which can do nothing but Git: a search returns no Git events.
func (p *provider) Uses(ctx context.Context, q providers.UseQuery) iter.Seq2[providers.Use, error] {
	const op = "github: uses"
	return func(yield func(providers.Use, error) bool) {
		err := p.check(op, q.Principal)
		switch {
		case err != nil:
		case q.Principal != pats:
			err = keyturn.Errorf(keyturn.Unsupported, op, "a search of GitHub's audit log returns no Git events, and a deploy key does nothing else")
		case q.Secret.IsZero():
			err = keyturn.Errorf(keyturn.Unsupported, op, "GitHub's audit log names a token by the hash of its value, which is not at hand")
		}
		if err != nil {
			yield(providers.Use{}, err)
			return
		}
		sum := sha256.Sum256([]byte(q.Secret.Expose()))
		hash := base64.StdEncoding.EncodeToString(sum[:])
		for e, err := range p.audited(ctx, op, hash, q.Since) {
			if err == nil && e.Token != hash {
				err = undocumented(op) // not searched as asked
			}
			if err != nil {
				yield(providers.Use{}, err)
				return
			}
			if u := e.use(); !u.At.Before(q.Since) && !yield(u, nil) {
				return
			}
		}
	}
}

// audited reads the events that name a hash, from the day of a moment on. Without a
// day GitHub searches three months.
func (p *provider) audited(ctx context.Context, op, hash string, since time.Time) iter.Seq2[auditEvent, error] {
	path := "/orgs/" + url.PathEscape(p.env.Account) + "/audit-log?"
	ask := url.Values{
		"phrase":   {`hashed_token:"` + hash + `" created:>=` + since.UTC().Format(time.DateOnly)},
		"per_page": {strconv.Itoa(pageSize)},
	}
	return func(yield func(auditEvent, error) bool) {
		for {
			s, err := p.session(ctx, op)
			if err != nil {
				yield(auditEvent{}, err)
				return
			}
			var page []auditEvent
			got, err := p.as(ctx, s, request{op, http.MethodGet, path + ask.Encode(), nil, &page})
			after, more := nextAfter(got.header)
			switch kind := keyturn.KindOf(err); {
			case kind == keyturn.NotFound, kind == keyturn.Denied && got.status == http.StatusForbidden:
				err = keyturn.Errorf(keyturn.Denied, op, "GitHub shows the App no audit log of %s; it takes Enterprise Cloud and the App's permission organization_administration: read", p.env.Account)
			case err == nil && (page == nil || more && (after == "" || after == ask.Get("after"))):
				err = undocumented(op)
			}
			if err != nil {
				yield(auditEvent{}, err)
				return
			}
			for _, e := range page {
				if !yield(e, nil) {
					return
				}
			}
			if !more {
				return
			}
			ask.Set("after", after)
		}
	}
}

var nextPattern = regexp.MustCompile(`<([^>]*)>; *rel="next"`)

// nextAfter is the cursor of the next page, and whether there is one. The link itself
// is not followed: it would choose who sees the token.
func nextAfter(h http.Header) (after string, more bool) {
	m := nextPattern.FindStringSubmatch(h.Get("Link"))
	if m == nil {
		return "", false
	}
	u, err := url.Parse(m[1])
	if err != nil {
		return "", true
	}
	return u.Query().Get("after"), true
}
