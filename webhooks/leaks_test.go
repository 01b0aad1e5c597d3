package webhooks_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/webhooks"
)

// HearAlert implements webhooks.Temporal.
func (e *edge) HearAlert(_ context.Context, source, alert, event string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err != nil {
		return e.err
	}
	e.told = append(e.told, source+" "+alert+" "+event)
	return nil
}

// scanner is a source whose deliveries say in their bodies what they are.
type scanner struct{ leaks.Source }

func (scanner) Hear(_ context.Context, d leaks.Delivery) (leaks.News, error) {
	if d.Header.Get("Authorization") != secret {
		return leaks.News{}, keyturn.Errorf(keyturn.Denied, "scanner", "not ours")
	}
	switch body := string(d.Body); {
	case d.Path == "/types":
		return leaks.News{Answer: `{"types":[]}`, ContentType: "application/json", Status: http.StatusAccepted}, nil
	case d.Path != "":
		return leaks.News{}, keyturn.Errorf(keyturn.NotFound, "scanner", "no such endpoint")
	case body == "down":
		return leaks.News{}, keyturn.Errorf(keyturn.Unavailable, "scanner", "its keys cannot be had")
	case strings.HasPrefix(body, "alert "):
		return leaks.News{Event: body, Alert: strings.TrimPrefix(body, "alert ")}, nil
	case strings.HasPrefix(body, "value "):
		return leaks.News{Event: body, Findings: []leaks.Finding{{Value: keyturn.NewSecret(body)}}, Status: http.StatusNoContent}, nil
	case body == "ping":
		return leaks.News{}, nil
	}
	return leaks.News{}, keyturn.Errorf(keyturn.Invalid, "scanner", "no news")
}

// TestScannersAreHeard: what a delivery names is read by a workflow, and what it tells
// is recorded at once.
func TestScannersAreHeard(t *testing.T) {
	t.Parallel()
	e := newEdge(t)
	e.Leaks = map[string]leaks.Source{"scanner": scanner{}}
	reported := 0
	e.Report = func(_ context.Context, source string, found []leaks.Finding) error {
		if source != "scanner" || len(found) != 1 {
			t.Errorf("%s reports %d", source, len(found))
		}
		if e.err == nil {
			reported++
		}
		return e.err
	}
	outcomes := map[string][]webhooks.Outcome{}
	e.Count = func(source string, o webhooks.Outcome) { outcomes[source] = append(outcomes[source], o) }
	h := e.Handler()
	authorized := http.Header{"Authorization": {secret}}
	for _, c := range []struct {
		name, path, body string
		header           http.Header
		down             bool
		status           int
	}{
		{"forged", "", "alert 1", nil, false, http.StatusUnauthorized},
		{"not understood", "", "?", authorized, false, http.StatusBadRequest},
		{"too large", "", strings.Repeat("x", 2<<20+1), authorized, false, http.StatusRequestEntityTooLarge},
		{"what proves it cannot be had", "", "down", authorized, false, http.StatusServiceUnavailable},
		{"a handshake", "", "ping", authorized, false, http.StatusOK},
		{"an alert while Temporal is down", "", "alert 1", authorized, true, http.StatusServiceUnavailable},
		{"an alert", "", "alert 1", authorized, false, http.StatusOK},
		{"the same again", "", "alert 1", authorized, false, http.StatusOK},
		{"a value while the registry is down", "", "value 1", authorized, true, http.StatusServiceUnavailable},
		{"a value", "", "value 1", authorized, false, http.StatusNoContent},
		{"the value again", "", "value 1", authorized, false, http.StatusNoContent},
		{"a question", "/types", "", authorized, false, http.StatusAccepted},
		{"no such endpoint", "/other", "", authorized, false, http.StatusNotFound},
	} {
		e.err = nil
		if c.down {
			e.err = keyturn.Errorf(keyturn.Unavailable, "test", "down")
		}
		got := send(h, "/webhooks/leaks/scanner"+c.path, c.header, []byte(c.body))
		if got.Code != c.status {
			t.Errorf("%s: answered %d, want %d", c.name, got.Code, c.status)
		}
		if c.path == "/types" && (got.Body.String() != `{"types":[]}` || got.Header().Get("Content-Type") != "application/json") {
			t.Errorf("%s: answered %s", c.name, got.Body)
		}
	}
	if got := send(h, "/webhooks/leaks/none", authorized, nil); got.Code != http.StatusNotFound {
		t.Errorf("no such source: answered %d", got.Code)
	}
	if diff := cmp.Diff([]string{"scanner 1 alert 1"}, e.told); diff != "" || reported != 1 {
		t.Errorf("%d reported; told: %s", reported, diff)
	}
	want := map[string][]webhooks.Outcome{"leaks/scanner": {
		webhooks.Forged, webhooks.Malformed, webhooks.TooLarge, webhooks.Failed, webhooks.Ignored, webhooks.Failed, webhooks.Told, webhooks.Replayed,
		webhooks.Failed, webhooks.Told, webhooks.Replayed, webhooks.Ignored,
	}}
	if diff := cmp.Diff(want, outcomes); diff != "" {
		t.Error(diff)
	}
}
