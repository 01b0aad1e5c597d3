package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/serviceerror"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/registry"
)

// serve has a worker serve accounts, so many activities a second.
func (d *desk) serve(t *testing.T, rate float64, accounts ...string) {
	t.Helper()
	s := d.store(t)
	for _, name := range accounts {
		issuer, err := parseIssuer(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Serve(t.Context(), issuer, rate, noon); err != nil {
			t.Fatal(err)
		}
	}
}

// breached has keys in every state at five accounts, all stored in circleci.
func breached(t *testing.T) *desk {
	t.Helper()
	var keys []keyturn.Key
	add := func(id keyturn.KeyID, provider, account string, change ...func(*keyturn.Key)) {
		k := keyOf(id, provider, account, 30)
		k.Storage.Consumers = []keyturn.Consumer{{Kind: "circleci"}}
		for _, f := range change {
			f(&k)
		}
		keys = append(keys, k)
	}
	team := func(name string) func(*keyturn.Key) { return func(k *keyturn.Key) { k.Owner.Team = name } }
	for i := range 10 {
		add(keyturn.KeyID(fmt.Sprintf("aws-%02d", i)), "aws", "123456789012")
	}
	add("aws-frozen", "aws", "123456789012", team("web"))
	add("aws-fresh", "aws", "123456789012", func(k *keyturn.Key) { k.Ledger, k.Generation = nil, 0 })
	add("aws-busy", "aws", "123456789012", func(k *keyturn.Key) {
		k.Intent = &keyturn.Intent{Run: "run-1", Operation: keyturn.Rotate, Began: noon}
	})
	add("aws-other", "aws", "999")
	add("datadog-1", "datadog", "eu", team("data"))
	add("github-1", "github", "acme", team("web"))
	add("partner-1", "manual", "partner", team("web"))
	d := newDesk(t, keys...)
	d.serve(t, 5, "aws/123456789012", "github/acme")
	d.serve(t, 0.5, "manual/partner")
	d.serve(t, 2, "datadog/eu")
	s := d.store(t)
	p := registry.Pause{Issuer: keyturn.Issuer{Provider: "github", Account: "acme"}, Reason: "incident 4711", Actor: "carol@desk", At: noon.Add(-3 * time.Hour)}
	if err := s.SetPause(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	freeze := keyturn.CalendarRule{ID: "freeze-1", Kind: keyturn.Freeze, Team: "web", Provider: "aws", Reason: "release", Actor: "zoe", Created: noon}
	if err := s.AddRule(t.Context(), freeze); err != nil {
		t.Fatal(err)
	}
	return d
}

const everywhere = "stored-in=circleci"

func TestBulkPlan(t *testing.T) {
	t.Parallel()
	for name, args := range map[string]string{
		"breach.txt":     "--selector " + everywhere + " --plan",
		"breach-now.txt": "--selector " + everywhere + " --plan --now",
		"breach.json":    "--selector " + everywhere + " --dry-run --output json",
		"breach.yaml":    "--selector provider=aws,team=web --plan --output yaml",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := breached(t)
			d.expect(t, exitOK, "", append([]string{"rotate"}, strings.Fields(args)...)...)
			golden(t, "testdata/bulk/"+name, d.stdout.String())
			if d.recorded(t, 0); d.stderr.Len() > 0 || d.temporal.asked > 0 {
				t.Errorf("Temporal was asked %d times; standard error: %s", d.temporal.asked, d.stderr)
			}
		})
	}
}

func TestBulkPlanOfNothing(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.expect(t, exitRefused, "", "rotate", "--selector", "provider=github", "--plan")
	if !strings.Contains(d.stdout.String(), "keyturn providers resume PROVIDER/ACCOUNT") {
		t.Errorf("the plan does not say why nothing begins:\n%s", d.stdout)
	}
}

// recorded wants so many batches in the registry, and returns the last one.
func (d *desk) recorded(t *testing.T, n int) registry.Batch {
	t.Helper()
	batches, err := d.store(t).Batches(t.Context(), 10)
	if err != nil || len(batches) != n {
		t.Fatalf("%d batches are recorded, want %d: %v", len(batches), n, err)
	}
	if n == 0 {
		return registry.Batch{}
	}
	return batches[0]
}

