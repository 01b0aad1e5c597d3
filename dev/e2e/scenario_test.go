package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// canary starts every value the vendors make. It must be found nowhere but in
// Vault.
const canary = "CANARYe2e"

var scenarios atomic.Int64

// A scenario is one key at one vendor, with a worker of its own behind
// proxies of its own, over the servers of the stack.
type scenario struct {
	*stack
	t      testing.TB
	vendor *simulate.Vendor
	id     keyturn.KeyID
	queue  string
	path   string // consumers' path below secret/
	ledger *fake.Ledger
	wire   *tripwire
	config string
	log    *lockedBuffer
	policy keyturn.Policy
	rate   float64 // of the provider account
	direct bool    // without proxies, for measurements
	crypt  string  // the encryption section of the configuration
	hand   *hand   // who takes the steps that no API can; nil where there is one

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{}
	stopped bool
	broken  []string // promises seen broken while it ran
}

type setting func(*scenario)

// newScenario prepares a key that was never issued, and starts its worker.
func newScenario(t testing.TB, s *stack, provider string, set ...setting) *scenario {
	t.Helper()
	sc := blankScenario(t, s, provider)
	sc.vendor = simulate.New(provider, simulate.Options{
		Settle: -1, Rate: -1, ValuePrefix: canary, Principals: []string{"svc-" + sc.queue}, AdminFolder: "secret/admin/" + sc.queue,
	})
	if sc.vendor == nil {
		t.Fatalf("no vendor %q is simulated", provider)
	}
	sc.ledger = sc.vendor.Ledger
	for _, f := range set {
		f(sc)
	}
	sc.prepare()
	sc.start()
	t.Cleanup(sc.finish)
	return sc
}

// blankScenario names what is to become a scenario.
func blankScenario(t testing.TB, s *stack, provider string) *scenario {
	n := scenarios.Add(1)
	sc := &scenario{
		stack: s, t: t, rate: 100, id: keyturn.KeyID(fmt.Sprintf("e2e-%s-%d", provider, n)), queue: fmt.Sprintf("e2e-%d", n),
		path: fmt.Sprintf("team/e2e-%d", n), log: new(lockedBuffer),
		policy: keyturn.Policy{
			Overlap: keyturn.Duration(time.Second), DisabledSoak: keyturn.Duration(time.Second),
			ConsumerDeadline: keyturn.Duration(5 * time.Second),
		},
	}
	sc.wire = &tripwire{kill: sc.crash}
	return sc
}

func (sc *scenario) prepare() {
	sc.t.Helper()
	ctx := sc.t.Context()
	for _, a := range sc.admins() {
		sc.known(a.Secret.Expose())
		data := map[string]any{"key_id": a.ID, "key": a.Secret.Expose()}
		if _, err := sc.vaultAPI.KVv2("secret").Put(ctx, strings.TrimPrefix(a.Ref.Path, "secret/"), data); err != nil {
			sc.t.Fatal(err)
		}
	}
	vaultURL := sc.vault.Address()
	if !sc.direct {
		vaultURL = vaultProxy(sc.t, sc.wire, vaultURL)
	}
	sc.writeConfig(sc.serveVendor(), vaultURL)
	key := keyturn.Key{
		ID: sc.id, Purpose: "proves that nothing is lost", Owner: keyturn.Owner{Team: "platform", Person: "e2e@example.com"},
		Scope:   keyturn.Scope{Provider: sc.vendor.Provider, Account: sc.vendor.Account, Principal: sc.vendor.Principal(), Permissions: permissions(sc.vendor)},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/" + sc.path}},
		Audit:   keyturn.Audit{EveryDays: 90}, Policy: sc.policy,
		Created: time.Now().UTC(), Expires: time.Now().UTC().AddDate(0, 6, 0),
	}
	if _, err := sc.registry.Save(ctx, key, registry.Event{ID: "apply/" + string(sc.id), Key: sc.id, What: registry.Applied, At: time.Now()}); err != nil {
		sc.t.Fatal(err)
	}
}

// serveVendor serves the vendor's API, or what stands in for one.
func (sc *scenario) serveVendor() string {
	if sc.hand != nil {
		return sc.hand.serve(sc)
	}
	vendor := sc.vendor.Handler()
	if !sc.direct {
		vendor = tripped(sc.wire, sc.vendor.Changes, sc.watch, vendor)
	}
	return serve(sc.t, vendor)
}

// admins are the credentials the worker needs.
func (sc *scenario) admins() []simulate.Admin {
	if sc.hand != nil {
		return []simulate.Admin{sc.hand.desk.Token}
	}
	return sc.vendor.Admins
}

func permissions(v *simulate.Vendor) []string {
	if len(v.Permissions) > 0 {
		return v.Permissions
	}
	return []string{"read"}
}

// watch looks at everything a vendor is asked to end: it must not be what
// consumers read.
func (sc *scenario) watch(name string, r *http.Request, body []byte) {
	id := sc.vendor.Ends(r, body)
	if id == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if read, _, _, err := sc.consumed(ctx, sc.path); err == nil && read == id && sc.policy.OnLeak != keyturn.KillFirst {
		sc.mu.Lock()
		sc.broken = append(sc.broken, fmt.Sprintf("%s ended %s, which consumers read", name, id))
		sc.mu.Unlock()
	}
}

