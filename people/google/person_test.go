package google_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/providers/fake"
)

func TestPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	id := w.fake.Put(googlefake.User{
		Email: "Siobhan.O'Neill@acme.example", Aliases: []string{"SON@acme.example", "siobhan.o'neill@acme.example"}, Fixed: []string{"son@acme.test"},
		Name: "Siobhan O'Neill", Manager: "Boss@acme.example",
	})
	want := people.Person{
		ID: id, Email: "siobhan.o'neill@acme.example", Aliases: []string{"son@acme.example", "son@acme.test"},
		Name: "Siobhan O'Neill", Manager: "boss@acme.example", Active: true,
	}
	for _, email := range []string{"siobhan.o'neill@acme.example", "son@acme.test"} {
		got, err := w.d.Person(t.Context(), email)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("Person(%s): %v (-want +got):\n%s", email, err, diff)
		}
	}
	w.fake.Put(googlefake.User{ID: id, Email: "son@acme.example", Archived: true, Manager: "the boss"})
	got, err := w.d.PersonByID(t.Context(), id)
	if err != nil || got.Active || got.Manager != "" {
		t.Errorf("archived: %+v, %v", got, err)
	}
}

// TestNoMoreThanNeeded checks that Google is not asked for what is nobody's business.
func TestNoMoreThanNeeded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.fake.Put(googlefake.User{Email: "ada@acme.example"})
	_, _ = w.d.Person(t.Context(), "ada@acme.example")
	for range w.d.Everyone(t.Context()) {
	}
	_, _ = w.d.Team(t.Context(), "orders")
	asked := w.take()
	if len(asked) != 4 {
		t.Errorf("asked %q, want 4 requests", asked)
	}
	for _, a := range asked {
		if !strings.Contains(a, "fields=") {
			t.Errorf("%s asks for everything", a)
		}
	}
}

// TestElsewhere asks about an address of another organisation, which Google forbids
// rather than not finding it.
func TestElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.fake.Put(googlefake.User{Email: "ada@acme.example"})
	_, err := w.d.Person(t.Context(), "o'ada@elsewhere.example")
	wantKind(t, "Person of elsewhere", err, keyturn.NotFound)
	if asked := w.take(); len(asked) != 2 || !strings.Contains(asked[1], "query=email%3D%27o%5C%27ada%40elsewhere.example%27") {
		t.Errorf("asked %q, want one more request, that searches", asked)
	}
	w.faults.Set(fake.Rule{Match: at("/users/ada@acme.example"), Status: 403, Text: "Not Authorized"})
	if p, err := w.d.Person(t.Context(), "ada@acme.example"); err != nil || p.Email != "ada@acme.example" {
		t.Errorf("somebody whom only a search finds is %+v, %v", p, err)
	}
	w.faults.Set(fake.Rule{Match: func(r *http.Request) bool { return r.URL.Path != "/token" }, Status: 403, Text: "Not Authorized"})
	_, err = w.d.Person(t.Context(), "ada@acme.example")
	wantKind(t, "Person without the privilege", err, keyturn.Denied)
}

