package peopletest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/people"
)

// acme is a directory for Acme. With bug empty it is right; every other bug makes
// it wrong in one way, to see the suite notice.
type acme struct {
	env people.Env
	bug string
}

func acmeWorld(bug string) World {
	return World{Config: `{}`, Fake: serveAcme, Factory: people.Factory{Name: "acme", New: func(env people.Env) (people.Directory, error) {
		return &acme{env, bug}, nil
	}}}
}

// call makes one request.
func (a *acme) call(ctx context.Context, op, method, path string, out any) error {
	if ctx.Err() != nil && a.bug == "ignores-cancel" {
		return keyturn.Errorf(keyturn.Unavailable, op, "cancelled")
	}
	_, token, err := a.env.Secret(ctx, keyturn.SecretRef{})
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound && a.bug != "no-credential-is-gone":
		return keyturn.Errorf(keyturn.Denied, op, "there is no credential")
	case err != nil:
		return err
	}
	req, err := exchange.NewRequest(ctx, op, method, a.env.BaseURL+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	answer, err := exchange.Ask(ctx, op, a.env.HTTP, req, 1<<20)
	if err != nil && a.bug == "no-answer-is-final" && ctx.Err() == nil {
		return keyturn.Errorf(keyturn.Invalid, op, "no answer")
	}
	if err != nil {
		return err
	}
	if answer.Status == 503 && a.bug == "retries" {
		_, _ = exchange.Ask(ctx, op, a.env.HTTP, req, 1<<20)
	}
	err = answer.Err(op)
	var e *keyturn.Error
	switch {
	case errors.As(err, &e) && a.bug == "quotes-body":
		e.Message = string(answer.Body)
	case errors.As(err, &e) && a.bug == "names-token":
		e.Message = "refused " + token.Expose()
	case errors.As(err, &e) && a.bug == "drops-retry-after":
		e.RetryAfter = 0
	case err != nil && a.bug == "plain-errors":
		return errors.New(err.Error())
	case err == nil && out != nil && json.Unmarshal(answer.Body, out) != nil:
		kind := keyturn.Unavailable
		if a.bug == "garbage-is-nobody" {
			kind = keyturn.NotFound
		}
		return keyturn.Errorf(kind, op, "the answer is not the documented one")
	}
	return err
}

func acmeList[T any](ctx context.Context, a *acme, op, path string) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for from, fails := 0, 0; ; {
			var page struct {
				Items []T
				Next  int
			}
			err := a.call(ctx, op, http.MethodGet, path+"&from="+strconv.Itoa(from), &page)
			if err == nil && page.Items == nil && a.bug != "believes-silence" {
				err = keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
			}
			switch fails++; {
			case err != nil && a.bug == "swallows-errors":
				return
			case err != nil && a.bug == "goes-on" && fails < 3:
				if !yield(none, err) {
					return
				}
				continue
			case err != nil:
				yield(none, err)
				return
			}
			for _, x := range page.Items {
				if !yield(x, nil) {
					return
				}
			}
			if from = page.Next; from == 0 || a.bug == "first-page" {
				return
			}
		}
	}
}

