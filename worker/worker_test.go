package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
)

const good = `
registry: {sqlite: {path: registry.db}}
stores:
  default: {local: {dir: values, create: true}}
providers:
  - {provider: datadog, account: acme, settings: {api_key: {path: a}, application_key: {path: b}}}
`

func write(t *testing.T, dir, name, text string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// command runs the worker's main with arguments.
func command(args ...string) (status int, out, errOut string) {
	var o, e bytes.Buffer
	status = run(context.Background(), args, &o, &e)
	return status, o.String(), e.String()
}

func TestCheckConfig(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string
		status int
		says   []string
	}{
		"good":                 {good, 0, []string{"ok"}},
		"unknown field":        {good + "lisen: x\n", 1, []string{"lisen", "worker.yaml:7:1"}},
		"repeated field":       {good + "listen: a\nlisten: b\n", 1, []string{"listen"}},
		"wrong type":           {good + "listen: [a]\n", 1, []string{"worker.yaml:7:"}},
		"bad duration":         {good + "drain: soon\n", 1, []string{"soon", "15m"}},
		"no registry":          {strings.Replace(good, "registry: {sqlite: {path: registry.db}}", "", 1), 1, []string{"registry.postgres.url_file"}},
		"two registries":       {strings.Replace(good, "{sqlite", "{postgres: {url_file: x}, sqlite", 1), 1, []string{"exactly one"}},
		"no stores":            {"registry: {sqlite: {path: x}}\n", 1, []string{"stores"}},
		"a store that is two":  {strings.Replace(good, "{local:", "{vault: {address: x}, local:", 1), 1, []string{"stores.default"}},
		"an account twice":     {good + "  - {provider: datadog, account: acme}\n", 1, []string{"datadog/acme is there twice"}},
		"an account half":      {good + "  - {provider: datadog}\n", 1, []string{"providers[1]"}},
		"a negative rate":      {good + "  - {provider: aws, account: a, rate: -1}\n", 1, []string{"negative"}},
		"a relative command":   {good + "synthetic: {commands: [bin/x]}\n", 1, []string{"absolute"}},
		"no such level":        {good + "log: {level: loud}\n", 1, []string{"loud", "debug"}},
		"no such format":       {good + "log: {format: xml}\n", 1, []string{"xml", "json"}},
		"several at once":      {"log: {level: loud}\n", 1, []string{"loud", "stores", "registry"}},
		"not YAML":             {"a: [", 1, []string{"worker.yaml"}},
		"a secret in the file": {strings.Replace(good, "{sqlite: {path: registry.db}}", "{postgres: {url: postgres://u:p@h/d}}", 1), 1, []string{"url"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := write(t, t.TempDir(), "worker.yaml", c.text)
			status, out, errOut := command("-config", path, "-check-config")
			if status != c.status {
				t.Errorf("status %d, want %d: %s%s", status, c.status, out, errOut)
			}
			for _, s := range c.says {
				if !strings.Contains(out+errOut, s) {
					t.Errorf("it does not say %q: %s%s", s, out, errOut)
				}
			}
		})
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{"-help": 0, "-providers": 0, "-nonsense": 2, "extra": 2, "-config none.yaml": 1} {
		status, out, errOut := command(strings.Fields(args)...)
		if status != want || out+errOut == "" {
			t.Errorf("%s: status %d, want %d; it said %q", args, status, want, out+errOut)
		}
	}
	if _, out, _ := command("-providers"); !strings.Contains(out, "aws\n") {
		t.Errorf("-providers lists %q", out)
	}
}

// TestWiringNamesWhatIsWrong: mistakes that only show when things are opened.
func TestWiringNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ change, into, says string }{
		"unknown provider": {"provider: datadog", "provider: dadadog", "dadadog"},
		"unknown setting":  {"{api_key:", "{colour: red, api_key:", "colour"},
		"bad key file":     {"stores:", "fingerprint_key_file: /nonexistent/key\nstores:", "fingerprint_key_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := strings.ReplaceAll(strings.ReplaceAll(good, "registry.db", filepath.Join(dir, "r.db")), "dir: values", "dir: "+filepath.Join(dir, "values"))
			c2, err := load(write(t, dir, "worker.yaml", strings.Replace(text, c.change, c.into, 1)))
			if err != nil {
				t.Fatal(err)
			}
			log, _ := c2.Log.logger(io.Discard)
			m, err := newMetrics()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := wire(t.Context(), c2, log, m); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want it to say %q", err, c.says)
			}
		})
	}
}

func entryFile(id, path, rotated string) string {
	now := time.Now().UTC()
	return fmt.Sprintf("key_id: %s\ndescription: For the tests of the worker\nowner_team: t\nowner_individual: a@example.com\ncreated_at: %s\n%sexpiration: %s\n"+
		"scope: {provider: datadog, account_id: acme, permissions: [read]}\nstorage: {vault_path: %s}\naudit: {rotation_frequency_days: 90}\n",
		id, now.Format(time.RFC3339), rotated, now.AddDate(0, 6, 0).Format(time.RFC3339), path)
}

func TestCheckEntries(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, values := filepath.Join(dir, "r.db"), filepath.Join(dir, "values")
	config := write(t, dir, "worker.yaml", strings.ReplaceAll(strings.ReplaceAll(good, "registry.db", db), "dir: values", "dir: "+values))
	store, err := local.Open(t.Context(), local.Config{Dir: values, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"secret/taken", "secret/changed"} {
		err := store.Put(t.Context(), keyturn.SecretRef{Path: path}, secrets.Value{RemoteID: "x", Secret: keyturn.NewSecret("v")})
		if err != nil {
			t.Fatal(err)
		}
	}
	keys, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"gone", "changed"} {
		k := keyturn.Key{
			ID: keyturn.KeyID(id + "-key"), Scope: keyturn.Scope{Provider: "datadog", Account: "acme"},
			Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + id}},
			Ledger:  []keyturn.Issued{{Generation: 1, RemoteID: id, Version: "v1", State: keyturn.Current}},
		}
		if _, err := keys.Save(t.Context(), k, registry.Event{ID: id, Key: k.ID, What: registry.Applied, At: time.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	_ = keys.Close()
	rotated := "last_rotated: " + time.Now().UTC().Format(time.RFC3339) + "\n"
	for id, text := range map[string]string{
		"fresh": entryFile("fresh-key", "secret/fresh", ""), "taken": entryFile("taken-key", "secret/taken", ""),
		"lost": entryFile("lost-key", "secret/lost", rotated), "gone": entryFile("gone-key", "secret/gone", ""),
		"changed": entryFile("changed-key", "secret/changed", ""),
	} {
		write(t, dir, "keys/"+id+".yaml", text)
	}
	status, out, errOut := command("-config", config, "-check-entries", filepath.Join(dir, "keys"))
	for _, want := range []string{"taken.yaml:", "already", "lost.yaml:", "nothing is stored", "gone.yaml:", "find nothing", "changed.yaml:", "by hand"} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if status != 1 || strings.Contains(out, "fresh.yaml") || !strings.Contains(errOut, "4 findings in 5 entries") {
		t.Errorf("status %d\n%s\n%s", status, out, errOut)
	}
}

func TestTransportFollowsNoRedirect(t *testing.T) {
	t.Parallel()
	client := &http.Client{CheckRedirect: stay}
	if err := client.CheckRedirect(nil, nil); !errors.Is(err, http.ErrUseLastResponse) {
		t.Errorf("a redirect would be followed: %v", err)
	}
}
