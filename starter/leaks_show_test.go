package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// found records more places of a leak, and uses that a vendor's log shows.
func (d *desk) found(t *testing.T, places, uses int) {
	t.Helper()
	s := d.store(t)
	l := d.all(t)[0]
	for i := range places {
		h := registry.LeakHit{Source: "github", Event: fmt.Sprint("e-", i), Alert: fmt.Sprint(i), Repo: "acme/site", Place: fmt.Sprintf("a\x1b.env:%d", i), Public: true, Actor: "github", At: noon.Add(-5 * time.Minute)}
		if _, _, _, err := s.Leaked(t.Context(), l, []registry.LeakHit{h}); err != nil {
			t.Fatal(err)
		}
	}
	var out []registry.LeakUse
	for i := range uses {
		out = append(out, registry.LeakUse{ID: fmt.Sprint("u-", i), At: noon.Add(time.Duration(i-120) * time.Minute), From: "192.0.2.1", What: "s3:ListBuckets", Agent: "aws-cli\x1b[2J"})
	}
	if err := s.AddLeakUses(t.Context(), leakID, out); err != nil {
		t.Fatal(err)
	}
}

// dead is how a worker leaves a leak that it has seen to.
func dead(l *registry.Leak) {
	triaged(l)
	l.Killed, l.Replaced, l.Dead, l.Closed = l.At.Add(4*time.Second), l.At.Add(11*time.Second), l.At.Add(15*time.Second), l.At.Add(16*time.Second)
	l.State, l.Proof, l.Used = registry.LeakDead, "2027-03-01T11:50:15Z: "+searchID+" revoked, its value is refused", "the vendor's log shows 3 uses since 2027-02-28T10:00:00Z, from 1 addresses, the last at 2027-03-01T11:00:00Z"
	l.Ticket = keyturn.TicketRef{Tracker: "ops", ID: "10012", URL: "https://acme.atlassian.net/browse/OPS-12"}
}

func TestLeaksShow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*registry.Leak)
		prepare func(*testing.T, *desk)
		args    string
	}{
		"told.txt":     {func(*registry.Leak) {}, nil, ""},
		"triaged.txt":  {triaged, func(t *testing.T, d *desk) { d.found(t, 2, 0) }, ""},
		"triaged.json": {triaged, func(t *testing.T, d *desk) { d.found(t, 1, 2) }, "-o json"},
		"dead.txt":     {dead, func(t *testing.T, d *desk) { d.found(t, 25, 22) }, ""},
		"dead-all.txt": {dead, func(t *testing.T, d *desk) { d.found(t, 22, 21) }, "--all"},
		"unowned.txt":  {unowned, nil, ""},
		"located.txt": {func(l *registry.Leak) {
			unowned(l)
			l.Issuer, l.RemoteID, l.Kept, l.Public = keyturn.Issuer{Provider: "aws", Account: "123456789012"}, searchID, leakID, true
		}, nil, ""},
		"dismissed.txt": {func(l *registry.Leak) {
			triaged(l)
			l.State, l.Dismissal, l.Worder, l.Note = registry.LeakDismissed, "accepted", "carol", "a key for tests"
		}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.leaked(t, c.change)
			if c.prepare != nil {
				c.prepare(t, d)
			}
			d.expect(t, exitOK, "", append([]string{"leaks", "show", leakID}, strings.Fields(c.args)...)...)
			golden(t, "testdata/leaks/show-"+name, d.stdout.String())
			if strings.Contains(d.stdout.String(), "CANARYmark") || strings.Contains(d.stdout.String(), "\x1b") {
				t.Error("a fingerprint or an escape sequence is shown")
			}
		})
	}
}

// TestLeaksShowEverything: JSON leaves nothing out.
func TestLeaksShowEverything(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, dead)
	d.found(t, 30, 40)
	d.expect(t, exitOK, "", "leaks", "show", leakID, "-o", "json")
	var s leakStory
	if err := json.Unmarshal(d.stdout.Bytes(), &s); err != nil || len(s.Places) != 31 || len(s.Uses) != 40 || len(s.Timeline) != 6 {
		t.Errorf("%v: %d places, %d uses, %d steps", err, len(s.Places), len(s.Uses), len(s.Timeline))
	}
}

