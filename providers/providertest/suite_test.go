package providertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
)

// serve speaks Acme's API over l.
func serve(l *fake.Ledger, tokens bool) http.Handler {
	show := func(k fake.Key, value string) acmeKey {
		return acmeKey{ID: k.ID, Principal: k.Principal, Name: k.Label, Value: value, Active: k.Enabled, Created: k.Created, Used: k.LastUsed}
	}
	fail := func(w http.ResponseWriter, err error) {
		switch {
		case errors.Is(err, fake.ErrFull):
			fake.Refuse(w, nil, 409, 0, "too many keys")
		case err != nil:
			fake.Refuse(w, nil, 404, 0, "no such thing")
		}
	}
	bearer := func(r *http.Request) string { return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ") }
	api := http.NewServeMux()
	api.HandleFunc("POST /v1/keys", func(w http.ResponseWriter, r *http.Request) {
		var in acmeKey
		_ = json.NewDecoder(r.Body).Decode(&in)
		k, err := l.Mint("acme", fake.Draft{Principal: in.Principal, Label: in.Name})
		if err != nil {
			fail(w, err)
			return
		}
		fake.JSON(w, 201, show(k, k.Secret))
	})
	api.HandleFunc("GET /v1/keys", func(w http.ResponseWriter, r *http.Request) {
		if p := r.FormValue("principal"); p != "" && !l.HasPrincipal(p) {
			fail(w, fake.ErrNoPrincipal)
			return
		}
		from, _ := strconv.Atoi(r.FormValue("after"))
		keys, next, more := fake.Page(l.Live(r.FormValue("principal")), from, 40)
		out := map[string]any{"keys": []acmeKey{}, "next": ""}
		for _, k := range keys {
			out["keys"] = append(out["keys"].([]acmeKey), show(k, ""))
		}
		if more {
			out["next"] = strconv.Itoa(next)
		}
		fake.JSON(w, 200, out)
	})
	api.HandleFunc("GET /v1/keys/{id}", func(w http.ResponseWriter, r *http.Request) {
		if k, ok := l.Find(r.PathValue("id")); ok {
			fake.JSON(w, 200, show(k, ""))
			return
		}
		fail(w, fake.ErrNoKey)
	})
	api.HandleFunc("PATCH /v1/keys/{id}", func(w http.ResponseWriter, r *http.Request) {
		var in acmeKey
		_ = json.NewDecoder(r.Body).Decode(&in)
		fail(w, l.SetEnabled("acme", "", r.PathValue("id"), in.Active))
	})
	api.HandleFunc("DELETE /v1/keys/{id}", func(w http.ResponseWriter, r *http.Request) {
		fail(w, l.Revoke("acme", "", r.PathValue("id")))
	})
	api.HandleFunc("POST /v1/burn", func(w http.ResponseWriter, r *http.Request) {
		var in acmeKey
		_ = json.NewDecoder(r.Body).Decode(&in)
		k, _ := l.FindSecret(in.Value)
		fail(w, l.Revoke("acme", "", k.ID))
	})
	api.HandleFunc("GET /v1/grants", func(w http.ResponseWriter, _ *http.Request) {
		fake.JSON(w, 200, map[string][]string{"grants": {"keys:read", "keys:write"}})
	})
	api.HandleFunc("GET /v1/log", func(w http.ResponseWriter, r *http.Request) {
		from, _ := strconv.Atoi(r.FormValue("after"))
		uses, next, more := fake.Page(l.Uses(r.FormValue("key")), from, 40)
		out := map[string]any{"lines": append([]fake.Use{}, uses...), "next": ""}
		if more {
			out["next"] = strconv.Itoa(next)
		}
		fake.JSON(w, 200, out)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/whoami", func(w http.ResponseWriter, r *http.Request) {
		k, ok := l.Authenticate(bearer(r))
		if !ok {
			fake.Refuse(w, r, 401, 0, bearer(r))
			return
		}
		fake.JSON(w, 200, show(k, ""))
	})
	mux.HandleFunc("POST /v1/token", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := l.Admin(bearer(r)); !ok {
			fake.Refuse(w, r, 401, 0, bearer(r))
			return
		}
		fake.JSON(w, 200, map[string]string{"token": canary + "-token"})
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if _, ok := l.Admin(bearer(r)); !ok && (!tokens || bearer(r) != canary+"-token") {
			fake.Refuse(w, r, 401, 0, bearer(r))
			return
		}
		api.ServeHTTP(w, r)
	})
	return mux
}

