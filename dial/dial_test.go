package dial_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/keyturn/keyturn/dial"
)

func newKey(t *testing.T) []byte {
	t.Helper()
	k := make([]byte, 32)
	if _, err := rand.Read(k); err != nil {
		t.Fatal(err)
	}
	return k
}

func ring(t *testing.T, active string, keys map[string][]byte) *dial.Ring {
	t.Helper()
	r, err := dial.NewRing(active, keys)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPayloadsAreEncryptedAndKeysCanChange(t *testing.T) {
	t.Parallel()
	a, b := newKey(t), newKey(t)
	first, _ := dial.Converters(ring(t, "a", map[string][]byte{"a": a}))
	p, err := first.ToPayload("alice@example.com")
	if err != nil || strings.Contains(protojson.Format(p), "alice") {
		t.Fatalf("%v, %v", p, err)
	}
	second, _ := dial.Converters(ring(t, "b", map[string][]byte{"a": a, "b": b}))
	var got string
	if err := second.FromPayload(p, &got); err != nil || got != "alice@example.com" {
		t.Errorf("after the key changed: %q, %v", got, err)
	}
	third, _ := dial.Converters(ring(t, "b", map[string][]byte{"b": b}))
	if err := third.FromPayload(p, &got); err == nil || !strings.Contains(err.Error(), `"a"`) {
		t.Errorf("a missing key is not named: %v", err)
	}
	plain, _ := dial.Converters(nil)
	old, err := plain.ToPayload("before encryption")
	if err != nil {
		t.Fatal(err)
	}
	if err := second.FromPayload(old, &got); err != nil || got != "before encryption" {
		t.Errorf("a payload from before encryption: %q, %v", got, err)
	}
}

func TestTamperedPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	r := ring(t, "a", map[string][]byte{"a": newKey(t)})
	sealed, err := r.Encode([]*commonpb.Payload{{Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	for name, break_ := range map[string]func(*commonpb.Payload){
		"a flipped bit": func(p *commonpb.Payload) { p.Data[len(p.Data)-1] ^= 1 },
		"cut short":     func(p *commonpb.Payload) { p.Data = p.Data[:5] },
		"nothing":       func(p *commonpb.Payload) { p.Data = nil },
		"another key":   func(p *commonpb.Payload) { p.Metadata["keyturn-key-id"] = []byte("b") },
	} {
		p := &commonpb.Payload{Metadata: map[string][]byte{}, Data: bytes.Clone(sealed[0].Data)}
		for k, v := range sealed[0].Metadata {
			p.Metadata[k] = bytes.Clone(v)
		}
		break_(p)
		if _, err := r.Decode([]*commonpb.Payload{p}); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestFailuresAreEncrypted(t *testing.T) {
	t.Parallel()
	_, fc := dial.Converters(ring(t, "a", map[string][]byte{"a": newKey(t)}))
	f := fc.ErrorToFailure(temporal.NewApplicationError("alice's key is refused", "denied", errors.New("cause: alice")))
	if strings.Contains(protojson.Format(f), "alice") {
		t.Errorf("the failure is readable: %s", protojson.Format(f))
	}
	if err := fc.FailureToError(f); err == nil || !strings.Contains(err.Error(), "alice's key is refused") {
		t.Errorf("it does not come back: %v", err)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", base64.StdEncoding.EncodeToString(newKey(t))+"\n", 0o600)
	keys := func(active string, k ...dial.Key) dial.Config {
		return dial.Config{Encryption: &dial.Encryption{Active: active, Keys: k}}
	}
	for name, c := range map[string]struct {
		config dial.Config
		wrong  string // what the error says; empty is success
		loud   bool
	}{
		"no encryption":           {dial.Config{}, "", true},
		"encryption":              {keys("a", dial.Key{ID: "a", File: good}), "", false},
		"unknown active key":      {keys("b", dial.Key{ID: "a", File: good}), `"b"`, false},
		"the same id twice":       {keys("a", dial.Key{ID: "a", File: good}, dial.Key{ID: "a", File: good}), "twice", false},
		"readable by others":      {keys("a", dial.Key{ID: "a", File: file("open", "x", 0o644)}), "chmod 600", false},
		"not a key":               {keys("a", dial.Key{ID: "a", File: file("short", "c2hvcnQ=", 0o600)}), "32 bytes", false},
		"no such file":            {keys("a", dial.Key{ID: "a", File: filepath.Join(dir, "none")}), "none", false},
		"certificate, no key":     {dial.Config{TLS: &dial.TLS{CertFile: good}}, "go together", true},
		"CA that is none":         {dial.Config{TLS: &dial.TLS{CAFile: good}}, "PEM", true},
		"API key implies TLS":     {dial.Config{APIKeyFile: good}, "", true},
		"TLS with system's roots": {dial.Config{TLS: &dial.TLS{}}, "", true},
	} {
		var log bytes.Buffer
		opts, err := dial.Options(c.config, slog.New(slog.NewTextHandler(&log, nil)))
		if (c.wrong == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: error %v, want %q", name, err, c.wrong)
		}
		if loud := strings.Contains(log.String(), "NOT ENCRYPTED"); loud != c.loud {
			t.Errorf("%s: said that payloads are not encrypted: %t", name, loud)
		}
		if err == nil && (opts.DataConverter == nil || opts.FailureConverter == nil || opts.HostPort == "") {
			t.Errorf("%s: incomplete options %+v", name, opts)
		}
		if err == nil && (c.config.APIKeyFile != "" || c.config.TLS != nil) && opts.ConnectionOptions.TLS == nil {
			t.Errorf("%s: no TLS", name)
		}
	}
}
