package main

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// looked wants that a worker was told to look at the leak, so many times.
func (d *desk) looked(t *testing.T, times int) {
	t.Helper()
	if len(d.temporal.leaks.calls) != times {
		t.Fatalf("told %+v", d.temporal.leaks.calls)
	}
	for _, call := range d.temporal.leaks.calls {
		if call.signal != "look" || call.workflow != "RespondToLeak" || call.in.ID != leakID || call.options.ID != "leak/"+leakID || call.options.TaskQueue != "keyturn" {
			t.Errorf("told %+v", call)
		}
	}
}

func TestLeaksKill(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, triaged)
	d.expect(t, exitOK, "", "leaks", "kill", leakID, "--dry-run")
	golden(t, "testdata/leaks/kill.txt", d.stdout.String())
	if l := d.all(t)[0]; l.Word != "" || len(d.temporal.leaks.calls) > 0 {
		t.Error("a dry run changed something")
	}
	d.in, d.term.In = strings.NewReader("yes\n"), true
	d.expect(t, exitRefused, "not confirmed, nothing was changed; type the id exactly", "leaks", "kill", leakID)
	d.stdout.Reset()
	d.stderr.Reset()
	d.in = strings.NewReader(leakID + "\n")
	d.expect(t, exitOK, "consumers    service indexer, kubernetes_secret search/aws", "leaks", "kill", leakID, "--as", "carol")
	if want := "a worker ends the value of leak " + leakID + " now; follow it with: keyturn leaks show " + leakID + " --watch\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}
	l := d.all(t)[0]
	if l.Word != registry.LeakKill || l.Worder != "carol" || l.State != registry.LeakOpen {
		t.Errorf("%+v", l)
	}
	d.looked(t, 1)
	// Where a worker could not end it, it may be told to try once more.
	d.stdout.Reset()
	d.expect(t, exitOK, "", "leaks", "kill", leakID, "--yes", "-o", "json")
	d.looked(t, 2)
	var got leakKill
	want := leakKill{leakTarget: leakTarget{
		Leak: leakID, Key: "search-aws", Generation: 1, Issuer: keyturn.Issuer{Provider: "aws", Account: "123456789012"}, RemoteID: searchID,
		Alive: "active", Consumers: []string{"service indexer", "kubernetes_secret search/aws"},
	}}
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(leakKill{}, leakTarget{})); diff != "" {
		t.Errorf("printed (-want +got)\n%s", diff)
	}
}

// TestLeaksKillWarns: who stands still depends on how far the leak is.
func TestLeaksKillWarns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*registry.Leak)
		says   []string
	}{
		"replaced": {func(l *registry.Leak) { l.Replaced = noon }, []string{"It is replaced: its consumers have another value"}},
		"an id":    {func(l *registry.Leak) { l.Match = leaks.ByID }, []string{"stand still until they have the new value", "Only the vendor's id was found"}},
		"nobody's": {
			func(l *registry.Leak) { unowned(l); l.Issuer.Provider, l.Kept = "github", leakID },
			[]string{nobodys, "- at github\n", "unknown, as it is no key's", "Whoever uses it stands still, and nothing replaces it."},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.leaked(t, c.change)
			d.expect(t, exitOK, "", "leaks", "kill", leakID, "--dry-run")
			for _, want := range c.says {
				if !strings.Contains(d.stdout.String(), want) {
					t.Errorf("%q is not said:\n%s", want, d.stdout)
				}
			}
		})
	}
}

func TestLeaksHold(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, triaged)
	d.expect(t, exitOK, "", "leaks", "hold", leakID, "--as", "carol")
	if want := "the value of leak " + leakID + " is not ended before it is replaced; until then whoever has it can use it\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}
	if l := d.all(t)[0]; l.Word != registry.LeakHold || l.Worder != "carol" {
		t.Errorf("%+v", l)
	}
	d.looked(t, 1)
}

func TestLeaksDismiss(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, triaged)
	d.in, d.term.In = strings.NewReader(leakID+"\n"), true
	d.expect(t, exitOK, "keyturn: warning: it is the value of generation 1 of key search-aws, and it works: whoever has it can use it", "leaks", "dismiss", leakID,
		"--reason", "accepted", "--note", "a key for tests", "--as", "carol")
	if want := "leak " + leakID + " is dismissed as accepted\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}
	l := d.all(t)[0]
	if l.State != registry.LeakDismissed || l.Dismissal != "accepted" || l.Worder != "carol" || l.Note != "a key for tests" || !l.Closed.IsZero() {
		t.Errorf("%+v", l)
	}
	d.looked(t, 1)
	// Until a worker has closed it, it may be said again.
	d.stdout.Reset()
	d.expect(t, exitOK, "", "leaks", "dismiss", leakID, "--reason", "false-positive", "--note", "no secret", "--yes", "-o", "json")
	d.looked(t, 2)
	var got dismissedLeak
	want := dismissedLeak{leakID, "search-aws", "false-positive", "no secret", true}
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || got != want {
		t.Errorf("%v: %s", err, d.stdout)
	}
	l = d.all(t)[0]
	l.Closed = noon
	d.saveLeak(t, l)
	d.expect(t, exitRefused, "it was dismissed by bob@laptop, nothing was changed", "leaks", "dismiss", leakID, "--reason", "accepted", "--note", "x", "--yes")
}

