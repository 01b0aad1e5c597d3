package ticketstest

import (
	"cmp"
	"context"
	"crypto/hmac"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/tickets"
)

// acme is a tracker for Acme. With bug empty it is right; every other bug makes
// it wrong in one way, to see the suite notice.
type acme struct {
	env   tickets.Env
	keyed bool
	bug   string
	cfg   struct {
		Project string
		Token   keyturn.SecretRef
	}
	one sync.Mutex // held while a ticket is looked for and opened

	mu   sync.Mutex     // bug only: acme keeps nothing
	kept keyturn.Secret // bug only
}

func acmeFactory(keyed bool, bug string) tickets.Factory {
	return tickets.Factory{Name: "acme", New: func(env tickets.Env) (tickets.Tracker, error) {
		a := &acme{env: env, keyed: keyed, bug: bug}
		if err := env.Decode(&a.cfg); err != nil && bug != "lenient-settings" {
			return nil, fmt.Errorf("acme: settings: %w", err)
		}
		if a.cfg.Project == "" && bug != "no-project" {
			return nil, errors.New("acme: settings: project is empty")
		}
		if bug == "follows-redirects" {
			c := *env.HTTP
			c.CheckRedirect = nil
			a.env.HTTP = &c
		}
		return a, nil
	}}
}

// call makes one request.
func (a *acme) call(ctx context.Context, op, method, path string, in, out any) error {
	token, err := a.token(ctx)
	switch {
	case ctx.Err() != nil && a.bug == "ignores-cancel":
		return keyturn.Errorf(keyturn.Unavailable, op, "cancelled")
	case keyturn.KindOf(err) == keyturn.NotFound && a.bug != "no-credential-is-gone":
		return keyturn.Errorf(keyturn.Denied, op, "there is no credential")
	case err != nil:
		return err
	}
	req, err := exchange.NewRequest(ctx, op, method, a.env.BaseURL+path, in)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	tries := map[string]int{"retries": 2}[a.bug]
	for {
		answer, err := exchange.Ask(ctx, op, a.env.HTTP, req, map[bool]int64{true: 1 << 40, false: 1 << 20}[a.bug == "reads-everything"])
		if err == nil {
			err = a.verdict(op, answer, token, out)
		}
		if tries--; tries <= 0 || err == nil {
			return a.spoil(op, err)
		}
		if req.GetBody != nil {
			req.Body, _ = req.GetBody()
		}
	}
}