// TestLeakNext: whoever looks is told what comes next, and what can be done.
func TestLeakNext(t *testing.T) {
	t.Parallel()
	with := func(change func(*registry.Leak)) func(*registry.Leak) {
		return func(l *registry.Leak) {
			triaged(l)
			change(l)
		}
	}
	const kill, hold, adopt = "keyturn leaks kill " + leakID, "keyturn leaks hold " + leakID, "keyturn adopt KEY --remote-id " + searchID
	for name, c := range map[string]struct {
		change   func(*registry.Leak)
		prepare  func(*testing.T, *desk)
		says     string
		commands string
	}{
		"told":          {func(*registry.Leak) {}, nil, "is keyturn-worker running?", "watch kill hold dismiss"},
		"replace":       {triaged, nil, "it is being replaced; if it is not by ", "watch kill hold dismiss"},
		"replace only":  {with(func(l *registry.Leak) { l.Plan = keyturn.ReplaceOnly }), nil, "not ended before that, however long", "watch kill hold dismiss"},
		"dead already":  {with(func(l *registry.Leak) { l.Alive = string(leaks.Inactive) }), nil, "it is being replaced", "watch kill hold dismiss"},
		"kill":          {with(func(l *registry.Leak) { l.Plan = keyturn.KillFirst }), nil, "it is being ended ahead of its replacement", "watch kill hold dismiss"},
		"told to kill":  {with(func(l *registry.Leak) { l.Word = registry.LeakKill }), nil, "it is being ended, replaced or not", "watch kill hold dismiss"},
		"stray":         {with(func(l *registry.Leak) { l.Stray = true }), nil, "works all the same; nothing ends it by itself", "watch kill hold dismiss"},
		"held":          {with(func(l *registry.Leak) { l.Word, l.Worder, l.Plan = registry.LeakHold, "carol", keyturn.KillFirst }), nil, "it is being replaced; it is not ended before that, because carol said so", "watch kill dismiss"},
		"killed":        {with(func(l *registry.Leak) { l.Killed = noon }), nil, "its consumers stand still until it is", "watch dismiss"},
		"replaced":      {with(func(l *registry.Leak) { l.Replaced = noon }), nil, "its consumers have another value", "watch kill hold dismiss"},
		"being closed":  {with(func(l *registry.Leak) { l.Dead = noon }), nil, "are being closed", ""},
		"closed":        {dead, nil, "nothing", ""},
		"unknown":       {unowned, nil, "nobody knows whose it is", "dismiss"},
		"vendor's":      {func(l *registry.Leak) { unowned(l); l.Issuer.Provider, l.Kept = "github", leakID }, nil, "nobody knows whose it is", "kill dismiss"},
		"vendor's, not": {func(l *registry.Leak) { unowned(l); l.Issuer.Provider = "github" }, nil, "nobody knows whose it is", "dismiss"},
		"no entry": {func(l *registry.Leak) {
			unowned(l)
			l.Issuer, l.RemoteID = keyturn.Issuer{Provider: "aws", Account: "1"}, searchID
		}, nil, "enters it as a key of aws/1 with the vendor's id " + searchID, "kill adopt dismiss"},
		"paused": {
			triaged, func(t *testing.T, d *desk) { d.hold(t, keyturn.Issuer{Provider: "aws", Account: "123456789012"}) },
			"waits because its account is paused: 3h ago by carol@desk: incident 4711", "watch resume kill hold dismiss",
		},
		"by hand": {triaged, func(t *testing.T, d *desk) {
			d.happened(t, "search-aws", registry.Began, "run/began", noon, "leak", "", func(k *keyturn.Key) {
				h := handKey(keyturn.SupplyValue)
				k.Intent, k.Generation = h.Intent, 2
			})
		}, "waits for a person to make a new key at aws", "watch manual kill hold dismiss"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaky(t)
			d.leaked(t, c.change)
			if c.prepare != nil {
				c.prepare(t, d)
			}
			d.expect(t, exitOK, "", "leaks", "show", leakID, "-o", "json")
			var s leakStory
			if err := json.Unmarshal(d.stdout.Bytes(), &s); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(s.Next, c.says) {
				t.Errorf("next is %q, want %q", s.Next, c.says)
			}
			names := map[string]string{
				"keyturn watch search-aws": "watch", kill: "kill", hold: "hold", adopt: "adopt", "keyturn manual show search-aws": "manual",
				"keyturn providers resume aws/123456789012": "resume", "keyturn leaks dismiss " + leakID + " --reason REASON --note TEXT": "dismiss",
			}
			var got []string
			for _, command := range s.Commands {
				got = append(got, names[command])
			}
			if diff := cmp.Diff(c.commands, strings.Join(got, " ")); diff != "" {
				t.Errorf("commands (-want +got)\n%s", diff)
			}
		})
	}
}

