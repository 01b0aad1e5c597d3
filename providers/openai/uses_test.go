package openai_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/openai"
	"github.com/keyturn/keyturn/providers/openai/openaifake"
)

// uses reads what p says was done with key_1 of a principal.
func uses(t *testing.T, p any, principal string, since time.Time) (out []providers.Use, last error) {
	t.Helper()
	q := providers.UseQuery{Principal: principal, ID: "key_1", Since: since}
	for u, err := range p.(providers.UseReader).Uses(t.Context(), q) {
		if last = err; err == nil {
			out = append(out, u)
		}
	}
	return out, last
}

// TestUsesCountsCallsByTheHour checks that calls of the models are a line for each
// hour and model, the same whenever they are read.
func TestUsesCountsCallsByTheHour(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	hour := time.Now().UTC().Truncate(time.Hour).Add(-5 * time.Hour)
	for _, u := range []fake.Use{
		{Key: "key_1", At: hour.Add(10 * time.Minute), What: "completions: 3 requests, gpt-5"},
		{Key: "key_1", At: hour.Add(50 * time.Minute), What: "completions: 4 requests, gpt-5"},
		{Key: "key_1", At: hour.Add(51 * time.Minute), What: "completions: 1 requests, o9"},
		{Key: "key_1", At: hour.Add(70 * time.Minute), What: "images: 9 requests, gpt-image-1"},
		{Key: "key_2", At: hour.Add(70 * time.Minute), What: "images: 2 requests, gpt-image-1"},
		{Key: "key_1", ID: "audit_log-1", At: hour.Add(72 * time.Minute), What: "api_key.deleted"},
	} {
		w.l.AddUse(u)
	}
	next := hour.Add(time.Hour)
	want := []providers.Use{
		{At: hour, What: "completions: 7 requests, gpt-5"},
		{At: hour, What: "completions: 1 requests, o9"},
		{At: next, What: "images: 9 requests, gpt-image-1"},
		{ID: "audit_log-1", At: hour.Add(72 * time.Minute), What: "api_key.deleted"},
	}
	first, err := uses(t, w.p, principal, hour)
	wantKind(t, "Uses", err, "")
	ids := map[string]bool{}
	for i, u := range first {
		if ids[u.ID] || u.ID == "" {
			t.Errorf("%+v has no id of its own", u)
		}
		if ids[u.ID] = true; i < 3 {
			first[i].ID = ""
		}
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("uses (-want +got):\n%s", diff)
	}
	// The hour under way at the moment asked about is told as of then.
	since := hour.Add(20 * time.Minute)
	again, err := uses(t, w.p, principal, since)
	wantKind(t, "Uses since a moment within an hour", err, "")
	for i, u := range again {
		if !ids[u.ID] || u.At.Before(since) || i < 2 && !u.At.Equal(since) {
			t.Errorf("since %v: %+v, want an id it had before, and no time before that", since, u)
		}
	}
	// An admin key makes no calls of models, and is not asked about them.
	w.asked = nil
	if _, err := uses(t, w.p, "admin", hour); err != nil || len(w.asked) != 1 || !strings.Contains(w.asked[0], "/audit_logs") {
		t.Errorf("Uses of an admin key: %v, asked %v", err, w.asked)
	}
}

// TestUsesBelievesNoOtherKeys checks that lines about another key than the one asked
// about are not taken for its own.
func TestUsesBelievesNoOtherKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	const usage = `{"object":"page","data":[{"start_time":1754000000,"results":[{"num_model_requests":1,"api_key_id":%}]}],"has_more":false,"next_page":null}`
	for _, key := range []string{`null`, `"key_2"`} {
		w.faults.Set(fake.Rule{Path: "/v1/organization/usage/", Answer: answer(200, strings.Replace(usage, "%", key, 1))})
		got, err := uses(t, w.p, principal, time.Now())
		if wantKind(t, "usage of "+key, err, keyturn.Unavailable); len(got) != 0 {
			t.Errorf("usage of %s: %+v, want nothing", key, got)
		}
	}
	line := `{"object":"list","data":[{"id":"audit_log-1","type":"invite.sent","effective_at":1754000000,"actor":{"type":"api_key","api_key":{"id":"%"},"session":{"ip_address":"203.0.113.9"}}}],"has_more":false}`
	w.faults.Set(fake.Rule{Path: "/v1/organization/audit_logs", Answer: answer(200, strings.Replace(line, "%", "key_1", 1))})
	got, err := uses(t, w.p, "admin", time.Now())
	wantKind(t, "an audit log", err, "")
	if diff := cmp.Diff([]providers.Use{{ID: "audit_log-1", At: time.Unix(1754000000, 0).UTC(), From: "203.0.113.9", What: "invite.sent"}}, got); diff != "" {
		t.Errorf("a line with an address (-want +got):\n%s", diff)
	}
	w.faults.Set(fake.Rule{Path: "/v1/organization/audit_logs", Answer: answer(200, strings.Replace(line, "%", "key_2", 1))})
	_, err = uses(t, w.p, "admin", time.Now())
	wantKind(t, "an audit log of another key", err, keyturn.Unavailable)
}

// TestUsesRefusedNameTheMend checks that what is lacking is named where OpenAI says
// that something is, and only there.
func TestUsesRefusedNameTheMend(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, openaifake.New)
	for what, c := range map[string]struct {
		rule fake.Rule
		says string
	}{
		"usage":          {fake.Rule{Path: "/v1/organization/usage/", Status: 403}, "api.usage.read"},
		"the audit log":  {fake.Rule{Path: "/v1/organization/audit_logs", Status: 403}, "data controls"},
		"the key itself": {fake.Rule{Status: 401}, "Unauthorized"},
	} {
		w.faults.Set(c.rule)
		_, err := uses(t, w.p, principal, time.Now())
		if wantKind(t, what+" refused", err, keyturn.Denied); err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s refused: %v, want it to say %q", what, err, c.says)
		}
	}
	p, err := openai.Factory.New(providers.Env{
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Credential: func(context.Context, keyturn.SecretRef) (providers.Credential, error) {
			return providers.Credential{}, &keyturn.Error{Kind: keyturn.Denied, Op: "vault: read", Message: "Forbidden"}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := uses(t, p, principal, time.Now()); err == nil || !strings.Contains(err.Error(), "vault: read") {
		t.Errorf("a store that refuses: %v, want its own error", err)
	}
}
