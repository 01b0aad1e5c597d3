package main

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/providers"
)

var somewhere = keyturn.Issuer{Provider: "aws", Account: "123456789012"}

func TestCheckIsShown(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		res  activities.CheckAccountResult
		want []string
	}{
		"granted and missing": {activities.CheckAccountResult{Title: "AWS", Checked: true, Capabilities: []string{"mint"}, Permissions: []providers.Permission{
			{Name: "iam:ListUsers", Granted: true, Need: "list keys"}, {Name: "iam:ListAccessKeys", Need: "find orphans"},
		}}, []string{"✓", "✗ missing  iam:ListAccessKeys  find orphans", "can: mint"}},
		"no way to ask": {activities.CheckAccountResult{Checked: true}, []string{"the credential works"}},
		"no credential": {activities.CheckAccountResult{}, []string{"nothing was asked"}},
	} {
		var b bytes.Buffer
		if err := writeCheck(&b, somewhere, c.res); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(b.String(), want) {
				t.Errorf("%s: no %q in\n%s", name, want, b.String())
			}
		}
	}
}

func TestKnownProviders(t *testing.T) {
	t.Parallel()
	for provider, want := range map[string]bool{"aws": false, "manual": true, "identitycenter": true, "stripe": false, "nobody": false} {
		if byHand(provider) != want {
			t.Errorf("%s: by hand %t, want %t", provider, !want, want)
		}
	}
	day := keyturn.Policy{Overlap: keyturn.Duration(24 * time.Hour)}
	for provider, want := range map[string]time.Duration{"aws": 24 * time.Hour, "gcp": 49 * time.Hour, "okta": 24 * time.Hour, "nobody": 24 * time.Hour} {
		if got := atLeastLag(provider, day); time.Duration(got) != want {
			t.Errorf("%s: overlap %s, want %s", provider, got, want)
		}
	}
}

func TestCheckFailuresNameTheMend(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"no worker answers for aws/123456789012": temporal.NewTimeoutError(enumspb.TIMEOUT_TYPE_SCHEDULE_TO_START, nil),
		"replace it in its store":                temporal.NewNonRetryableApplicationError("refused", string(keyturn.Denied), nil),
		"no answer":                              temporal.NewApplicationError("no answer", string(keyturn.Unavailable)),
		"did not end well":                       errors.New("who knows"),
	} {
		if got := checkFailed(somewhere, err).Error(); !strings.Contains(got, want) {
			t.Errorf("got %q, want it to say %q", got, want)
		}
	}
}
