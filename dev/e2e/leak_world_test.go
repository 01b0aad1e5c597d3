package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/leaks/github/githubfake"
	"github.com/keyturn/keyturn/leaks/hmsl/hmslfake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// leakyRepo is where values leak in these tests.
const leakyRepo = "acme/payments"

// leaky is a rig whose workers hear of leaks.
type leaky struct {
	*rig
	forge  *githubfake.Forge
	hmsl   *hmslfake.Service
	prints leaks.Fingerprinter
}

// newLeaky has a rig that was not started yet hear of leaks. change is of the section
// leaks of the workers' configuration.
func newLeaky(r *rig, change map[string]any) *leaky {
	r.t.Helper()
	key := strings.Repeat("k", 32)
	l := &leaky{
		rig: r, forge: githubfake.New(githubfake.Options{Token: canary + "token"}), hmsl: hmslfake.New(hmslfake.Options{}),
		prints: leaks.Fingerprinter{Key: keyturn.NewSecret(key)},
	}
	l.forge.AddRepo(githubfake.Repo{Name: leakyRepo, Public: true})
	if _, err := r.vaultAPI.KVv2("secret").Put(r.t.Context(), "admin/github-leaks", map[string]any{"key_id": "", "key": canary + "token"}); err != nil {
		r.t.Fatal(err)
	}
	type section = map[string]any
	of := section{
		"lag": "1s", "keep": section{"path": "secret/keyturn/leaks"}, "hasmysecretleaked": section{"base_url": serve(r.t, l.hmsl)},
		"sources": section{"github": section{
			"source": "github", "base_url": serve(r.t, l.forge), "calls_per_second": 1000, "webhook_secret_file": r.file("hook", hookSecret),
			"settings": section{"org": "acme", "token": section{"path": "secret/admin/github-leaks"}},
		}},
	}
	for k, v := range change {
		of[k] = v
	}
	r.sections = section{
		"webhooks": section{"listen": "127.0.0.1:0", "rate": 10000, "burst": 10000}, "log": section{"level": "info"}, "leaks": of,
		"fingerprint_key_file": r.file("fingerprint-key", base64.StdEncoding.EncodeToString([]byte(key))),
	}
	return l
}

// value is the value of a key in service.
func (l *leaky) value(a *rigAccount, id keyturn.KeyID) string {
	l.t.Helper()
	k := l.key(id)
	v := a.Ledger.Value(k.Current().RemoteID)
	if v == "" {
		l.t.Fatalf("the vendor has no value for %s", id)
	}
	return v
}

// fill makes the fingerprints of keys that were put into service without a worker.
func (l *leaky) fill() workflows.FillResult {
	l.t.Helper()
	o, in := workflows.FillOptions("e2e", false, l.queue)
	run, err := l.client.ExecuteWorkflow(l.t.Context(), o, workflows.FillFingerprints, in)
	var res workflows.FillResult
	if err == nil {
		err = run.Get(l.t.Context(), &res)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return res
}

// alert has GitHub find a value, and say so to one of the workers. It returns the
// alert's number.
func (l *leaky) alert(value string) int {
	l.t.Helper()
	n := l.forge.Leak(leakyRepo, githubfake.Alert{
		Type: "datadog_api_key", Secret: value,
		Places: []githubfake.Place{{Path: ".env", Line: 3, Commit: strings.Repeat("ab", 20), At: time.Now().Add(-time.Hour)}},
	})
	l.deliver(n)
	return n
}

func (l *leaky) deliver(number int) {
	l.t.Helper()
	header, body := l.forge.Deliver(hookSecret, "secret_scanning_alert", "created", leakyRepo, number)
	l.post("github", header, body)
}

// post sends a delivery to one of the workers, which must take it.
func (l *leaky) post(path string, header http.Header, body []byte) {
	l.t.Helper()
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.hooks()+"leaks/"+path, bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header = header
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		l.t.Fatalf("the delivery to %s is answered %s", path, resp.Status)
	}
}

// hooks is where one of the workers takes deliveries.
func (r *rig) hooks() (at string) {
	r.t.Helper()
	r.until("webhooks are served", 30*time.Second, func() bool {
		found := hooksAt.FindAllStringSubmatch(r.workers[0].log.String(), -1)
		if len(found) > 0 {
			at = found[len(found)-1][1]
		}
		return at != ""
	})
	return at
}

