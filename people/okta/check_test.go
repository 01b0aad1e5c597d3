package okta_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestCheck checks that what is wrong is told with its mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	wantKind(t, "Check where the token shows nobody", w.Check(t.Context()), keyturn.Denied, "resource set")
	w.add("ann@acme.example")
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	w.faults.Set(refusing("/api/v1/users", 403))
	wantKind(t, "Check without users", w.Check(t.Context()), keyturn.Denied, "okta.users.read")
	w.faults.Set(refusing("/api/v1/groups", 403))
	wantKind(t, "Check without groups", w.Check(t.Context()), keyturn.Denied, "okta.groups.read")
	w.faults.Set()
	for token, c := range map[string]struct {
		kind  keyturn.Kind
		words string
	}{"00another": {keyturn.Denied, "make a new one"}, "": {keyturn.Invalid, "empty"}, "00token\n": {keyturn.Invalid, "line break"}, "SSWS 00token": {keyturn.Invalid, "alone"}} {
		w.token = token
		wantKind(t, "Check with token "+token, w.Check(t.Context()), c.kind, c.words)
	}
	w.lost = keyturn.Errorf(keyturn.NotFound, "vault: read", "nothing there")
	_, err := w.Person(t.Context(), "ann@acme.example")
	wantKind(t, "Person without a token", err, keyturn.Denied, "does not exist")
	w.lost = errors.New("sealed")
	wantKind(t, "Check while the store is away", w.Check(t.Context()), keyturn.Unavailable)
}

// TestAccessToken shows an access token as one.
func TestAccessToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{OAuth: true})
	w.add("ann@acme.example")
	wantKind(t, "an access token as API token", w.Check(t.Context()), keyturn.Denied, "auth")
	if err := w.reset(t, strings.Replace(config, "{", `{"auth": "oauth", `, 1)).Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

// TestEachMethodOnceAndHonest makes every method meet what may go wrong. None
// asks again.
func TestEachMethodOnceAndHonest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("ann@acme.example")
	w.org.AddGroup(oktafake.Group{Name: "payments", Members: []string{id}})
	for name, do := range map[string]func(context.Context) error{
		"Person":     func(ctx context.Context) error { _, err := w.Person(ctx, "ann@acme.example"); return err },
		"PersonByID": func(ctx context.Context) error { _, err := w.PersonByID(ctx, id); return err },
		"Team":       func(ctx context.Context) error { _, err := w.Team(ctx, "payments"); return err },
		"Check":      w.Check,
		"EndSessions": func(ctx context.Context) error {
			_, err := w.ender().EndSessions(ctx, people.Person{ID: id})
			return err
		},
		"Everyone": func(ctx context.Context) error {
			for _, err := range w.Everyone(ctx) {
				return err
			}
			return nil
		},
	} {
		for what, c := range map[string]struct {
			rule fake.Rule
			kind keyturn.Kind
		}{
			"401":        {fake.Rule{Status: 401, Text: "ann@acme.example"}, keyturn.Denied},
			"403":        {fake.Rule{Status: 403, Text: "ann@acme.example"}, keyturn.Denied},
			"400":        {fake.Rule{Status: 400, Text: "ann@acme.example"}, keyturn.Invalid},
			"429":        {fake.Rule{Status: 429, Text: "ann@acme.example"}, keyturn.RateLimited},
			"500":        {fake.Rule{Status: 500, Text: "ann@acme.example"}, keyturn.Unavailable},
			"a redirect": {fake.Rule{Status: 302}, keyturn.Unavailable},
			"lost":       {fake.Rule{Drop: fake.DropAfter}, keyturn.Unavailable},
			"prose":      {answering("/", "<html>"), keyturn.Unavailable},
			"null":       {answering("/", "null"), keyturn.Unavailable},
			"a 404":      {answeringAs("/", 404, "<html>"), keyturn.Unavailable},
			"no path":    {refusingAs("/", 404, "E0000008"), keyturn.Unavailable},
			"another":    {answering("/", `"ann@acme.example"`), keyturn.Unavailable},
		} {
			w.faults.Set(c.rule)
			w.requests()
			wantKind(t, name+" and "+what, do(t.Context()), c.kind)
			if asked := w.requests(); len(asked) != 1 {
				t.Errorf("%s and %s: asked %q", name, what, asked)
			}
		}
		w.faults.Set()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := do(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("%s that is called off: %v", name, err)
		}
		if err := do(t.Context()); err != nil {
			t.Errorf("%s in the end: %v", name, err)
		}
	}
}

// TestThrottled waits until Okta's window ends, by Okta's clock.
func TestThrottled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	date := func(after time.Duration) string { return w.now.Add(after).Format(http.TimeFormat) }
	for what, c := range map[string]struct {
		date, reset, after string
		want               time.Duration
	}{
		"by its clock":     {date(time.Hour), "1795514430", "", 30 * time.Second},
		"by ours":          {"?", "1795510830", "", 30 * time.Second},
		"just over":        {date(0), "1795510800", "", time.Second},
		"far off":          {date(0), "1895510800", "", 5 * time.Minute},
		"no word":          {date(0), "", "", 0},
		"the other header": {date(0), "soon", "7", 7 * time.Second},
	} {
		w.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			rw.Header().Set("Date", c.date)
			rw.Header().Set("X-Rate-Limit-Reset", c.reset)
			rw.Header().Set("Retry-After", c.after)
			rw.WriteHeader(http.StatusTooManyRequests)
		})})
		var e *keyturn.Error
		if err := w.Check(t.Context()); !errors.As(err, &e) || e.Kind != keyturn.RateLimited || e.RetryAfter != c.want {
			t.Errorf("%s: %v after %v, want %v", what, err, e.RetryAfter, c.want)
		}
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token": {"store": "vault", "path": "a"}`
	for settings, want := range map[string]string{
		`{"domain": "acme.okta.com", ` + token + `}`:                    "",
		`{"domain": "id.acme.example", "auth": "oauth", ` + token + `}`: "",
		`{` + token + `}`: "domain",
		`{"domain": "https://acme.okta.com", ` + token + `}`:           "domain",
		`{"domain": "acme", ` + token + `}`:                            "domain",
		`{"domain": "acme.okta.com"}`:                                  "token",
		`{"domain": "acme.okta.com", "token": "00abc"}`:                "token",
		`{"domain": "acme.okta.com", "auth": "bearer", ` + token + `}`: "auth",
		`{"domain": "acme.okta.com", "teams": {}, ` + token + `}`:      "teams",
	} {
		_, err := okta.Factory.New(people.Env{Decode: decode(settings)})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", settings, err, want)
		}
	}
}