func (a *acme) verdict(op string, answer exchange.Answer, token keyturn.Secret, out any) error {
	err := answer.Err(op)
	var e *keyturn.Error
	switch {
	case errors.As(err, &e) && a.bug == "quotes-body":
		e.Message = string(answer.Body)
	case errors.As(err, &e) && a.bug == "drops-retry-after":
		e.RetryAfter = 0
	case errors.As(err, &e) && answer.Status == 401:
		e.Message = "Acme refused the credential; check the setting token"
		if a.bug == "names-token" {
			e.Message += " " + token.Expose()
		}
	case err == nil && out != nil && json.Unmarshal(answer.Body, out) != nil:
		return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	return err
}

// spoil breaks an error.
func (a *acme) spoil(op string, err error) error {
	switch {
	case err == nil:
	case a.bug == "plain-errors":
		return errors.New(err.Error())
	case a.bug == "no-answer-is-final" && keyturn.KindOf(err) == keyturn.Unavailable:
		return keyturn.Errorf(keyturn.Invalid, op, "no answer")
	case a.bug == "nameless":
		return keyturn.Errorf(keyturn.KindOf(err), "tracker", "something went wrong")
	}
	return err
}

func (a *acme) token(ctx context.Context) (keyturn.Secret, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.bug == "keeps-credential" && !a.kept.IsZero() {
		return a.kept, nil
	}
	var err error
	a.kept, err = a.env.Secret(ctx, a.cfg.Token)
	return a.kept, err
}

// find looks through a listing's pages for an item.
func find[T any](ctx context.Context, a *acme, op, path string, is func(T) bool) (T, bool, error) {
	var none T
	for from := 0; ; {
		var page struct {
			Items []T
			Next  int
		}
		if err := a.call(ctx, op, http.MethodGet, path+"?from="+strconv.Itoa(from), nil, &page); err != nil {
			return none, false, err
		}
		if page.Items == nil && a.bug != "believes-silence" {
			return none, false, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
		}
		for _, x := range page.Items {
			if is(x) {
				return x, true, nil
			}
		}
		if from = page.Next; from == 0 || a.bug == "first-page" {
			return none, false, nil
		}
	}
}

func (a *acme) Open(ctx context.Context, t tickets.Ticket) (tickets.Ref, error) {
	const op = "acme: open"
	if a.bug != "two-at-once" {
		a.one.Lock()
		defer a.one.Unlock()
	}
	project := "/projects/" + url.PathEscape(a.cfg.Project) + "/tickets"
	in := acmeTicket{Key: t.Key, Title: t.Title, Body: t.Body, Due: date(t.Due), Urgent: t.Urgent, State: tickets.Open}
	switch a.bug {
	case "keys-by-prefix":
		in.Key = t.Key[:min(len(t.Key), 100)]
	case "escapes-text":
		in.Title, in.Body = html.EscapeString(in.Title), html.EscapeString(in.Body)
	case "loses-code":
		in.Body = strings.ReplaceAll(in.Body, "`", "")
	case "no-due":
		in.Due = ""
	case "no-urgency":
		in.Urgent = false
	}
	if !a.keyed && a.bug != "nags" {
		old, ok, err := find(ctx, a, op, project, func(x acmeTicket) bool {
			return x.Key == in.Key && !(a.bug == "forgets-closed" && x.State == tickets.Closed)
		})
		if err != nil || ok {
			return acmeRef(old), err
		}
	}
	if a.bug == "remembers-late" {
		key := in.Key
		in.Key = ""
		defer func() { _ = a.call(ctx, op, http.MethodPatch, "/tickets/"+in.ID, map[string]string{"Key": key}, nil) }()
	}
	if err := a.call(ctx, op, http.MethodPost, project, in, &in); err != nil {
		return tickets.Ref{}, err
	}
	if in.ID == "" && a.bug != "believes-silence" {
		return tickets.Ref{}, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	if a.bug == "reopens" {
		return acmeRef(in), a.Set(ctx, in.ID, tickets.Open)
	}
	return acmeRef(in), nil
}

func acmeRef(t acmeTicket) tickets.Ref {
	if t.ID == "" {
		return tickets.Ref{}
	}
	return tickets.Ref{ID: t.ID, URL: "https://acme.example/" + t.ID}
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

func (a *acme) get(ctx context.Context, op, id string) (acmeTicket, error) {
	var t acmeTicket
	if digits := regexp.MustCompile(`^[0-9]+`).FindString(id); a.bug == "raw-ids" && digits != "" {
		id = digits
	} else if !regexp.MustCompile(`^[0-9]+$`).MatchString(id) {
		return t, keyturn.Errorf(keyturn.NotFound, op, "no such ticket")
	}
	err := a.call(ctx, op, http.MethodGet, "/tickets/"+id, nil, &t)
	if a.bug == "gone-is-invalid" && keyturn.KindOf(err) == keyturn.NotFound {
		err = keyturn.Errorf(keyturn.Invalid, op, "no such ticket")
	}
	if err == nil && t.State == "" && a.bug != "believes-silence" {
		err = keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	return t, err
}

func (a *acme) State(ctx context.Context, id string) (tickets.State, error) {
	if a.bug == "always-open" {
		return tickets.Open, a.Check(ctx)
	}
	t, err := a.get(ctx, "acme: state", id)
	if err == nil && a.bug == "asks-twice" {
		t, err = a.get(ctx, "acme: state", id)
	}
	return t.State, err
}

func (a *acme) Set(ctx context.Context, id string, s tickets.State) error {
	const op = "acme: set"
	t, err := a.get(ctx, op, id)
	if err != nil || t.State == s && a.bug != "sets-again" || a.bug == "cannot-reopen" && s == tickets.Open {
		return err
	}
	return a.call(ctx, op, http.MethodPatch, "/tickets/"+t.ID, map[string]any{"State": s}, nil)
}

func (a *acme) Comment(ctx context.Context, id string, c tickets.Comment) error {
	const op = "acme: comment"
	t, err := a.get(ctx, op, id)
	if err != nil {
		return err
	}
	path := "/tickets/" + t.ID + "/comments"
	if a.bug != "nags" {
		_, ok, err := find(ctx, a, op, path, func(x acmeComment) bool {
			return x.Key == c.Key || a.bug == "comments-by-prefix" && strings.HasPrefix(x.Key, c.Key)
		})
		if err != nil || ok {
			return err
		}
	}
	if a.bug == "escapes-text" {
		c.Text = html.EscapeString(c.Text)
	}
	return a.call(ctx, op, http.MethodPost, path, acmeComment(c), nil)
}

func (a *acme) Postpone(ctx context.Context, id string, due time.Time) error {
	const op = "acme: postpone"
	t, err := a.get(ctx, op, id)
	in := map[string]any{"Due": date(due)}
	switch {
	case err != nil:
		return err
	case a.bug == "postpone-reopens":
		in["State"] = tickets.Open
	case a.bug == "same-day-is-an-error" && date(due) == t.Due:
		return keyturn.Errorf(keyturn.Invalid, op, "it is due then already")
	case a.bug == "only-later" && date(due) <= t.Due:
		return nil
	}
	return a.call(ctx, op, http.MethodPatch, "/tickets/"+t.ID, in, nil)
}

func (a *acme) Check(ctx context.Context) error {
	const op = "acme: check"
	if a.bug == "checks-nothing" {
		return nil
	}
	if a.bug == "checks-by-opening" {
		_, err := a.Open(ctx, tickets.Ticket{Key: "check"})
		return err
	}
	err := a.call(ctx, op, http.MethodGet, "/projects/"+url.PathEscape(a.cfg.Project), nil, nil)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return keyturn.Errorf(keyturn.NotFound, op, "there is no such project; check the setting project")
	}
	return err
}

func (a *acme) Hear(header http.Header, body []byte) (tickets.News, error) {
	const op = "acme: hear"
	secret := a.env.WebhookSecret.Expose()
	if a.bug == "asks-back" {
		_ = a.Check(context.Background())
	}
	if secret == "" && a.bug != "believes-no-secret" {
		return tickets.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook is set up")
	}
	signed := hmac.Equal([]byte(header.Get("Acme-Signature")), []byte(acmeSign(secret, body)))
	switch a.bug {
	case "believes-anybody":
		signed = true
	case "believes-unsigned":
		signed = signed || header.Get("Acme-Signature") == ""
	}
	if !signed {
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "the signature is wrong")
	}
	var n acmeNews
	if err := json.Unmarshal(body, &n); err != nil && a.bug == "quotes-delivery" {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "cannot understand %s", body)
	} else if err != nil && a.bug != "believes-garbage" || n.Delivery == "" && len(body) < 100 && a.bug == "" {
		return tickets.News{}, keyturn.Errorf(keyturn.Invalid, op, "it cannot be understood")
	}
	if a.keyed && a.env.Now().Sub(n.At).Abs() > time.Minute && a.bug != "believes-old-news" {
		return tickets.News{}, keyturn.Errorf(keyturn.Denied, op, "it is too old or from the future")
	}
	news := tickets.News{Delivery: n.Delivery}
	about := n.Project == a.cfg.Project && n.Type != string(Commented) || a.bug == "every-event-counts"
	if about && !(a.bug == "deaf-to-reopening" && n.Type == string(Reopened)) {
		news.Ticket = n.Ticket
	}
	if a.bug == "new-name-each-time" {
		news.Delivery = cmp.Or(acmeSign(fmt.Sprint(time.Now().UnixNano()), body), news.Delivery)
	}
	return news, nil
}