func TestLeaksList(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t, triaged)
	d.leaked(t, func(l *registry.Leak) {
		unowned(l)
		l.ID, l.At, l.Public, l.Rule, l.Source = "l-unowned", noon.Add(-5*time.Minute), true, "", "operator"
	})
	d.leaked(t, func(l *registry.Leak) {
		dead(l)
		l.ID, l.Subject, l.Key = "l-dead", "s-dead", keyID
	})
	d.leaked(t, func(l *registry.Leak) {
		l.ID, l.Subject, l.State, l.Worder, l.Dismissal = "l-away", "s-away", registry.LeakDismissed, "carol", "accepted"
	})
	d.expect(t, exitOK, "", "leaks", "list", "--state", "all")
	golden(t, "testdata/leaks/list.txt", d.stdout.String())
	for args, want := range map[string]string{
		"":                                  "l-unowned " + leakID,
		"--state open --limit 1":            "l-unowned",
		"--state dead":                      "l-dead",
		"--state dismissed":                 "l-away",
		"--unowned":                         "l-unowned",
		"--key search-aws":                  leakID,
		"--key search-aws --state all":      "l-away " + leakID,
		"--key " + keyID + " --state open":  "",
		"--unowned --state dead --limit 10": "",
	} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", append([]string{"leaks", "list", "-o", "json"}, strings.Fields(args)...)...)
		var heads []leakHead
		if err := json.Unmarshal(d.stdout.Bytes(), &heads); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range heads {
			got = append(got, h.Leak)
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", args, diff)
		}
	}
	if want := "there are more; for those, add: --limit 10\n"; strings.Count(d.stderr.String(), want) != 1 {
		t.Errorf("%q is not said once:\n%s", want, d.stderr)
	}
	d.expect(t, exitUsage, `--state "shut": write open, dead, dismissed or all`, "leaks", "list", "--state", "shut")
	d.expect(t, exitUsage, "--limit must be at least 1", "leaks", "list", "--limit", "0")
	d.expect(t, exitUsage, "contradict each other", "leaks", "list", "--unowned", "--key", "x")
	newDesk(t).expect(t, exitOK, "no leak matches", "leaks", "list")
}

// TestLeakStages: how far a leak is is said in a few words.
func TestLeakStages(t *testing.T) {
	t.Parallel()
	for want, change := range map[string]func(*registry.Leak){
		"told of":                        func(*registry.Leak) {},
		"being replaced":                 triaged,
		"ended 1m ago, not replaced yet": func(l *registry.Leak) { l.Killed = noon.Add(-time.Minute) },
		"ended 1m ago":                   func(l *registry.Leak) { l.Killed, l.Key = noon.Add(-time.Minute), "" },
		"replaced 1m ago, not dead yet":  func(l *registry.Leak) { l.Replaced = noon.Add(-time.Minute) },
		"to be ended now, says carol":    func(l *registry.Leak) { l.Word, l.Worder = registry.LeakKill, "carol" },
		"waits for a person":             func(l *registry.Leak) { l.Key = "" },
		"dead, 1m after it was told of":  func(l *registry.Leak) { l.Dead = l.At.Add(time.Minute) },
		"dead":                           func(l *registry.Leak) { l.State = registry.LeakDead },
		"dismissed by carol":             func(l *registry.Leak) { l.State, l.Worder = registry.LeakDismissed, "carol" },
	} {
		l := registry.Leak{State: registry.LeakOpen, Key: "k", At: noon.Add(-time.Hour)}
		change(&l)
		if got := leakStage(l, noon); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestLeaksAreCompleted(t *testing.T) {
	t.Parallel()
	d := leaky(t)
	d.leaked(t)
	d.leaked(t, func(l *registry.Leak) { dead(l); l.ID, l.Subject = "l-dead", "s-dead" })
	for args, want := range map[string]string{
		"show l-":           leakID + "\tsearch-aws, 10m ago\n:4\n",
		"kill l-x":          ":4\n",
		"hold":              leakID + "\tsearch-aws, 10m ago\n:4\n",
		"dismiss --reason":  "false-positive\naccepted\n:4\n",
		"list --state":      "open\ndead\ndismissed\nall\n:4\n",
		"report - --format": "auto\ngitleaks\nsarif\ntrufflehog\ndetect-secrets\n:4\n",
	} {
		d.stdout.Reset()
		words := append([]string{"__complete", "leaks"}, strings.Fields(args)...)
		if !strings.Contains(args, " l-") {
			words = append(words, "")
		}
		d.expect(t, exitOK, "", words...)
		if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", args, diff)
		}
	}
}
