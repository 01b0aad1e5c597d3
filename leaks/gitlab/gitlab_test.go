package gitlab_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitlab"
	"github.com/keyturn/keyturn/providers/fake"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	const keys = `"public_keys_url": "https://keys.example/all"`
	for settings, want := range map[string]string{
		byToken: "",
		signed:  "",
		`{"format": "token", "types": ["a"], "public": true}`: "",
		`{}`:                               "format",
		`{"format": "bearer"}`:             "format",
		`{"format": "token"}`:              "types",
		`{"format": "token", "types": []}`: "types",
		`{"format": "token", "types": ["a", ""]}`:                     "types",
		`{"format": "token", "types": "a"}`:                           "types",
		`{"format": "token", "types": ["a"],` + keys + `}`:            "public_keys_url",
		`{"format": "signed"}`:                                        "public_keys_url",
		`{"format": "signed", "public_keys_url": "http://a.example"}`: "https",
		`{"format": "signed", "public_keys_url": "https:///keys"}`:    "https",
		`{"format": "signed", "public_keys_url": "https://%zz"}`:      "https",
		`{"format": "signed", "types": ["a"],` + keys + `}`:           "types",
		`{"format": "signed", "public": false,` + keys + `}`:          "public",
		`{"format": "signed", "token": "a",` + keys + `}`:             "token",
	} {
		_, err := gitlab.Factory.New(leaks.Env{Decode: decode(settings)})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", settings, err, want)
		}
	}
}

// TestCheck reads the keys where there are any, and says the mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, byToken)
	if err := w.Check(t.Context()); err != nil || w.asked() != 0 {
		t.Errorf("an instance: %v", err)
	}
	w.reset(t, signed)
	for range 2 { // however soon
		if err := w.Check(t.Context()); err != nil || w.asked() != 1 {
			t.Errorf("a partner: %v", err)
		}
	}
	if _, err := w.partner(t, "k1", found); err != nil || w.asked() != 0 {
		t.Errorf("the keys are not kept: %v", err)
	}
	for what, c := range map[string]struct {
		rule  fake.Rule
		kind  keyturn.Kind
		words string
	}{
		"404":  {fake.Rule{Status: 404}, keyturn.NotFound, "public_keys_url"},
		"403":  {fake.Rule{Status: 403, Text: "CANARY"}, keyturn.Denied, "published"},
		"429":  {fake.Rule{Status: 429, Wait: keyturn.Duration(time.Minute)}, keyturn.RateLimited, "Too Many"},
		"lost": {fake.Rule{Drop: fake.DropAfter}, keyturn.Unavailable, "no answer"},
	} {
		w.faults.Set(c.rule)
		wantKind(t, what, w.Check(t.Context()), c.kind, c.words)
	}
	if _, err := w.partner(t, "k1", found); err != nil {
		t.Errorf("after a check that failed: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("called off: %v", err)
	}
	w.faults.Set()
	w.vendor.Withdraw()
	wantKind(t, "no keys", w.Check(t.Context()), keyturn.Unavailable, "P-256")
	w.env.WebhookSecret = keyturn.Secret{}
	for _, settings := range []string{byToken, signed} {
		w.reset(t, settings)
		wantKind(t, "no webhook secret", w.Check(t.Context()), keyturn.Unsupported, "webhook secret")
	}
}