// variants are the kinds of vendor the suite must suit.
func variants() map[string]variant {
	return map[string]variant{
		"labels":     {labels: true, settle: time.Minute},
		"principals": {labels: true, principal: "user-%d"},
		"two-slots":  {max: 2, principal: "user-%d", settle: time.Second},
		"tokens":     {labels: true, tokens: true},
		"partly":     {labels: true, principal: "everybody", values: true},
	}
}

func (v variant) harness(bug string) Harness {
	h := Harness{
		Factory:   v.factory(bug),
		Config:    `{"admin": {"store": "vault", "path": "keyturn/acme"}}`,
		Fake:      func(l *fake.Ledger) http.Handler { return serve(l, v.tokens) },
		Principal: v.principal,
	}
	h.Expect = map[string]keyturn.Kind{"Identify 401": keyturn.NotFound, "Identify 403": keyturn.NotFound}
	if v.values {
		h.Unsupported = []string{providers.CanIdentify, providers.CanRevokeValue, providers.CanReadUses, providers.CanLocate}
	}
	if v.tokens {
		h.Auth = func(r *http.Request) bool { return r.URL.Path == "/v1/token" }
	}
	return h
}

// TestSoundProvider runs the suite as providers do.
func TestSoundProvider(t *testing.T) {
	t.Parallel()
	for name, v := range variants() {
		t.Run(name, func(t *testing.T) { Run(t, v.harness("")) })
	}
}

// TestEveryQuestionCanFail breaks the provider in one way after another: the
// question that is there for it must fail, and every question must be there
// for something.
func TestEveryQuestionCanFail(t *testing.T) {
	t.Parallel()
	bugs := []struct{ bug, question, variant string }{
		{"renamed", "Info", "labels"},
		{"lost-capability", "Info", "labels"},
		{"lenient-settings", "Settings", "labels"},
		{"verify-anything", "MintThenVerify", "labels"},
		{"logs-value", "MintThenVerify", "labels"},
		{"mints-twice", "MintIsRecorded", "labels"},
		{"no-label", "MintIsRecorded", "labels"},
		{"full-is-a-conflict", "Slots", "two-slots"},
		{"disable-noop", "SuspendAndResume", "labels"},
		{"gone-is-an-error", "RevokeTwice", "labels"},
		{"revoke-noop", "RevokeTwice", "labels"},
		{"revoke-noop", "RevokedIsRefused", "labels"},
		{"remembers-verdicts", "RevokedIsRefused", "labels"},
		{"used-now", "LastUsed", "labels"},
		{"refused-is-trouble", "Settles", "labels"},
		{"remembers-verdicts", "Settles", "two-slots"},
		{"identifies-anything", "Identify", "labels"},
		{"stranger-is-trouble", "Identify", "principals"},
		{"stranger-is-trouble", "Statuses", "labels"},
		{"believes-silence-about-ids", "BrokenAnswers", "labels"},
		{"burn-noop", "RevokeValue", "labels"},
		{"burnt-is-an-error", "RevokeValue", "principals"},
		{"remembers-verdicts", "RevokedIsRefused", "partly"},
		{"burn-noop", "Statuses", "labels"},
		{"burn-noop", "OneRequest", "labels"},
		{"burn-noop", "Cancelled", "labels"},
		{"grants-anything", "Permissions", "labels"},
		{"grants-nothing", "Permissions", "labels"},
		{"needs-nothing", "Permissions", "labels"},
		{"checks-by-minting", "Permissions", "labels"},
		{"grants-anything", "Statuses", "labels"},
		{"grants-anything", "CredentialFails", "labels"},
		{"grants-twice", "OneRequest", "labels"},
		{"uses-of-anybody", "Uses", "labels"},
		{"uses-after", "Uses", "labels"},
		{"uses-ever", "Uses", "principals"},
		{"uses-renumbered", "Uses", "labels"},
		{"uses-unnumbered", "Uses", "labels"},
		{"uses-of-the-living", "Uses", "labels"},
		{"sends-value", "Uses", "labels"},
		{"drops-agent", "Uses", "labels"},
		{"first-page", "UsesFollowPages", "labels"},
		{"reads-all", "UsesStopEarly", "labels"},
		{"half-list", "UsesFailMidway", "labels"},
		{"silent-log", "Statuses", "labels"},
		{"silent-log", "CredentialFails", "labels"},
		{"locates-anything", "Locate", "labels"},
		{"located-nobody", "Locate", "principals"},
		{"all-enabled", "Locate", "labels"},
		{"lost-is-trouble", "Locate", "labels"},
		{"trouble-is-lost", "NoAnswer", "labels"},
		{"half-supported", "Unsupported", "partly"},
		{"first-page", "ListFollowsPages", "labels"},
		{"all-enabled", "ListTellsTheTruth", "labels"},
		{"reads-all", "ListStopsEarly", "labels"},
		{"half-list", "ListFailsMidway", "labels"},
		{"ignores-principal", "Principals", "labels"},
		{"ignores-principal", "Principals", "principals"},
		{"no-label", "LostMint", "principals"},
		{"revoke-noop", "LostMint", "two-slots"},
		{"mints-twice", "LostMint", "principals"},
		{"no-answer-is-final", "NoAnswer", "labels"},
		{"quotes-body", "Statuses", "labels"},
		{"quotes-body-in-hex", "Statuses", "labels"},
		{"drops-retry-after", "Statuses", "labels"},
		{"plain-errors", "Statuses", "labels"},
		{"token-trouble-is-invalid", "AuthStatuses", "tokens"},
		{"retries", "OneRequest", "labels"},
		{"mints-twice", "OneRequest", "two-slots"},
		{"ignores-cancel", "Cancelled", "labels"},
		{"believes-anything", "BrokenAnswers", "labels"},
		{"believes-silence", "BrokenAnswers", "labels"},
		{"reads-everything", "HugeAnswers", "labels"},
		{"follows-redirects", "Redirects", "labels"},
		{"redirect-is-success", "Redirects", "labels"},
		{"unknown-is-never", "UnknownKey", "labels"},
		{"raw-ids", "StrangeIDs", "labels"},
		{"own-credential-error", "CredentialFails", "labels"},
		{"no-credential-is-gone", "CredentialFails", "labels"},
		{"keeps-credential", "CredentialRotates", "labels"},
		{"shared-state", "Concurrent", "labels"},
	}
	caught := map[string]bool{}
	for _, b := range bugs {
		caught[b.question] = true
		t.Run(b.question+"/"+b.bug, func(t *testing.T) {
			t.Parallel()
			i := slices.IndexFunc(questions(), func(q question) bool { return q.name == b.question })
			if i < 0 {
				t.Fatalf("there is no question %s", b.question)
			}
			if failures := ask(t, questions()[i], variants()[b.variant].harness(b.bug)); len(failures) == 0 {
				t.Errorf("a provider with the bug %q passes", b.bug)
			} else {
				t.Log(failures[0])
			}
		})
	}
	for _, q := range questions() {
		if !caught[q.name] {
			t.Errorf("nothing shows that the question %s can fail; give it a bug", q.name)
		}
	}
}