func (sc *scenario) writeConfig(vendorURL, vaultURL string) {
	sc.t.Helper()
	dir := filepath.Join(sc.dir, sc.queue)
	pg, err := url.Parse(sc.postgres.URL())
	if err != nil {
		sc.t.Fatal(err)
	}
	level := "debug"
	if sc.direct {
		level = "warn"
	} else {
		pg.Host = pgProxy(sc.t, sc.wire, pg.Host)
	}
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			sc.t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			sc.t.Fatal(err)
		}
		return file
	}
	sc.config = write("worker.yaml", fmt.Sprintf(`
temporal: {address: %q, namespace: %s, task_queue: %s%s}
registry: {postgres: {url_file: %q}}
stores:
  default: {vault: {address: %q, auth: {token: {file: %q}}}}
providers:
  - provider: %s
    account: %q
    base_url: %q
    rate: %g
    settle: 1s
    usage_lag: 1ms
    settings: %s
synthetic: {http: true}
rollout: {poll: 500ms}
listen: 127.0.0.1:0
drain: 5s
log: {level: %s}
leaks: {lag: 1ms}
%s`, sc.temporal.Address(), namespace, sc.queue, sc.crypt, write("registry-url", pg.String()), vaultURL, sc.tokenFile(sc.t),
		sc.vendor.Provider, sc.vendor.Account, vendorURL, sc.rate, sc.settings(), level, sc.hand.config(write, sc)))
}

// settings is the provider's own, as YAML, which JSON is.
func (sc *scenario) settings() []byte {
	b, err := json.Marshal(sc.vendor.Settings)
	if err != nil {
		sc.t.Fatal(err)
	}
	return b
}

// start starts the worker. It runs until crash or finish.
func (sc *scenario) start() {
	sc.mu.Lock()
	defer sc.mu.Unlock()
	if sc.stopped {
		return
	}
	cmd := exec.Command(sc.worker, "-config", sc.config)
	cmd.Stdout, cmd.Stderr = sc.log, sc.log
	cmd.SysProcAttr = childDies()
	if err := cmd.Start(); err != nil {
		sc.t.Errorf("starting the worker: %v", err)
		return
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	sc.process, sc.ended = cmd, ended
}

// crash kills the worker as the kernel would, waits until it is gone, and
// starts it again.
func (sc *scenario) crash() {
	sc.halt()
	sc.start()
}

func (sc *scenario) halt() {
	sc.mu.Lock()
	cmd, ended := sc.process, sc.ended
	sc.mu.Unlock()
	_ = cmd.Process.Kill()
	<-ended
}

// stopGently asks the worker to stop, as a deployment does, and returns its
// exit status.
func (sc *scenario) stopGently() int {
	sc.mu.Lock()
	cmd, ended := sc.process, sc.ended
	sc.mu.Unlock()
	_ = cmd.Process.Signal(syscall.SIGTERM)
	<-ended
	return cmd.ProcessState.ExitCode()
}

func (sc *scenario) finish() {
	sc.mu.Lock()
	sc.stopped = true
	sc.mu.Unlock()
	sc.collect(sc.metrics())
	sc.halt()
	sc.collect(sc.log.String())
	if sc.t.Failed() {
		sc.t.Logf("the worker said:\n%s", tail(sc.log.String(), 6000))
	}
}

func tail(s string, n int) string {
	if len(s) > n {
		return "…" + s[len(s)-n:]
	}
	return s
}

// begin starts an operation and returns at once.
func (sc *scenario) begin(workflow any, change ...func(*workflows.Order)) (client.WorkflowRun, error) {
	order := workflows.Order{
		Key: sc.id, Issuer: keyturn.Issuer{Provider: sc.vendor.Provider, Account: sc.vendor.Account},
		Cause: activities.Cause{Reason: "requested", Actor: "e2e"},
	}
	for _, f := range change {
		f(&order)
	}
	return sc.client.ExecuteWorkflow(sc.t.Context(), client.StartWorkflowOptions{
		ID: workflows.KeyWorkflowID(sc.id), TaskQueue: sc.queue, WorkflowExecutionErrorWhenAlreadyStarted: true,
		StaticSummary: "e2e",
	}, workflow, order)
}

// do runs an operation to its end.
func (sc *scenario) do(workflow any, change ...func(*workflows.Order)) workflows.Result {
	sc.t.Helper()
	run, err := sc.begin(workflow, change...)
	if err != nil {
		sc.t.Fatal(err)
	}
	return sc.await(run)
}

func (sc *scenario) await(run client.WorkflowRun) workflows.Result {
	sc.t.Helper()
	ctx, cancel := context.WithTimeout(sc.t.Context(), 8*time.Minute)
	defer cancel()
	var res workflows.Result
	if err := run.Get(ctx, &res); err != nil {
		sc.t.Fatalf("%s: the workflow did not end well: %v", sc.id, err)
	}
	return res
}

// issued prepares a key that is in service.
func (sc *scenario) issued() *scenario {
	sc.t.Helper()
	if res := sc.do(workflows.IssueKey); res.Outcome != workflows.Issued {
		sc.t.Fatalf("issue: %+v", res)
	}
	return sc
}

// key reads the registry.
func (sc *scenario) key() *keyturn.Key {
	sc.t.Helper()
	k, err := sc.registry.Get(sc.t.Context(), sc.id)
	if err != nil {
		sc.t.Fatal(err)
	}
	return &k
}

// status asks the workflow where it is.
func (sc *scenario) status() workflows.Status {
	ctx, cancel := context.WithTimeout(sc.t.Context(), 10*time.Second)
	defer cancel()
	var s workflows.Status
	if v, err := sc.client.QueryWorkflow(ctx, workflows.KeyWorkflowID(sc.id), "", workflows.QueryStatus); err == nil {
		_ = v.Get(&s)
	}
	return s
}

// until waits for a condition.
func (sc *scenario) until(what string, ok func() bool) {
	sc.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for !ok() {
		if time.Now().After(deadline) {
			sc.t.Fatalf("%s: never came to pass", what)
		}
		time.Sleep(50 * time.Millisecond) // the condition is in another process
	}
}

// lockedBuffer collects what processes print.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Clone(b.b.String())
}
