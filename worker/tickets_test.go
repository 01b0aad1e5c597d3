package main

import (
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
	"github.com/keyturn/keyturn/secrets/local"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestCheckPeopleConfig: mistakes in how people are asked and told.
func TestCheckPeopleConfig(t *testing.T) {
	t.Parallel()
	const ops = "tickets: {trackers: {ops: {tracker: jira}}}\n"
	for name, c := range map[string]struct {
		text string
		says string // empty: it is good
	}{
		"one tracker":            {ops, ""},
		"no such default":        {"tickets: {default: opz, trackers: {ops: {tracker: jira}}}\n", `tickets.default: no tracker is called "opz"`},
		"no such team's tracker": {"tickets: {teams: {pay: opz}, trackers: {ops: {tracker: jira}}}\n", `tickets.teams.pay: no tracker is called "opz"`},
		"a name for no URL":      {"tickets: {trackers: {Ops/1: {tracker: jira}}}\n", "becomes part of a URL"},
		"a negative rate":        {"tickets: {trackers: {ops: {tracker: jira, calls_per_second: -1}}}\n", "cannot be negative"},
		"no such wording":        {"tickets: {wording: /nonexistent/folder}\n", "tickets.wording: /nonexistent/folder"},
		"half a certificate":     {"webhooks: {listen: 127.0.0.1:0, cert_file: a}\n", "both cert_file and key_file"},
		"a negative burst":       {"webhooks: {burst: -1}\n", "cannot be negative"},
		"no such channel":        {"notices: {routes: {owner: mail}}\n", `no channel is called "mail"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errOut := command("-config", write(t, t.TempDir(), "worker.yaml", good+c.text), "-check-config")
			if (status == 0) != (c.says == "") || !strings.Contains(errOut, c.says) {
				t.Errorf("status %d: %s%s", status, out, errOut)
			}
		})
	}
}

// TestWordingIsTriedAtStart: a template that cannot be filled in is found
// before a ticket is to be opened.
func TestWordingIsTriedAtStart(t *testing.T) {
	t.Parallel()
	for file, c := range map[string]struct{ text, says string }{
		"rotate.md": {"# Rotate {{.Kye}}\n", "Kye"},
		"revoke.md": {"# Revoke {{.Key\n", "revoke.md:1"},
		"rotat.md":  {"# Rotate {{.Key}}\n", "replaces nothing"},
		"step.md":   {"Do it: {{.Key}}\n", ""},
	} {
		dir := t.TempDir()
		write(t, dir, file, c.text)
		status, _, errOut := command("-config", write(t, t.TempDir(), "worker.yaml", good+fmt.Sprintf("tickets: {wording: %q}\n", dir)), "-check-config")
		if (status == 0) != (c.says == "") || !strings.Contains(errOut, c.says) {
			t.Errorf("%s: status %d: %s", file, status, errOut)
		}
	}
}

func TestCheckTrackers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	values := filepath.Join(dir, "values")
	store, err := local.Open(t.Context(), local.Config{Dir: values, Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for path, token := range map[string]string{"keyturn/good": "the-token", "keyturn/bad": "CANARY-token"} {
		if err := store.Put(t.Context(), keyturn.SecretRef{Path: path}, secrets.Value{Secret: keyturn.NewSecret(token)}); err != nil {
			t.Fatal(err)
		}
	}
	site := httptest.NewServer(jirafake.New(jirafake.Options{}))
	defer site.Close()
	tracker := func(path string) string {
		return fmt.Sprintf("{tracker: jira, base_url: %q, settings: {site: \"https://acme.atlassian.net\", email: keyturn@acme.example, token: {path: %s}, project: OPS}}", site.URL, path)
	}
	text := strings.Replace(good, "dir: values", "dir: "+values, 1)
	for name, c := range map[string]struct {
		trackers string
		status   int
		says     []string
	}{
		"all well":        {"{ops: " + tracker("keyturn/good") + "}", 0, []string{"ops: ok"}},
		"one is refused":  {"{ops: " + tracker("keyturn/good") + ", pay: " + tracker("keyturn/bad") + "}", 1, []string{"ops: ok", "pay: ", "1 of 2 trackers"}},
		"nothing stored":  {"{ops: " + tracker("keyturn/none") + "}", 1, []string{"keyturn/none"}},
		"unknown tracker": {"{ops: {tracker: trello}}", 1, []string{"trello", "github, jira and linear"}},
		"unknown setting": {"{ops: {tracker: jira, settings: {colour: red}}}", 1, []string{"colour"}},
	} {
		t.Run(name, func(t *testing.T) {
			config := write(t, t.TempDir(), "worker.yaml", text+"tickets: {default: ops, trackers: "+c.trackers+"}\n")
			status, out, errOut := command("-config", config, "-check-trackers")
			for _, want := range c.says {
				if !strings.Contains(out+errOut, want) {
					t.Errorf("it does not say %q:\n%s%s", want, out, errOut)
				}
			}
			if status != c.status || strings.Contains(out+errOut, "CANARY") {
				t.Errorf("status %d:\n%s%s", status, out, errOut)
			}
		})
	}
}
