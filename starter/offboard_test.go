package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// departures are all that are recorded, the newest first.
func (d *desk) departures(t *testing.T) (out []registry.Departure) {
	t.Helper()
	for one, err := range d.store(t).Departures(t.Context(), registry.DepartureFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, one)
	}
	return out
}

func TestOffboardPlan(t *testing.T) {
	t.Parallel()
	seen := func(t *testing.T, d *desk) {
		if err := d.store(t).Saw(t.Context(), "okta", []string{leaver}, noon.Add(-20*time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		prepare func(*testing.T, *desk)
		args    string
	}{
		"plan.txt":    {seen, leaver},
		"plan.json":   {seen, leaver + " --successor ben@example.com -o json"},
		"joins.txt":   {func(t *testing.T, d *desk) { d.left(t) }, "Ana@Example.com --successor ben@example.com"},
		"nothing.txt": {nil, "nobody@example.com"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaving(t)
			if c.prepare != nil {
				c.prepare(t, d)
			}
			before := len(d.departures(t))
			d.expect(t, exitOK, "", append([]string{"offboard", "--dry-run"}, strings.Fields(c.args)...)...)
			golden(t, "testdata/offboard/"+name, d.stdout.String())
			if len(d.departures(t)) != before || len(d.temporal.offboards.calls) > 0 || d.stderr.Len() > 0 {
				t.Errorf("a dry run changed something, or said: %s", d.stderr)
			}
		})
	}
}

func TestOffboardStarts(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.in, d.term.In = strings.NewReader(leaver+"\n"), true
	d.expect(t, exitOK, "Type the address to go on: ", "offboard", " Ana@example.com", "--successor", "Ben@example.com", "--reason", "end of contract", "--as", "carol")
	all := d.departures(t)
	if len(all) != 1 {
		t.Fatalf("recorded %+v", all)
	}
	got := all[0]
	if got.Event == "" || !strings.HasPrefix(got.ID, "d-") {
		t.Errorf("%+v", got)
	}
	want := registry.Departure{
		ID: got.ID, Event: got.Event, Email: leaver, Origin: activities.OriginOperator, Actor: "carol", At: noon, Reason: "end of contract",
		State: registry.DepartureOpen, Sure: true, Successor: "ben@example.com", Revision: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("departure (-want +got)\n%s", diff)
	}
	if len(d.temporal.offboards.calls) != 1 {
		t.Fatalf("started %+v", d.temporal.offboards.calls)
	}
	call := d.temporal.offboards.calls[0]
	if call.workflow != "OffboardPerson" || call.in.ID != got.ID || call.options.ID != "offboard/"+got.ID || call.options.TaskQueue != "keyturn" || call.options.Priority.PriorityKey != 2 {
		t.Errorf("started %+v", call)
	}
	for _, personal := range []string{"ana", "ben", "carol"} {
		if strings.Contains(fmt.Sprintf("%+v", call), personal) {
			t.Errorf("%q is shown in Temporal's UI: %+v", personal, call)
		}
	}
	wantOut := "departure " + got.ID + " of ana@example.com is recorded\nfollow it with: keyturn offboard show " + got.ID + " --watch\n"
	if diff := cmp.Diff(wantOut, d.stdout.String()); diff != "" || !d.temporal.closed {
		t.Errorf("connection closed: %v; stdout (-want +got)\n%s", d.temporal.closed, diff)
	}
}

// TestOffboardJoins: a person's word stands for what a directory announced.
func TestOffboardJoins(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.left(t)
	d.expect(t, exitOK, "departure "+departureID+" of them is open already; this joins it", "offboard", leaver, "--successor", "ben@example.com", "--yes", "-o", "json")
	all := d.departures(t)
	if len(all) != 1 || !all[0].Sure || all[0].Successor != "ben@example.com" || all[0].Origin != "okta" {
		t.Errorf("%+v", all)
	}
	var got startedOffboarding
	want := startedOffboarding{departureID, leaver, true, "offboard/" + departureID}
	if err := json.Unmarshal(d.stdout.Bytes(), &got); err != nil || got != want {
		t.Errorf("%v: %s", err, d.stdout)
	}
	d.expect(t, exitOK, "", "offboard", leaver, "--yes")
	if now := d.departures(t); len(now) != 1 || now[0].Successor != "ben@example.com" {
		t.Errorf("without a successor the one who was named stays: %+v", now)
	}
}

func TestOffboardMistakes(t *testing.T) {
	t.Parallel()
	for args, c := range map[string]struct {
		code int
		says string
	}{
		"":                                {exitUsage, "EMAIL is missing"},
		"lst":                             {exitUsage, `"lst" is neither a command nor an address; did you mean "list"? write the address as name@example.com`},
		"ana":                             {exitUsage, `"ana" is neither a command nor an address; write the address`},
		"ana@":                            {exitUsage, `"ana@" is no address`},
		leaver + " x":                     {exitUsage, "takes only EMAIL"},
		leaver:                            {exitUsage, "add --yes"},
		leaver + " --watch --no-watch":    {exitUsage, "contradict each other"},
		leaver + " --yes --successor ben": {exitUsage, `"ben" is no address`},
		leaver + " --yes --successor ANA@EXAMPLE.COM":    {exitUsage, "is the one who leaves"},
		leaver + " --yes --successor gone@example.com":   {exitRefused, "the successor gone@example.com left on 2027-02-28; name somebody who is there"},
		"list --state shut":                              {exitUsage, `--state "shut": write open, done or stayed`},
		"list --limit 0":                                 {exitUsage, "--limit must be at least 1"},
		"show d-1":                                       {exitRefused, `no departure "d-1" in the registry; see: keyturn offboard list`},
		"show x@example.com":                             {exitRefused, `nobody with the address "x@example.com" has left`},
		"show d-1 --interval 1ms":                        {exitUsage, "--interval must be at least 100ms"},
		"report d-1 --format pdf":                        {exitUsage, `--format "pdf": write html or json`},
		"report gone@example.com --file /nowhere/x.html": {exitFailed, "writing the report"},
		"close d-1 --yes":                                {exitUsage, "--note is missing"},
		"close gone@example.com --note x":                {exitUsage, "add --yes"},
		"successor d-1 ben@example.com":                  {exitRefused, `no departure "d-1"`},
		"successor gone@example.com gone@example.com":    {exitUsage, "is the one who leaves"},
	} {
		t.Run(args, func(t *testing.T) {
			t.Parallel()
			d := leaving(t)
			d.left(t, func(d *registry.Departure) {
				d.ID, d.Email, d.At = "d-gone", "gone@example.com", noon.AddDate(0, 0, -1)
			})
			d.expect(t, c.code, c.says, append([]string{"offboard"}, strings.Fields(args)...)...)
			if len(d.departures(t)) != 1 || len(d.temporal.offboards.calls) > 0 {
				t.Error("something began")
			}
		})
	}
}

// TestOffboardWithoutTemporal: what is recorded is not lost.
func TestOffboardWithoutTemporal(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.temporal.offboards.work = func(string) error { return serviceerror.NewUnavailable("down") }
	d.expect(t, exitFailed, "is recorded, but nothing has begun", "offboard", leaver, "--yes")
	first := d.departures(t)
	d.temporal.offboards.work = nil
	d.expect(t, exitOK, "", "offboard", leaver, "--yes")
	if again := d.departures(t); len(again) != 1 || again[0].ID != first[0].ID || len(d.temporal.offboards.calls) != 1 {
		t.Errorf("%+v, %+v", again, d.temporal.offboards.calls)
	}
	d.temporal.offboards.work = func(string) error { return serviceerror.NewWorkflowExecutionAlreadyStarted("", "", "") }
	d.expect(t, exitOK, "", "offboard", leaver, "--yes")
}

func TestOffboardConfirmation(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.in, d.term.In = strings.NewReader("yes\n"), true
	d.expect(t, exitRefused, "not confirmed, nothing was changed; type the address exactly", "offboard", leaver)
	if len(d.departures(t)) > 0 || len(d.temporal.offboards.calls) > 0 {
		t.Error("it began all the same")
	}
}

func TestOffboardShow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		prepare func(*testing.T, *desk)
		args    string
	}{
		"announced.txt": {func(t *testing.T, d *desk) { d.left(t) }, departureID},
		"halfway.txt":   {func(t *testing.T, d *desk) { d.worked(t) }, leaver},
		"halfway.json":  {func(t *testing.T, d *desk) { d.worked(t) }, departureID + " -o json"},
		"stayed.txt": {func(t *testing.T, d *desk) {
			one := d.left(t)
			one.State, one.Closed, one.Note = registry.DepartureStayed, noon, "okta has them as active: nothing was done"
			if _, err := d.store(t).SaveDeparture(t.Context(), one); err != nil {
				t.Fatal(err)
			}
		}, departureID},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := leaving(t)
			c.prepare(t, d)
			d.expect(t, exitOK, "", append([]string{"offboard", "show"}, strings.Fields(c.args)...)...)
			golden(t, "testdata/offboard/"+name, d.stdout.String())
		})
	}
}