// TestNoFalseLeaver checks answers that must make nobody a leaver.
func TestNoFalseLeaver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	id := w.fake.Put(googlefake.User{Email: "ada@acme.example"})
	api := func(r *http.Request) bool { return r.URL.Path != "/token" }
	for name, c := range map[string]struct {
		match  func(*http.Request) bool
		answer http.Handler
		want   keyturn.Kind
	}{
		"a 404 of no API":         {api, saying(404, "<html>"), keyturn.Unavailable},
		"a 404 of no token API":   {at("/token"), saying(404, `{"error":{"code":404}}`), keyturn.Unavailable},
		"somebody else":           {api, saying(200, `{"kind":"admin#directory#user","id":"77","primaryEmail":"eve@acme.example"}`), keyturn.Unavailable},
		"nobody":                  {api, saying(200, `{"kind":"admin#directory#user"}`), keyturn.Unavailable},
		"a listing of something":  {api, saying(200, `{"kind":"admin#directory#groups"}`), keyturn.Unavailable},
		"throttling called 403":   {api, problem(403, "quotaExceeded"), keyturn.RateLimited},
		"an API that is disabled": {api, problem(403, "accessNotConfigured"), keyturn.Denied},
	} {
		w.pass(time.Hour) // the next call fetches a token
		w.faults.Set(fake.Rule{Match: c.match, Answer: c.answer})
		_, err := w.d.Person(t.Context(), "ada@acme.example")
		wantKind(t, "Person: "+name, err, c.want)
		_, err = w.d.PersonByID(t.Context(), id)
		wantKind(t, "PersonByID: "+name, err, c.want)
		n := 0
		for _, err := range w.d.Everyone(t.Context()) {
			wantKind(t, "Everyone: "+name, err, c.want)
			n++
		}
		if n != 1 {
			t.Errorf("Everyone: %s: %d steps, want the error alone", name, n)
		}
	}
	w.faults.Set(fake.Rule{Match: at("/users"), Answer: problem(404, "notFound")})
	for _, err := range w.d.Everyone(t.Context()) {
		wantKind(t, "Everyone of no account", err, keyturn.Denied)
	}
}

// TestEveryoneWithDeleted checks that an address whose owner was deleted, and that was
// given to somebody else, is that person's only.
func TestEveryoneWithDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{PageSize: 2})
	yesterday := w.time().Add(-24 * time.Hour)
	ann := w.fake.Put(googlefake.User{Email: "ann@acme.example", Aliases: []string{"sales@acme.example"}})
	bob := w.fake.Put(googlefake.User{Email: "bob@acme.example", Suspended: true})
	cat := w.fake.Put(googlefake.User{Email: "cat@acme.example", Aliases: []string{"sales@acme.example", "cats@acme.example"}, Deleted: yesterday})
	w.fake.Put(googlefake.User{Email: "Ann@acme.example", Deleted: yesterday})
	var got []people.Person
	for p, err := range w.d.Everyone(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	want := []people.Person{
		{ID: ann, Email: "ann@acme.example", Aliases: []string{"sales@acme.example"}, Active: true},
		{ID: bob, Email: "bob@acme.example"},
		{ID: cat, Email: "cat@acme.example", Aliases: []string{"cats@acme.example"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Everyone (-want +got):\n%s", diff)
	}
}

// TestDeletedIsNotActive checks either sign of it: the time, and the listing.
func TestDeletedIsNotActive(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.faults.Set(fake.Rule{Match: at("/users/7"), Answer: saying(200, `{"id":"7","primaryEmail":"ada@acme.example","deletionTime":"2026-11-24T00:00:00Z"}`)})
	if p, err := w.d.PersonByID(t.Context(), "7"); err != nil || p.Active {
		t.Errorf("somebody with a time of deletion is %+v, %v", p, err)
	}
	w.faults.Set(fake.Rule{
		Match:  func(r *http.Request) bool { return r.FormValue("showDeleted") == "true" },
		Answer: saying(200, `{"kind":"admin#directory#users","users":[{"id":"7","primaryEmail":"ada@acme.example"}]}`),
	})
	n := 0
	for p, err := range w.d.Everyone(t.Context()) {
		if n++; err != nil || p.Active {
			t.Errorf("somebody among the deleted is %+v, %v", p, err)
		}
	}
	if n != 1 {
		t.Errorf("%d persons, want one", n)
	}
}

// TestWait reads how long Google asks to wait, in a header or in the answer.
func TestWait(t *testing.T) {
	t.Parallel()
	w := newWorld(t, googlefake.Options{})
	w.faults.Set(fake.Rule{Match: at("/users/7"), Answer: saying(403, `{"error":{"code":403,"errors":[{"reason":"rateLimitExceeded"}],
		"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"9s"}]}}`)})
	_, err := w.d.PersonByID(t.Context(), "7")
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != keyturn.RateLimited || e.RetryAfter != 9*time.Second {
		t.Errorf("%#v, want to wait 9s", err)
	}
}
