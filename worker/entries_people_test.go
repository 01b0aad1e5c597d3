package main

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/people/hr"
	"github.com/keyturn/keyturn/registry/sqlite"
	"github.com/keyturn/keyturn/secrets/local"
)

func TestCheckEntriesLooksAtOwners(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db, values := filepath.Join(dir, "r.db"), filepath.Join(dir, "values")
	text := strings.ReplaceAll(strings.ReplaceAll(good, "registry.db", db), "dir: values", "dir: "+values)
	config := write(t, dir, "worker.yaml", text+"\npeople:\n  directories:\n    staff: {directory: list}\n  teams:\n    outside: {lead: lead@example.com}\n")
	if _, err := local.Open(t.Context(), local.Config{Dir: values, Create: true}); err != nil {
		t.Fatal(err)
	}
	keys, err := sqlite.Open(t.Context(), db)
	if err != nil {
		t.Fatal(err)
	}
	list := "email,team,status\na@example.com,t,active\nleft@example.com,t,left\nother@example.com,u,active\n"
	records, findings, err := hr.Read("list", strings.NewReader(list), hr.CSV)
	if err != nil || len(findings) > 0 {
		t.Fatal(findings, err)
	}
	if _, err := hr.Import(t.Context(), keys, "staff", records, time.Now(), hr.Options{}); err != nil {
		t.Fatal(err)
	}
	_ = keys.Close()
	for name, change := range map[string][2]string{
		"fine": {"", ""}, "left": {"a@example.com", "Left@example.com"}, "nobody": {"a@example.com", "nobody@example.com"},
		"stranger": {"a@example.com", "other@example.com"}, "teamless": {"owner_team: t", "owner_team: none-such"}, "outside": {"owner_team: t", "owner_team: outside"},
	} {
		e := entryFile(name+"-key", "secret/"+name, "")
		if change[0] != "" {
			e = strings.Replace(e, change[0], change[1], 1)
		}
		write(t, dir, "keys/"+name+".yaml", e)
	}
	status, out, errOut := command("-config", config, "-check-entries", filepath.Join(dir, "keys"))
	for _, want := range []string{
		"left.yaml:4:", "has left, as staff has it", "nobody.yaml:4:", "is in none of the directories", "stranger.yaml:4:", "is not in the team t", "teamless.yaml:3:", "no directory knows a team",
	} {
		if !strings.Contains(out, want) {
			t.Errorf("it does not say %q:\n%s", want, out)
		}
	}
	if status != 1 || strings.Contains(out, "fine.yaml") || strings.Contains(out, "outside.yaml") || !strings.Contains(errOut, "4 findings in 6 entries") {
		t.Errorf("status %d\n%s\n%s", status, out, errOut)
	}
}