func TestRotateManyStarts(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.expect(t, exitOK, "hint: the old key stays alive", "rotate", "--selector", everywhere, "--reason", "leak", "--note", "incident of alice", "--yes", "--as", "carol")
	b := d.recorded(t, 1)
	if !regexp.MustCompile(`^b-[a-z2-7]{10}$`).MatchString(b.ID) {
		t.Errorf("id %q", b.ID)
	}
	want := registry.Batch{ID: b.ID, Selector: everywhere, Reason: "leak", Note: "incident of alice", Actor: "carol", At: noon, Keys: 16}
	if diff := cmp.Diff(want, b); diff != "" {
		t.Errorf("batch (-want +got)\n%s", diff)
	}
	p, err := d.store(t).BatchProgress(t.Context(), b.ID)
	if err != nil || len(p) != 5 || p[0].Waiting != 12 {
		t.Errorf("progress %+v, %v", p, err)
	}
	if len(d.temporal.batches) != 1 {
		t.Fatalf("started %d workflows", len(d.temporal.batches))
	}
	call := d.temporal.batches[0]
	if call.workflow != "RotateBatch" || call.signal != "resume" || call.in.Page.Batch != b.ID || call.options.ID != "batch/"+b.ID || call.options.TaskQueue != "keyturn" || call.options.Priority.PriorityKey != 1 {
		t.Errorf("started %+v", call)
	}
	attributes := map[string]any{}
	for k, v := range call.options.TypedSearchAttributes.GetUntypedValues() {
		attributes[k.GetName()] = v
	}
	if diff := cmp.Diff(map[string]any{"BatchId": b.ID, "Reason": "leak"}, attributes); diff != "" {
		t.Errorf("search attributes (-want +got)\n%s", diff)
	}
	for _, personal := range []string{"alice", "carol", "circleci"} {
		if strings.Contains(fmt.Sprintf("%+v", call.options), personal) {
			t.Errorf("%q is shown in Temporal's UI: %+v", personal, call.options)
		}
	}
	wantOut := "batch " + b.ID + " has started: 16 keys\nfollow it with: keyturn batches show " + b.ID + " --watch\n"
	if diff := cmp.Diff(wantOut, d.stdout.String()); diff != "" || !d.temporal.closed {
		t.Errorf("connection closed: %v; stdout (-want +got)\n%s", d.temporal.closed, diff)
	}
	if !strings.Contains(d.stderr.String(), "REMARKS") {
		t.Errorf("the plan is not shown: %s", d.stderr)
	}
}