func (a *acme) show(ctx context.Context, op string, p acmePerson, whole bool) (people.Person, error) {
	if p.ID == "" || p.Active == nil {
		if a.bug == "believes-silence" {
			return people.Person{}, nil
		}
		return people.Person{}, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	out := people.Person{ID: p.ID, Email: people.Address(p.Email), Name: p.Name, Active: *p.Active || a.bug == "all-active"}
	if a.bug != "no-aliases" {
		out.Aliases = p.Aliases
	}
	if a.bug == "writes-as-kept" {
		out.Email = p.Email
	}
	if whole && p.Manager != "" && a.bug != "no-manager" {
		var boss acmePerson
		if err := a.call(ctx, op, http.MethodGet, "/persons/"+p.Manager, &boss); err != nil {
			return people.Person{}, err
		}
		out.Manager = people.Address(boss.Email)
	}
	return out, nil
}

func (a *acme) Person(ctx context.Context, email string) (people.Person, error) {
	const op = "acme: person"
	for p, err := range acmeList[acmePerson](ctx, a, op, "/persons?email="+url.QueryEscape(people.Address(email))) {
		if err != nil {
			return people.Person{}, err
		}
		if !*p.Active && a.bug == "inactive-is-gone" {
			break
		}
		return a.show(ctx, op, p, true)
	}
	switch a.bug {
	case "quotes-address":
		return people.Person{}, keyturn.Errorf(keyturn.NotFound, op, "there is no %s", email)
	case "gone-is-invalid":
		return people.Person{}, keyturn.Errorf(keyturn.Invalid, op, "no such person")
	case "finds-by-prefix":
		for p := range a.Everyone(ctx) {
			if strings.HasPrefix(p.Email, people.Address(email)) {
				return p, nil
			}
		}
	}
	return people.Person{}, keyturn.Errorf(keyturn.NotFound, op, "no such person")
}

var acmeID = regexp.MustCompile(`^u[0-9]+$`)

func (a *acme) PersonByID(ctx context.Context, id string) (people.Person, error) {
	const op = "acme: person by id"
	if !acmeID.MatchString(id) && a.bug != "raw-ids" {
		return people.Person{}, keyturn.Errorf(keyturn.NotFound, op, "no such person")
	}
	var p acmePerson
	err := a.call(ctx, op, http.MethodGet, "/persons/"+id, &p)
	if a.bug == "remembers" && keyturn.KindOf(err) == keyturn.NotFound {
		return people.Person{ID: id, Email: "old" + domain}, nil
	}
	if err != nil {
		return people.Person{}, err
	}
	out, err := a.show(ctx, op, p, true)
	if a.bug == "other-id" {
		out.ID = "x" + out.ID
	}
	return out, err
}

func (a *acme) Everyone(ctx context.Context) iter.Seq2[people.Person, error] {
	const op = "acme: everyone"
	return func(yield func(people.Person, error) bool) {
		list := acmeList[acmePerson](ctx, a, op, "/persons?")
		if a.bug == "reads-ahead" {
			all := map[int]acmePerson{}
			for p := range list {
				all[len(all)] = p
			}
			list = func(yield func(acmePerson, error) bool) {
				for _, p := range all {
					if !yield(p, nil) {
						return
					}
				}
			}
		}
		for p, err := range list {
			var out people.Person
			if err == nil {
				out, err = a.show(ctx, op, p, false)
			}
			if a.bug == "only-active" && err == nil && !out.Active {
				continue
			}
			if !yield(out, err) {
				return
			}
		}
	}
}

func (a *acme) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "acme: team"
	for t, err := range acmeList[acmeTeam](ctx, a, op, "/teams?name="+url.QueryEscape(name)) {
		if err != nil {
			return people.Team{}, err
		}
		out := people.Team{Name: t.Name}
		for _, p := range t.Members {
			if *p.Active || a.bug == "all-members" {
				out.Members = append(out.Members, people.Address(p.Email))
			}
		}
		for _, p := range t.Leads {
			out.Leads = append(out.Leads, people.Address(p.Email))
		}
		if a.bug == "members-lead" {
			out.Leads = out.Members
		}
		return out, nil
	}
	if a.bug == "any-team" {
		return people.Team{Name: name}, nil
	}
	return people.Team{}, keyturn.Errorf(keyturn.NotFound, op, "no such team")
}

func (a *acme) Check(ctx context.Context) error {
	if a.bug == "check-fails" {
		return keyturn.Errorf(keyturn.Denied, "acme: check", "never good")
	}
	for _, err := range acmeList[acmePerson](ctx, a, "acme: check", "/persons?") {
		return err
	}
	return nil
}

func (a *acme) EndSessions(ctx context.Context, p people.Person) ([]string, error) {
	const op = "acme: end sessions"
	if a.bug == "gone-is-an-error" {
		if _, err := a.PersonByID(ctx, p.ID); err != nil {
			return nil, err
		}
	}
	of := url.QueryEscape(p.ID)
	var all []acmeSession
	for s, err := range acmeList[acmeSession](ctx, a, op, "/sessions?of="+of) {
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	if a.bug == "ends-one" {
		all = all[:min(len(all), 1)]
	}
	for _, s := range all {
		err := a.call(ctx, op, http.MethodDelete, "/sessions/"+s.ID, nil)
		if err != nil && (keyturn.KindOf(err) != keyturn.NotFound || a.bug == "ended-is-an-error") {
			if a.bug == "believes-lost" && keyturn.KindOf(err) == keyturn.Unavailable {
				return nil, nil
			}
			return nil, err
		}
	}
	return []string{fmt.Sprintf("%d sessions", len(all))}, nil
}

func (a *acme) Hear(d people.Delivery) (people.News, error) {
	const op = "acme: hear"
	if a.env.WebhookSecret.IsZero() && a.bug != "believes-no-secret" {
		return people.News{}, keyturn.Errorf(keyturn.Unsupported, op, "no webhook is set up")
	}
	if !slices.Contains(d.Header["Acme-Token"], a.env.WebhookSecret.Expose()) && a.bug != "believes-anybody" {
		return people.News{}, keyturn.Errorf(keyturn.Denied, op, "the token is wrong")
	}
	return people.News{Missed: true}, nil
}

func (a *acme) Subscribe(context.Context, string) (time.Time, error) {
	if a.env.WebhookSecret.IsZero() && a.bug != "subscribes-anyway" {
		return time.Time{}, keyturn.Errorf(keyturn.Unsupported, "acme: subscribe", "no webhook is set up")
	}
	return a.env.Now().Add(time.Hour), nil
}