// TestLacksSkipsQuestions checks that a vendor is asked only what it offers,
// and that what it lacks is not forgotten.
func TestLacksSkipsQuestions(t *testing.T) {
	t.Parallel()
	h := variants()["labels"].harness("lost-capability")
	h.Lacks = []string{
		providers.CanMint, providers.CanList, providers.CanVerify, providers.CanSuspend, providers.CanRevoke, providers.CanLastUsed,
		providers.CanIdentify, providers.CanRevokeValue, providers.CanCheckPermissions, providers.CanReadUses, providers.CanLocate,
	}
	for _, q := range questions() {
		if q.applies(h) != (len(q.needs) == 0) {
			t.Errorf("question %s: applies = %t, needs %v", q.name, q.applies(h), q.needs)
		}
		if q.applies(h) {
			if failures := ask(t, q, h); len(failures) > 0 {
				t.Errorf("a provider that only introduces itself fails %s: %v", q.name, failures)
			}
		}
	}
	h.Lacks = append(h.Lacks, "fly")
	if failures := ask(t, questions()[0], h); len(failures) == 0 {
		t.Error("a capability nobody knows passes in Lacks")
	}
}

// ask puts one question and returns what it complained of.
func ask(t *testing.T, q question, h Harness) []string {
	rec := &recorder{TB: t, ctx: t.Context()}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer rec.clean()
		defer func() {
			if p := recover(); p != nil {
				rec.Errorf("panic: %v", p)
			}
		}()
		q.ask(rec, h)
	}()
	<-done
	return rec.failures
}

// recorder is a testing.TB that writes failures down instead of failing.
type recorder struct {
	testing.TB
	ctx context.Context

	mu       sync.Mutex
	failures []string
	cleanups []func()
}

func (r *recorder) Helper()                  {}
func (r *recorder) Context() context.Context { return r.ctx }
func (r *recorder) Error(args ...any)        { r.Errorf("%s", fmt.Sprint(args...)) }
func (r *recorder) Fatal(args ...any)        { r.Error(args...); runtime.Goexit() }

func (r *recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatalf(format string, args ...any) {
	r.Errorf(format, args...)
	runtime.Goexit()
}

func (r *recorder) Cleanup(f func()) { r.cleanups = append(r.cleanups, f) }

func (r *recorder) clean() {
	for _, f := range slices.Backward(r.cleanups) {
		f()
	}
}
