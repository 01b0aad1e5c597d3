package gitguardian_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/gitguardian"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
)

// recorder notes the headers of each request, and matches them all.
func recorder(got *[]string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		*got = append(*got, r.Header.Get("Authorization")+" "+r.Header.Get("X-Privacy-Mode")+";")
		return true
	}
}

// TestCheck checks that what is wrong is told with its mend.
func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, gitguardianfake.Options{})
	if err := w.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
	if err := newWorld(t, withPublic, gitguardianfake.Options{Public: true}).Check(t.Context()); err != nil {
		t.Errorf("Check with Public Monitoring: %v", err)
	}
	wantKind(t, "Check where it lacks", newWorld(t, withPublic, gitguardianfake.Options{}).Check(t.Context()), keyturn.Denied, "Public Monitoring")
	for _, lacking := range []string{"incidents:read", "incidents:write"} {
		scopes := strings.Fields(strings.Replace("scan incidents:read incidents:write", lacking, "", 1))
		wantKind(t, "Check without "+lacking, newWorld(t, config, gitguardianfake.Options{Scopes: scopes}).Check(t.Context()), keyturn.Denied, lacking)
	}
	readOnly := newWorld(t, config, gitguardianfake.Options{Scopes: []string{"incidents:read"}})
	readOnly.space.Find(gitguardianfake.Incident{Hash: hash})
	wantKind(t, "Close that may only read", readOnly.close(t.Context(), "1", leaks.Revoked, ""), keyturn.Denied, "incidents:write")
	for token, c := range map[string]struct {
		kind  keyturn.Kind
		words string
	}{"another": {keyturn.Denied, "make a new one"}, "": {keyturn.Invalid, "empty"}, "ggtt-v-fake\n": {keyturn.Invalid, "line break"}} {
		w.token = token
		wantKind(t, "Check with token "+token, w.Check(t.Context()), c.kind, c.words)
	}
	w.lost = keyturn.Errorf(keyturn.NotFound, "vault: read", "nothing there")
	wantKind(t, "Close without a token", w.close(t.Context(), "1", leaks.Revoked, ""), keyturn.Denied, "does not exist")
	w.lost = errors.New("sealed")
	wantKind(t, "Check while the store is away", w.Check(t.Context()), keyturn.Unavailable)
	w.lost, w.token = nil, "ggtt-v-fake"
	for path, body := range map[string]string{"/v1/api_tokens": `{}`, "/v1/incidents": `null`} {
		w.faults.Set(answering(path, 200, body))
		wantKind(t, "Check of nothing", w.Check(t.Context()), keyturn.Unavailable)
	}
}

// TestSettings names what is wrong with them.
func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{config: "", withPublic: "", `{}`: "token", `{"token": {"store": "vault"}}`: "token", `{"tokn": {}}`: "settings"} {
		_, err := gitguardian.Factory.New(leaks.Env{Decode: decode(settings)})
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want it to name %q", settings, err, want)
		}
	}
}
