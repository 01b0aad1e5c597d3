package datadog_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/datadog"
	"github.com/keyturn/keyturn/providers/fake"
)

// uses reads what p says was done with a key.
func uses(t *testing.T, p providers.Provider, id string) (out []providers.Use, last error) {
	t.Helper()
	for u, err := range p.(providers.UseReader).Uses(t.Context(), providers.UseQuery{ID: id, Since: time.Unix(0, 0)}) {
		if last = err; err == nil {
			out = append(out, u)
		}
	}
	return out, last
}

// TestUsesOfHalfATrail checks that what Datadog cut short is told from the whole,
// and that what it found is told none the less.
func TestUsesOfHalfATrail(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 1)
	id := h.l.Live("")[0].ID
	const data = `"data":[{"id":"e1","type":"audit","attributes":{"timestamp":"2026-01-02T03:04:05Z","attributes":{"evt":{"name":"Dashboard"},"action":"modified"}}}]`
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for meta, want := range map[string]keyturn.Kind{
		`{"status":"done"}`: "", `{}`: "",
		`{"status":"timeout"}`: keyturn.Unavailable,
		`{"status":"done","warnings":[{"code":"unknown_index"}]}`: keyturn.Unavailable,
	} {
		h.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{` + data + `,"meta":` + meta + `}`))
		})})
		got, err := uses(t, h.p, id)
		if diff := cmp.Diff([]providers.Use{{ID: "e1", At: at, What: "Dashboard modified"}}, got); diff != "" || keyturn.KindOf(err) != want {
			t.Errorf("meta %s: %v, want kind %q; uses (-want +got):\n%s", meta, err, want, diff)
		}
	}
	h.faults.Set(fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"data":[],"meta":{"page":{"after":"x"}}}`))
	})})
	if _, err := uses(t, h.p, id); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("pages that go round in a circle: %v, want Unavailable", err)
	}
}

// TestUsesRefusedNameTheMend checks that the mend is named where Datadog refuses, and
// only there.
func TestUsesRefusedNameTheMend(t *testing.T) {
	t.Parallel()
	h := newWorld(t, 1)
	h.faults.Set(fake.Rule{Path: "/api/v2/audit/", Status: 403})
	if _, err := uses(t, h.p, h.l.Live("")[0].ID); keyturn.KindOf(err) != keyturn.Denied || !strings.Contains(err.Error(), "audit_logs_read") {
		t.Errorf("an audit log that may not be read: %v, want Denied with the scope it takes", err)
	}
	p, err := datadog.Factory.New(providers.Env{Decode: decode(config), Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
		return providers.Credential{}, keyturn.Errorf(keyturn.Denied, "vault: read", "no")
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := uses(t, p, h.l.Live("")[0].ID); err == nil || strings.Contains(err.Error(), "audit_logs_read") {
		t.Errorf("a store that refuses: %v, want its own error", err)
	}
	if _, err := uses(t, p, "* OR x"); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("an id that is a query: %v, want Invalid", err)
	}
}