func TestOffboardList(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.worked(t)
	d.left(t, func(d *registry.Departure) {
		d.ID, d.Email, d.Event, d.At = "d-other", "eve@example.com", "e-2", noon.Add(-2*time.Minute)
	})
	d.expect(t, exitOK, "", "offboard", "list")
	golden(t, "testdata/offboard/list.txt", d.stdout.String())
	for args, want := range map[string][]string{"": {"d-other", departureID}, "--limit 1": {"d-other"}, "--state done": nil} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", append([]string{"offboard", "list", "-o", "json"}, strings.Fields(args)...)...)
		var heads []departureHead
		if err := json.Unmarshal(d.stdout.Bytes(), &heads); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, h := range heads {
			got = append(got, h.Departure)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", args, diff)
		}
	}
	newDesk(t).expect(t, exitOK, "nobody has left; see: keyturn offboard --help", "offboard", "list")
}

func TestOffboardSuccessor(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.left(t)
	d.expect(t, exitOK, "", "offboard", "successor", leaver, "Dora@example.com")
	if want := "dora@example.com gets the keys that ana@example.com still answers for; see: keyturn offboard show " + departureID + "\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}
	if got := d.departures(t)[0].Successor; got != "dora@example.com" {
		t.Errorf("successor %q", got)
	}
	d.expect(t, exitOK, "", "offboard", "close", departureID, "--note", "x", "--yes")
	d.expect(t, exitRefused, "it has ended (done), nothing was changed", "offboard", "successor", departureID, "ben@example.com")
}

