package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// someFindings are of three accounts and a store; one is settled.
func someFindings() []registry.Finding {
	f := func(kind, place, subject string, severity registry.Severity, key keyturn.KeyID, team string) registry.Finding {
		out := registry.Finding{
			ID:    registry.FindingID("reconcile", kind, place, subject),
			Check: "reconcile", Kind: kind, Place: place, Subject: subject, Key: key, Severity: severity,
			Detail: "what was seen of " + subject, Mend: "what to do about " + subject, Seen: noon.Add(-time.Hour),
		}
		if team != "" {
			out.Owner = keyturn.Owner{Team: team, Person: team + "@example.com"}
		}
		return out
	}
	return []registry.Finding{
		f(activities.UnknownKey, "aws/123456789012", "AKIAEXAMPLE1", registry.Warning, "", "payments"),
		f(activities.MissingKey, "aws/123456789012", "AKIAEXAMPLE2", registry.Critical, "payments-aws-001", "payments"),
		f(activities.UnknownKey, "stripe/acct_1", "rk_7", registry.Info, "", ""),
		f(activities.PathWithoutEntry, "vault:secret/payments", "secret/payments/old\x1b[2J", registry.Warning, "", ""),
		f(activities.UnservedAccount, activities.AccountsPlace, "aws/999", registry.Warning, "", ""),
	}
}

func newFindingsDesk(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, aKey())
	store := d.store(t)
	gone := someFindings()[0]
	gone.ID, gone.Subject, gone.Seen = "00gone", "AKIAGONE", noon.AddDate(0, 0, -3)
	if _, err := store.Report(t.Context(), []registry.Finding{gone}); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Settle(t.Context(), "reconcile", "aws/123456789012", noon.AddDate(0, 0, -2), noon.AddDate(0, 0, -2)); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Report(t.Context(), someFindings()); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestFindingsList(t *testing.T) {
	t.Parallel()
	d := newFindingsDesk(t)
	for name, args := range map[string]string{
		"findings.txt":          "",
		"findings.json":         "--severity critical -o json",
		"findings.yaml":         "--provider stripe -o yaml",
		"findings-settled.txt":  "--settled",
		"findings-accepted.txt": "--accepted --place stripe/acct_1",
	} {
		d.stdout.Reset()
		d.global.output = table
		d.expect(t, exitOK, "", append([]string{"findings", "list"}, strings.Fields(args)...)...)
		golden(t, "testdata/findings/"+name, d.stdout.String())
	}
	for args, want := range map[string][]string{
		"--provider aws":                  {"AKIAEXAMPLE2", "AKIAEXAMPLE1", "aws/999"},
		"--kind unknown-key":              {"AKIAEXAMPLE1", "rk_7"},
		"--key payments-aws-001":          {"AKIAEXAMPLE2"},
		"--team payments":                 {"AKIAEXAMPLE2", "AKIAEXAMPLE1"},
		"--place vault:secret/payments":   {"secret/payments/old\x1b[2J"},
		"--check stuck-watch":             nil,
		"--provider aw":                   nil,
		"--settled --provider aws":        {"AKIAGONE"},
		"--severity info --kind orphan":   nil,
		"--severity info --team payments": nil,
	} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", append(append([]string{"findings", "list"}, strings.Fields(args)...), "-o", "json")...)
		var views []findingView
		if err := json.Unmarshal(d.stdout.Bytes(), &views); err != nil {
			t.Fatalf("%s: %v\n%s", args, err, d.stdout)
		}
		var got []string
		for _, v := range views {
			got = append(got, v.Subject)
		}
		slices.Sort(got) // of one severity they come in the order of their ids
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", args, diff)
		}
	}
	d.global.output = table
	d.expect(t, exitOK, "no finding matches", "findings", "list", "--team", "nobody")
	d.expect(t, exitUsage, `--severity "bad": write critical, warning or info`, "findings", "list", "--severity", "bad")
}

func TestFindingsAcceptAndShow(t *testing.T) {
	t.Parallel()
	d := newFindingsDesk(t)
	id := someFindings()[0].ID
	d.expect(t, exitOK, "", "findings", "show", id)
	golden(t, "testdata/findings/show.txt", d.stdout.String())

	d.expect(t, exitUsage, "--note is missing", "findings", "accept", id)
	d.expect(t, exitUsage, "one line of plain text", "findings", "accept", id, "--note", "a\nb")
	d.expect(t, exitRefused, `no finding "beef"`, "findings", "accept", "beef", "--note", "x")
	d.expect(t, exitRefused, `no finding "beef"`, "findings", "show", "beef")
	d.expect(t, exitRefused, "it was settled on 2027-02-27", "findings", "accept", "00gone", "--note", "x")
	d.stdout.Reset()
	d.expect(t, exitOK, "", "findings", "accept", id, "--note", "break glass", "--as", "alice")
	if want := "finding " + id + " is accepted by alice; it is listed only with --accepted from now on\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}

	d.stdout.Reset()
	d.expect(t, exitOK, "", "findings", "list")
	if strings.Contains(d.stdout.String(), id) {
		t.Error("it is listed although somebody accepts it")
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "", "findings", "list", "--accepted")
	if !strings.Contains(d.stdout.String(), id) || !strings.Contains(d.stdout.String(), "ACCEPTED BY") || !strings.Contains(d.stdout.String(), "alice") {
		t.Errorf("it is not listed with --accepted:\n%s", d.stdout)
	}
	d.stdout.Reset()
	d.expect(t, exitOK, "", "findings", "show", id, "-o", "json")
	var v findingView
	if err := json.Unmarshal(d.stdout.Bytes(), &v); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&acceptance{"alice", "break glass", noon}, v.Accepted); diff != "" {
		t.Errorf("accepted (-want +got):\n%s", diff)
	}
	d.stdout.Reset()
	d.global.output = table
	d.expect(t, exitOK, "", "findings", "show", id)
	if want := "accepted  2027-03-01T12:00:00Z (now) by alice: break glass"; !strings.Contains(d.stdout.String(), want) {
		t.Errorf("no %q in\n%s", want, d.stdout)
	}
}

func TestFindingsAreCompleted(t *testing.T) {
	t.Parallel()
	d := newFindingsDesk(t)
	id := someFindings()[1].ID
	offers := func(typed string) (ids []string) {
		cmd := newFindingsShowCmd(d.app)
		cmd.SetContext(t.Context())
		got, directive := cmd.ValidArgsFunction(cmd, nil, typed)
		if directive != cobra.ShellCompDirectiveNoFileComp {
			t.Errorf("directive %v", directive)
		}
		for _, c := range got {
			id, _, _ := strings.Cut(c, "\t")
			ids = append(ids, id)
		}
		return ids
	}
	if got := offers(id[:6]); !cmp.Equal(got, []string{id}) {
		t.Errorf("%s is completed to %v", id[:6], got)
	}
	if got := offers(""); len(got) != 5 {
		t.Errorf("%d are offered, want those that are open: %v", len(got), got)
	}
}
