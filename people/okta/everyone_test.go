package okta_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestEveryone lists people of all statuses, by pages that are read when they
// are needed.
func TestEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{PageSize: 2})
	active := map[string]bool{}
	for i, status := range []string{"ACTIVE", "SUSPENDED", "DEPROVISIONED", "STAGED", "LOCKED_OUT"} {
		id := w.org.Add(oktafake.User{Status: status, Profile: profile(fmt.Sprintf("p%d@acme.example", i), "managerId", "00uboss")})
		active[id] = status != "SUSPENDED" && status != "DEPROVISIONED"
	}
	got, err := w.everyone(t)
	if err != nil || len(got) != len(active) {
		t.Fatalf("Everyone yields %d, %v, want %d", len(got), err, len(active))
	}
	for _, p := range got {
		if is, ok := active[p.ID]; !ok || is != p.Active {
			t.Errorf("%+v, want active %t", p, is)
		}
		delete(active, p.ID)
	}
	if asked := w.requests(); len(asked) != 3 {
		t.Errorf("it asked %q, want three pages and no managers", asked)
	}
	for range w.Everyone(t.Context()) {
		break
	}
	if asked := w.requests(); len(asked) != 1 {
		t.Errorf("for one person it asked %q, want one page", asked)
	}
}

// TestHalfAList checks that a list that breaks off is an error and not the end.
func TestHalfAList(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{PageSize: 1})
	for _, login := range []string{"a@acme.example", "b@acme.example", "c@acme.example"} {
		w.add(login)
	}
	linking := func(link string) fake.Rule {
		return fake.Rule{Path: "/api/v1/users", Skip: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			rw.Header().Set("Link", "<http://"+r.Host+r.RequestURI+`>; rel="self", <`+link+`>; rel="next"`)
			_, _ = rw.Write([]byte(`[]`))
		})}
	}
	for what, rule := range map[string]fake.Rule{
		"lost":                 {Path: "/api/v1/users", Skip: 1, Drop: fake.DropAfter},
		"not there":            {Path: "/api/v1/users", Skip: 1, Status: 404},
		"refused":              {Path: "/api/v1/users", Skip: 1, Status: 503},
		"link to another host": linking("https://evil.example/api/v1/users?after=1"),
		"link to another list": linking(w.env.BaseURL + "/api/v1/groups?after=1"),
		"link to no query":     linking(w.env.BaseURL + "/api/v1/users"),
		"link to no address":   linking("::"),
		"round":                linking(w.env.BaseURL + "/api/v1/users?after=1"),
		"null":                 after(1, answering("/api/v1/users", `null`)),
		"no list":              after(1, answering("/api/v1/users", `{}`)),
		"no user":              after(1, answering("/api/v1/users", `[{"profile": {}}]`)),
		"no status":            after(1, answering("/api/v1/users", `[{"id": "00u1"}]`)),
		"half a page":          after(1, answering("/api/v1/users", `[{"id": "00u1", "stat`)),
		"a strange one":        after(1, answering("/api/v1/users", `[{"id": "../groups", "status": "ACTIVE"}]`)),
	} {
		w.faults.Set(rule)
		got, err := w.everyone(t)
		wantKind(t, what, err, keyturn.Unavailable)
		if odd := strings.HasPrefix(what, "link to"); odd != strings.Contains(err.Error(), "the next page") {
			t.Errorf("%s: %v", what, err)
		}
		if len(got) != 1 {
			t.Errorf("%s: %d came first, want 1", what, len(got))
		}
	}
}

// TestJoinedLinks follows links that a proxy put into one header, to the org's
// own domain.
func TestJoinedLinks(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	w.add("b@acme.example")
	w.faults.Set(fake.Rule{Path: "/api/v1/users", Times: 1, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Link", `<https://acme.okta.com/api/v1/users?limit=1>; rel="self", <https://acme.okta.com/api/v1/users?limit=1&after=x>; rel="next"`)
		_, _ = rw.Write([]byte(`[{"id": "00u1", "status": "ACTIVE", "profile": {"email": "a@acme.example"}}]`))
	})})
	if got, err := w.everyone(t); err != nil || len(got) != 2 {
		t.Errorf("Everyone yields %d, %v, want both pages", len(got), err)
	}
	if asked := w.requests(); len(asked) != 2 || !strings.HasSuffix(asked[1], "after=x") {
		t.Errorf("it asked %q", asked)
	}
}
