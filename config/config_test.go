package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyturn/keyturn/config"
)

func file(t *testing.T, text string, mode os.FileMode) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadQuotesNoLine(t *testing.T) {
	t.Parallel()
	var v struct {
		A string `yaml:"a"`
	}
	err := config.Load(file(t, "a: x\nurl: postgres://user:CANARY@host/db\n", 0o600), &v)
	if err == nil || !strings.Contains(err.Error(), ":2:1:") || strings.Contains(err.Error(), "CANARY") {
		t.Errorf("got %v", err)
	}
	if err := config.Load(file(t, "a: x\n", 0o600), &v); err != nil || v.A != "x" {
		t.Errorf("got %q, %v", v.A, err)
	}
}

func TestSecretFiles(t *testing.T) {
	t.Parallel()
	if s, err := config.Secret(file(t, "value\r\n", 0o600)); err != nil || s.Expose() != "value" {
		t.Errorf("got %q, %v", s.Expose(), err)
	}
	for name, c := range map[string]struct{ path, says string }{
		"readable by others": {file(t, "value", 0o640), "chmod 600"},
		"empty":              {file(t, "\n", 0o600), "empty"},
		"missing":            {filepath.Join(t.TempDir(), "none"), "none"},
	} {
		if _, err := config.Secret(c.path); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestKey32(t *testing.T) {
	t.Parallel()
	good := base64.StdEncoding.EncodeToString(make([]byte, 32))
	if k, err := config.Key32(file(t, good+"\n", 0o600)); err != nil || len(k) != 32 {
		t.Errorf("got %d bytes, %v", len(k), err)
	}
	for _, text := range []string{"not base64!", base64.StdEncoding.EncodeToString(make([]byte, 16))} {
		if _, err := config.Key32(file(t, text, 0o600)); err == nil || strings.Contains(err.Error(), text) {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func TestRegistryIsExactlyOne(t *testing.T) {
	t.Parallel()
	for name, r := range map[string]config.Registry{
		"none": {}, "both": {Postgres: &config.Postgres{URLFile: "x"}, SQLite: &config.SQLite{Path: "y"}},
	} {
		if _, err := r.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "exactly one") {
			t.Errorf("%s: got %v", name, err)
		}
	}
	s, err := config.Registry{SQLite: &config.SQLite{Path: filepath.Join(t.TempDir(), "r.db")}}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
}