// report records findings as an operator's command does.
func (l *leaky) report(found ...leaks.Finding) []activities.Reported {
	l.t.Helper()
	out, err := activities.Reporter{Registry: l.registry, Respond: l.launcher().Respond, Prints: l.prints, Actor: "e2e", Now: time.Now}.Report(l.t.Context(), found)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

func (l *leaky) launcher() workflows.Launcher {
	return workflows.Launcher{Client: l.client, Namespace: namespace, Queue: l.queue, Now: time.Now}
}

// found are the leaks there are, by key.
func (l *leaky) found() map[keyturn.KeyID]registry.Leak {
	l.t.Helper()
	out := map[keyturn.KeyID]registry.Leak{}
	for leak, err := range l.registry.Leaks(l.t.Context(), registry.LeakFilter{}) {
		if err != nil {
			l.t.Fatal(err)
		}
		if _, twice := out[leak.Key]; twice && leak.Key != "" {
			l.t.Errorf("%s leaked once, and there are two leaks of it", leak.Key)
		}
		out[leak.Key] = leak
	}
	return out
}

// count is how many leaks are in a state.
func (l *leaky) count(s registry.LeakState) (n int) {
	for _, leak := range l.found() {
		if leak.State == s {
			n++
		}
	}
	return n
}

// runs is how many workflows of a type there were.
func (l *leaky) runs(workflow string) int64 {
	l.t.Helper()
	got, err := l.client.CountWorkflow(l.t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: fmt.Sprintf("WorkflowType = %q", workflow)})
	if err != nil {
		l.t.Fatal(err)
	}
	return got.GetCount()
}

// replacedOnce asks that every leaked key be replaced exactly once, and be dead, and
// that no other be touched.
func (l *leaky) replacedOnce(a *rigAccount, leaked, others []keyturn.KeyID) {
	l.t.Helper()
	found := l.found()
	for _, id := range leaked {
		k, happened, leak := l.key(id), l.events(id), found[id]
		if k.Generation != 2 || len(k.Ledger) != 1 || happened[registry.Completed] != 1 || happened[registry.LeakFound] != 1 || happened[registry.LeakClosed] != 1 {
			l.t.Errorf("%s is of generation %d with %d in its ledger; its history: %v", id, k.Generation, len(k.Ledger), happened)
		}
		if leak.State != registry.LeakDead || leak.Generation != 1 || !strings.Contains(leak.Proof, "its value is refused") {
			l.t.Errorf("the leak of %s: %+v", id, leak)
		}
	}
	for _, id := range others {
		if k := l.key(id); k.Generation != 1 {
			l.t.Errorf("%s did not leak, and is of generation %d", id, k.Generation)
		}
	}
	l.oneLiveKeyEach(a)
}

// look has scanners and HasMySecretLeaked asked, as the schedule does.
func (l *leaky) look(id string) workflows.LookedForLeaks {
	l.t.Helper()
	run, err := l.client.ExecuteWorkflow(l.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: l.queue}, workflows.LookForLeaks, workflows.LookForLeaksInput{})
	var out workflows.LookedForLeaks
	if err == nil {
		err = run.Get(l.t.Context(), &out)
	}
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}

// say writes down what a person says of a leak, and has it looked at.
func (l *leaky) say(id string, edit func(*registry.Leak)) {
	l.t.Helper()
	l.until("it is written down", time.Minute, func() bool {
		leak, err := l.registry.Leak(l.t.Context(), id)
		if err != nil {
			l.t.Fatal(err)
		}
		edit(&leak)
		_, err = l.registry.SaveLeak(l.t.Context(), leak)
		if err != nil && keyturn.KindOf(err) != keyturn.Conflict {
			l.t.Fatal(err)
		}
		return err == nil
	})
	if err := l.launcher().Look(l.t.Context(), id); err != nil {
		l.t.Fatal(err)
	}
}

// within fails when something takes too long.
func (l *leaky) within(d time.Duration, id string) registry.Leak {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.t.Context(), d)
	defer cancel()
	if err := l.client.GetWorkflow(ctx, workflows.LeakWorkflowID(id), "").Get(ctx, nil); err != nil {
		l.t.Fatal(err)
	}
	out, err := l.registry.Leak(l.t.Context(), id)
	if err != nil {
		l.t.Fatal(err)
	}
	return out
}