func TestOffboardClose(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.worked(t)
	d.in, d.term.In = strings.NewReader(departureID+"\n"), true
	d.expect(t, exitOK, "", "offboard", "close", leaver, "--note", "the vendor closed the account")
	golden(t, "testdata/offboard/close.txt", d.stderr.String())
	if want := "departure " + departureID + " is closed with 3 keys not replaced; evidence: keyturn offboard report " + departureID + "\n"; d.stdout.String() != want {
		t.Errorf("printed %q", d.stdout)
	}
	got := d.departures(t)[0]
	if got.State != registry.DepartureDone || got.Closed != noon || got.Note != "closed by bob@laptop: the vendor closed the account" {
		t.Errorf("%+v", got)
	}
	d.expect(t, exitRefused, "it has ended (done), nothing was changed", "offboard", "close", departureID, "--note", "x", "--yes")
}

func TestOffboardIsCompleted(t *testing.T) {
	t.Parallel()
	d := leaving(t)
	d.left(t)
	for args, want := range map[string]string{
		"show d-":      departureID + "\tana@example.com, open, 10m ago\n:4\n",
		"report x":     ":4\n",
		"ana":          "ana@example.com\n:4\n",
		"list --state": "open\ndone\nstayed\n:4\n",
	} {
		d.stdout.Reset()
		words := append([]string{"__complete", "offboard"}, strings.Fields(args)...)
		if strings.HasSuffix(args, "--state") {
			words = append(words, "")
		}
		d.expect(t, exitOK, "", words...)
		if diff := cmp.Diff(want, d.stdout.String()); diff != "" {
			t.Errorf("%s (-want +got)\n%s", args, diff)
		}
	}
}
