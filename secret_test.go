package keyturn_test

import (
	"bytes"
	"encoding/base64"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
)

const canary = "CANARY-5ecre7"

// leaked reports whether text holds the canary as it is, in base64 or in hex.
func leaked(text string) bool {
	return strings.Contains(text, canary) ||
		strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(canary))) ||
		strings.Contains(strings.ToLower(text), fmt.Sprintf("%x", canary))
}

func TestSecretDoesNotPrint(t *testing.T) {
	t.Parallel()
	s := keyturn.NewSecret(canary)
	holder := struct {
		S keyturn.Secret
		P *keyturn.Secret
	}{s, &s}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%10s"} {
		for _, v := range []any{s, &s, holder, []keyturn.Secret{s}, map[string]keyturn.Secret{"k": s}} {
			if out := fmt.Sprintf(verb, v); leaked(out) {
				t.Errorf("Sprintf(%q, %T) prints the value", verb, v)
			}
		}
	}
	if !leaked(s.Expose()) {
		t.Error("Expose does not return the value, so this test proves nothing")
	}
}

func TestSecretDoesNotEncode(t *testing.T) {
	t.Parallel()
	s := keyturn.NewSecret(canary)
	holder := struct{ S keyturn.Secret }{s}
	if out, err := json.Marshal(holder); err == nil || leaked(string(out)) {
		t.Errorf("json: %s, %v", out, err)
	}
	if out, err := json.Marshal(map[string]keyturn.Secret{"k": s}); err == nil || leaked(string(out)) {
		t.Errorf("json map: %s, %v", out, err)
	}
	if out, err := xml.Marshal(holder); err == nil || leaked(string(out)) {
		t.Errorf("xml: %s, %v", out, err)
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(holder); err == nil || leaked(b.String()) {
		t.Errorf("gob: %q, %v", b.String(), err)
	}
}

func TestSecretDoesNotLog(t *testing.T) {
	t.Parallel()
	s := keyturn.NewSecret(canary)
	var b bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(h).Info("a key", "secret", s, "in", struct{ S keyturn.Secret }{s}, "ptr", &s, "list", []keyturn.Secret{s})
	}
	if leaked(b.String()) {
		t.Errorf("the value was logged: %s", b.String())
	}
	if !strings.Contains(b.String(), "[secret]") {
		t.Errorf("nothing shows that something was held back: %s", b.String())
	}
}

func TestIn(t *testing.T) {
	t.Parallel()
	a := keyturn.NewSecret("value")
	if !a.In("a value in a text") || a.In("val") || (keyturn.Secret{}).In("anything") {
		t.Error("values are found wrongly")
	}
}

func TestEqual(t *testing.T) {
	t.Parallel()
	a := keyturn.NewSecret("value")
	if !a.Equal(keyturn.NewSecret("value")) || a.Equal(keyturn.NewSecret("other")) || a.Equal(keyturn.Secret{}) {
		t.Error("values are compared wrongly")
	}
}

// TestHiddenFieldsPrintNothing: fmt calls no methods of unexported fields.
func TestHiddenFieldsPrintNothing(t *testing.T) {
	t.Parallel()
	const value = "CANARY-value"
	type deep struct{ secret keyturn.Secret }
	held := struct {
		one  keyturn.Secret
		many []deep
		keys map[string]deep
	}{keyturn.NewSecret(value), []deep{{keyturn.NewSecret(value)}}, map[string]deep{"k": {keyturn.NewSecret(value)}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		if text := fmt.Sprintf(verb, held); strings.Contains(text, value) || strings.Contains(text, hex.EncodeToString([]byte(value))) {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