func TestDismissWarnings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*registry.Leak)
		says   string
	}{
		"not looked at":  {func(*registry.Leak) {}, "it works, as far as is known"},
		"alive":          {triaged, "and it works:"},
		"refused":        {func(l *registry.Leak) { l.Alive = "inactive" }, ""},
		"ended":          {func(l *registry.Leak) { triaged(l); l.Killed = noon }, ""},
		"an id":          {func(l *registry.Leak) { triaged(l); l.Match = leaks.ByID }, ""},
		"nobody's":       {unowned, ""},
		"nobody's alive": {func(l *registry.Leak) { unowned(l); l.Alive, l.Issuer.Provider = "active", "github" }, "it works at github: whoever has it can use it; end it first with: keyturn leaks kill l-1"},
	} {
		l := registry.Leak{ID: "l-1", State: registry.LeakOpen, Key: "k", Generation: 1, Match: leaks.ByValue, At: noon}
		c.change(&l)
		if got := dismissWarning(l); c.says == "" && got != "" || !strings.Contains(got, c.says) {
			t.Errorf("%s: %q, want %q", name, got, c.says)
		}
	}
}

func TestLeakRefusals(t *testing.T) {
	t.Parallel()
	gone := func(l *registry.Leak) { dead(l) }
	killed := func(l *registry.Leak) { triaged(l); l.Killed = noon }
	for args, c := range map[string]struct {
		change func(*registry.Leak)
		code   int
		says   string
	}{
		"show l-1":                          {nil, exitRefused, `no leak "l-1" in the registry; see: keyturn leaks list --state all`},
		"show " + leakID + " --interval 0s": {nil, exitUsage, "--interval must be at least 100ms"},
		"kill l-1 --yes":                    {nil, exitRefused, `no leak "l-1"`},
		"kill " + leakID:                    {nil, exitUsage, "add --yes"},
		"kill " + leakID + " --dry-run":     {gone, exitRefused, "the value is dead, nothing was changed"},
		"kill " + leakID + " --yes":         {killed, exitRefused, "it is ended already"},
		"kill --yes " + leakID:              {unowned, exitRefused, "nobody knows which vendor the value is of; find out, end it there, then: keyturn leaks dismiss"},
		"kill -y " + leakID: {
			func(l *registry.Leak) { unowned(l); l.Issuer.Provider = "github" }, exitRefused,
			"neither is the value kept nor is it known what github calls it",
		},
		"hold l-1":                                           {nil, exitRefused, `no leak "l-1"`},
		"hold " + leakID:                                     {gone, exitRefused, "the value is dead, nothing was changed"},
		"hold " + leakID + " --as a":                         {killed, exitRefused, "it is ended already"},
		"hold " + leakID + " --as b":                         {unowned, exitRefused, "it is no key's, so nothing replaces it"},
		"dismiss " + leakID:                                  {nil, exitUsage, `--reason "": write false-positive or accepted`},
		"dismiss --reason accepted " + leakID:                {nil, exitUsage, "--note is missing"},
		"dismiss --reason accepted --note x " + leakID:       {nil, exitUsage, "add --yes"},
		"dismiss --reason accepted --note x --yes l-1":       {nil, exitRefused, `no leak "l-1"`},
		"dismiss --reason accepted --note x --yes " + leakID: {gone, exitRefused, "the value is dead, nothing was changed"},
		"dismiss --reason wont-fix --note x --yes " + leakID: {nil, exitUsage, `--reason "wont-fix"`},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			change := c.change
			if change == nil {
				change = triaged
			}
			before := d.leaked(t, change)
			d.expect(t, c.code, c.says, append([]string{"leaks"}, strings.Fields(args)...)...)
			if diff := cmp.Diff(before, d.all(t)[0]); diff != "" || len(d.temporal.leaks.calls) > 0 {
				t.Errorf("something was changed, or %d calls made (-before +after)\n%s", len(d.temporal.leaks.calls), diff)
			}
		})
	}
}

// TestLeakSaidWithoutTemporal: what is said is not lost, and may be said again.
func TestLeakSaidWithoutTemporal(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, triaged)
	d.temporal.leaks.answer = func(string) error { return serviceerror.NewUnavailable("down") }
	for _, words := range []string{"kill " + leakID + " --yes", "hold " + leakID, "dismiss " + leakID + " --reason accepted --note x --yes"} {
		args := append([]string{"leaks"}, strings.Fields(words)...)
		d.expect(t, exitFailed, "it is recorded, but no worker could be told: ", args...)
		answer := d.temporal.leaks.answer
		d.temporal.leaks.answer, d.temporal.leaks.calls = nil, nil
		d.expect(t, exitOK, "", args...)
		d.looked(t, 1)
		d.temporal.leaks.answer = answer
	}
	if l := d.all(t)[0]; l.State != registry.LeakDismissed {
		t.Errorf("%+v", l)
	}
}

// TestLeakSaidMeanwhile: what a worker has saved meanwhile is kept, and a leak that died
// meanwhile is left alone.
func TestLeakSaidMeanwhile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		meanwhile func(*registry.Leak)
		refused   bool
		word      registry.LeakWord
	}{
		"looked at": {triaged, false, registry.LeakKill},
		"dead":      {dead, true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.leaked(t)
			tries := 0
			_, err := editLeak(t.Context(), d.store(t), leakID, func(l *registry.Leak) error {
				if tries++; tries == 1 {
					other := *l
					c.meanwhile(&other)
					d.saveLeak(t, other)
				}
				if err := mayKill("leaks kill", *l); err != nil {
					return err
				}
				l.Word = registry.LeakKill
				return nil
			})
			if (err != nil) != c.refused || tries != 2 {
				t.Errorf("%d tries, %v", tries, err)
			}
			if l := d.all(t)[0]; l.Word != c.word || l.Plan != keyturn.ReplaceFirst {
				t.Errorf("%+v", l)
			}
		})
	}
}
