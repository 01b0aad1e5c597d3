package entra_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// Graph leaves out what an application may not read. That must not pass for
// somebody who may not sign in; nor may a 404 that is none of Graph's.
func TestNobodyLeavesByMistake(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	for _, x := range []struct {
		what   string
		answer http.HandlerFunc
		want   keyturn.Kind
	}{
		{"accountEnabled left out", func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, http.StatusOK, map[string]any{"id": id, "userPrincipalName": "ada@corp.example", "accountEnabled": nil})
		}, keyturn.Denied},
		{"a proxy's 404", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusNotFound) }, keyturn.Unavailable},
		{"no id", func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, http.StatusOK, map[string]any{"userPrincipalName": "ada@corp.example", "accountEnabled": false})
		}, keyturn.Unavailable},
	} {
		w.faults.Set(fake.Rule{Path: "/v1.0/", Answer: x.answer})
		_, err := w.PersonByID(t.Context(), id)
		wantKind(t, x.what, err, x.want)
		_, err = w.Person(t.Context(), "ada@corp.example")
		wantKind(t, x.what, err, x.want)
	}
}

// An access token must be shown nowhere else than at Graph.
func TestPagesElsewhere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	for _, next := range []string{
		"https://graph.microsoft.com.evil.example/v1.0/users?x=1", "https://evil.example/v1.0/users", "/v1.0/users?x=1",
		"https://graph.microsoft.com/beta/users?x=1", "https://graph.microsoft.com@evil.example/v1.0/users",
	} {
		w.faults.Set(fake.Rule{Path: "/v1.0/users", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, http.StatusOK, map[string]any{"value": []any{}, "@odata.nextLink": next})
		})})
		w.take()
		for _, err := range w.Everyone(t.Context()) {
			wantKind(t, next, err, keyturn.Unavailable)
		}
		if calls := slices.DeleteFunc(w.take(), func(c string) bool { return strings.HasSuffix(c, "/token") }); len(calls) != 1 {
			t.Errorf("with the next page at %s the requests were %q, want one", next, calls)
		}
	}
	// A page that is its own next one would never end.
	var self string
	w.faults.Set(fake.Rule{Path: "/v1.0/users", Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		self = w.url + r.URL.RequestURI()
		fake.JSON(rw, http.StatusOK, map[string]any{"value": []any{}, "@odata.nextLink": self})
	})})
	for _, err := range w.Everyone(t.Context()) {
		wantKind(t, "a circle", err, keyturn.Unavailable)
	}
}

func TestTokenIsKeptWhileItMayBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	for _, step := range []struct {
		what   string
		before func()
		fresh  int
	}{
		{"first", func() {}, 1},
		{"second", func() {}, 0},
		{"shortly before its end", func() { w.advance(56 * time.Minute) }, 1},
		{"with another client secret", func() { w.tenant.Secret = "another" }, 1},
		{"again", func() {}, 0},
	} {
		step.before()
		w.take()
		_, err := w.PersonByID(t.Context(), id)
		wantKind(t, step.what, err, "")
		if n := len(w.take()) - 1; n != step.fresh {
			t.Errorf("the %s call signed in %d times, want %d", step.what, n, step.fresh)
		}
	}
	w.tenant.Forget()
	_, err := w.PersonByID(t.Context(), id)
	wantKind(t, "a token Graph refuses", err, keyturn.Denied)
	_, err = w.PersonByID(t.Context(), id)
	wantKind(t, "a fresh token", err, "")
}

func TestCheckNamesThePermission(t *testing.T) {
	t.Parallel()
	for part, want := range map[string]string{
		"/v1.0/groups": "GroupMember.Read.All", "/oauth2PermissionGrants": "DelegatedPermissionGrant.ReadWrite.All", "/v1.0/users": "User.Read.All",
	} {
		w := newWorld(t)
		w.ada()
		if err := w.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		w.faults.Set(fake.Rule{Status: http.StatusForbidden, Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, part) || r.URL.Path == part }})
		err := w.Check(t.Context())
		wantKind(t, part, err, keyturn.Denied)
		if err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
}