func TestRotateManyConfirmation(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer  string
		tty     bool
		args    string
		code    int
		says    string
		started bool
	}{
		"the number":                {"16\n", true, "--selector " + everywhere, exitOK, "Type the number of keys in the batch, 16, to go on: ", true},
		"another number":            {"17\n", true, "--selector " + everywhere, exitRefused, "not confirmed, nothing was changed; type the number exactly", false},
		"yes is no number":          {"yes\n", true, "--selector " + everywhere, exitRefused, "not confirmed", false},
		"no terminal":               {"", false, "--selector " + everywhere, exitUsage, "add --yes", false},
		"no terminal, --yes":        {"", false, "--selector " + everywhere + " --yes", exitOK, "", true},
		"old keys end at once":      {"16\n", true, "--selector " + everywhere + " --now --reason leak", exitOK, "ended as soon as the new ones are in place", true},
		"nothing can begin":         {"", false, "--selector account=999 --yes", exitRefused, "none of the keys can begin now, nothing was changed", false},
		"nothing matches":           {"", false, "--selector team=payment --yes", exitRefused, "rotate --selector team=payment: no key in service matches; see what there is with: keyturn keys list", false},
		"a key besides":             {"", false, "aws-00 --selector team=web --yes", exitUsage, `rotate: "aws-00" and --selector both say which keys; leave one out`, false},
		"two selectors":             {"", false, "--selector team=web --selector provider=aws --yes", exitUsage, "rotate: give --selector once; join fields with commas", false},
		"watched and not":           {"", false, "--selector team=web --watch --no-watch --yes", exitUsage, "--watch and --no-watch contradict each other", false},
		"an unknown field":          {"", false, "--selector taem=web --yes", exitUsage, "did you mean team?", false},
		"a sentence is no reason":   {"", false, "--selector team=web --yes --reason Leaked!", exitUsage, "sentences go in --note", false},
		"never issued keys alone":   {"", false, "--selector key=aws-fresh --yes", exitRefused, "none of the keys can begin now", false},
		"neither key nor selector":  {"", false, "--yes", exitUsage, "rotate: KEY or --selector is missing", false},
		"a plan asks nothing":       {"", false, "--plan --selector " + everywhere, exitOK, "", false},
		"a plan of a key is a plan": {"", false, "aws-00 --plan", exitOK, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := breached(t)
			d.in, d.term.In = strings.NewReader(c.answer), c.tty
			d.expect(t, c.code, c.says, append([]string{"rotate"}, strings.Fields(c.args)...)...)
			n := 0
			if c.started {
				n = 1
			}
			if b := d.recorded(t, n); len(d.temporal.batches) != n || b.Now != (c.started && strings.Contains(c.args, "--now")) {
				t.Errorf("started %d batches, now %v", len(d.temporal.batches), b.Now)
			}
			if len(d.temporal.started) != 0 {
				t.Error("a key was rotated alone")
			}
		})
	}
}

// TestRotateManyWithoutTemporal: what is recorded is not lost.
func TestRotateManyWithoutTemporal(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.temporal.begin = func(string) error { return serviceerror.NewUnavailable("down") }
	d.expect(t, exitFailed, "when that is mended: keyturn batches resume b-", "rotate", "--selector", everywhere, "--yes")
	b := d.recorded(t, 1)
	d.temporal.begin = nil
	d.expect(t, exitOK, "", "batches", "resume", b.ID, "--yes")
	if len(d.temporal.batches) != 1 || !strings.Contains(d.stdout.String(), "batch "+b.ID+" has started: 16 keys") {
		t.Errorf("%d batches started: %s", len(d.temporal.batches), d.stdout)
	}
	d.dialTemporal = func(context.Context, dial.Config, *slog.Logger) (temporalClient, error) {
		return nil, errors.New("no Temporal at 127.0.0.1:7233")
	}
	d.expect(t, exitFailed, "no Temporal at 127.0.0.1:7233", "rotate", "--selector", everywhere, "--yes")
	d.recorded(t, 1) // where nobody answers, nothing is recorded
}

func TestRotateManyAsJSON(t *testing.T) {
	t.Parallel()
	d := breached(t)
	d.expect(t, exitOK, "", "rotate", "--selector", everywhere, "--yes", "-o", "json")
	got := strings.ReplaceAll(d.stdout.String(), d.recorded(t, 1).ID, "b-h4x2mzk7qa")
	golden(t, "testdata/bulk/started.json", got)
}

// TestReadingIsShown: while many keys are read, a terminal shows how many.
func TestReadingIsShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.term.Err = true
	c := counter{a: d.app}
	for range 2500 {
		c.next()
	}
	c.clear()
	if got, want := d.stderr.String(), "\r1000 keys read\r2000 keys read\r\x1b[K"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	d.stderr.Reset()
	d.env.Plain = true
	for range 2500 {
		c.next()
	}
	c.clear()
	if d.stderr.Len() > 0 {
		t.Errorf("where nothing is drawn: %q", d.stderr)
	}
}

// TestBulkPage: what docs/bulk-rotation.md shows is what is printed.
func TestBulkPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/bulk-rotation.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bulk/breach.txt", "batches/failed.txt"} {
		shown, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), string(shown)) {
			t.Errorf("docs/bulk-rotation.md does not show testdata/%s as it is now", name)
		}
	}
	for _, name := range selectorNames() {
		if !strings.Contains(string(page), "`"+name+"`") {
			t.Errorf("docs/bulk-rotation.md does not explain %s", name)
		}
	}
}
