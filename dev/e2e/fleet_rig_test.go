package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	vaultapi "github.com/hashicorp/vault/api"
	"github.com/jackc/pgx/v5"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/servertest"
	"github.com/keyturn/keyturn/workflows"
)

// A rig is many keys at several vendors: the servers of a stack with Temporal in
// a process of its own, and workers that share one configuration.
type rig struct {
	*stack
	t        testing.TB
	server   *temporalProcess
	accounts []*rigAccount
	queue    string
	address  string // where the workers find Temporal
	config   string
	sections map[string]any // of the configuration, besides those that configure writes

	mu      sync.Mutex
	workers []*workerProcess
}

// A rigAccount is one vendor's account and how the workers are told to use it.
type rigAccount struct {
	*simulate.Vendor
	rate, calls float64 // of the task queue and of each worker; 0 for the default
	requests    atomic.Int64
	meter       *meter // nil where nothing is measured
}

// issuer names the account.
func (a *rigAccount) issuer() keyturn.Issuer {
	return keyturn.Issuer{Provider: a.Provider, Account: a.Account}
}

// account simulates a vendor that answers at once and sets no limit, with n
// principals where keys belong to one.
func account(provider string, n int, rate float64) *rigAccount {
	var principals []string
	for i := range n {
		principals = append(principals, fmt.Sprint("svc-", i))
	}
	return &rigAccount{rate: rate, Vendor: simulate.New(provider, simulate.Options{
		Settle: -1, Rate: -1, ValuePrefix: canary, Principals: principals, AdminFolder: "secret/admin/fleet",
	})}
}

// A database is where Temporal keeps its data.
type database string

const (
	inMemory   database = "memory"
	onSQLite   database = "sqlite"   // in a file
	onPostgres database = "postgres" // beside the registry's database
)

// newRig starts the servers and no worker.
func newRig(t testing.TB, where database, vault *servertest.VaultServer, accounts ...*rigAccount) *rig {
	t.Helper()
	r := &rig{t: t, accounts: accounts, queue: workflows.DefaultTaskQueue, stack: &stack{dir: t.TempDir(), vault: vault}}
	r.worker = build(t, r.dir, "github.com/keyturn/keyturn/worker")
	r.postgres = servertest.StartPostgres(t)
	var err error
	if r.registry, err = postgres.Open(t.Context(), r.postgres.URL()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.registry.Close() })
	cfg := vaultapi.DefaultConfig()
	cfg.Address = vault.Address()
	if r.vaultAPI, err = vaultapi.NewClient(cfg); err != nil {
		t.Fatal(err)
	}
	r.vaultAPI.SetToken(vault.Token())
	r.server = startTemporal(t, r.options(where))
	r.address = r.server.address
	r.client, err = client.DialContext(t.Context(), client.Options{HostPort: r.server.address, Namespace: namespace, Logger: quietly()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	return r
}

// options are those of a Temporal server with its data somewhere.
func (r *rig) options(where database) (o embedded.Options) {
	switch where {
	case onSQLite:
		o.Dir = filepath.Join(r.dir, "temporal")
	case onPostgres:
		o.PostgresURL = strings.Replace(r.postgres.URL(), "/postgres?", "/temporal?", 1)
	}
	return o
}

// databaseMB is how much Temporal's data take, in MB; 0 for those in memory.
func (r *rig) databaseMB() float64 {
	r.t.Helper()
	bytes := 0.0
	if dir := r.server.options.Dir; dir != "" {
		for _, name := range []string{"temporal.db", "temporal.db-wal"} {
			if info, err := os.Stat(filepath.Join(dir, name)); err == nil {
				bytes += float64(info.Size())
			}
		}
	}
	if r.server.options.PostgresURL != "" {
		bytes = r.ask("SELECT pg_database_size('temporal') + pg_database_size('temporal_visibility')")
	}
	return bytes / (1 << 20)
}

// ask asks Temporal's database for a number.
func (r *rig) ask(query string) (n float64) {
	r.t.Helper()
	conn, err := pgx.Connect(r.t.Context(), r.server.options.PostgresURL)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if err := conn.QueryRow(r.t.Context(), "SELECT ("+query+")::float8").Scan(&n); err != nil {
		r.t.Fatal(err)
	}
	return n
}

// start starts n more workers, which end with the test.
func (r *rig) start(n int) {
	r.t.Helper()
	if r.config == "" {
		r.configure()
	}
	for range n {
		w := &workerProcess{binary: r.worker, config: r.config}
		if err := w.start(); err != nil {
			r.t.Fatal(err)
		}
		r.t.Cleanup(func() {
			w.halt()
			if r.t.Failed() {
				r.t.Logf("a worker said:\n%s", tail(w.log.String(), 4000))
			}
		})
		r.mu.Lock()
		r.workers = append(r.workers, w)
		r.mu.Unlock()
	}
}

// crash kills every worker at once and starts them again.
func (r *rig) crash() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.workers {
		w.halt()
	}
	for _, w := range r.workers {
		if err := w.start(); err != nil {
			r.t.Errorf("starting a worker again: %v", err)
		}
	}
}

func (r *rig) configure() {
	r.t.Helper()
	type section map[string]any
	var accounts []section
	for _, a := range r.accounts {
		for _, admin := range a.Admins {
			data := map[string]any{"key_id": admin.ID, "key": admin.Secret.Expose()}
			if _, err := r.vaultAPI.KVv2("secret").Put(r.t.Context(), strings.TrimPrefix(admin.Ref.Path, "secret/"), data); err != nil {
				r.t.Fatal(err)
			}
		}
		vendor := a.meter.watch(a.Handler())
		url := serve(r.t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			a.requests.Add(1)
			vendor.ServeHTTP(w, req)
		}))
		one := section{"provider": a.Provider, "account": a.Account, "base_url": url, "settle": "1s", "usage_lag": "1ms", "settings": a.Settings, "rate": a.rate}
		if a.calls > 0 {
			one["calls_per_second"] = a.calls
		}
		accounts = append(accounts, one)
	}
	whole := section{
		"temporal":  section{"address": r.address, "namespace": namespace, "task_queue": r.queue},
		"registry":  section{"postgres": section{"url_file": r.file("registry-url", r.postgres.URL())}},
		"stores":    section{"default": section{"vault": section{"address": r.vault.Address(), "auth": section{"token": section{"file": r.tokenFile(r.t)}}}}},
		"providers": accounts, "listen": "127.0.0.1:0", "drain": "5s", "log": section{"level": "warn"},
	}
	maps.Copy(whole, r.sections)
	text, err := json.MarshalIndent(whole, "", "  ") // which YAML reads
	if err != nil {
		r.t.Fatal(err)
	}
	r.config = r.file("worker.yaml", string(text))
}

func (r *rig) file(name, text string) string {
	r.t.Helper()
	file := filepath.Join(r.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
	return file
}

// entries registers n keys of an account that were never issued.
func (r *rig) entries(a *rigAccount, n int) []keyturn.KeyID {
	r.t.Helper()
	var ids []keyturn.KeyID
	var changes []registry.Change
	for i := range n {
		k := r.entry(a, i)
		ids = append(ids, k.ID)
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: "apply/" + string(k.ID), Key: k.ID, What: registry.Applied, At: time.Now()}})
	}
	if err := r.registry.SaveAll(r.t.Context(), changes); err != nil {
		r.t.Fatal(err)
	}
	return ids
}

// entry is the i-th key of an account.
func (r *rig) entry(a *rigAccount, i int) keyturn.Key {
	id := keyturn.KeyID(fmt.Sprintf("fleet-%s-%05d", a.Provider, i))
	k := keyturn.Key{
		ID: id, Purpose: "one of many", Owner: keyturn.Owner{Team: fmt.Sprint("team-", i%5), Person: "e2e@example.com"},
		Scope:   keyturn.Scope{Provider: a.Provider, Account: a.Account, Permissions: permissions(a.Vendor)},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default", Path: "secret/fleet/" + string(id)}},
		Audit:   keyturn.Audit{EveryDays: 90},
		Policy: keyturn.Policy{
			Overlap: keyturn.Duration(time.Second), DisabledSoak: keyturn.Duration(time.Second), ConsumerDeadline: keyturn.Duration(5 * time.Second),
		},
		Created: time.Now().UTC(), Expires: time.Now().UTC().AddDate(0, 6, 0),
	}
	if len(a.Principals) > 0 {
		k.Scope.Principal = a.Principals[i]
	}
	return k
}

// order is how a person asks for an operation on a key.
func (r *rig) order(a *rigAccount, id keyturn.KeyID) workflows.Order {
	return workflows.Order{Key: id, Issuer: a.issuer(), Cause: activities.Cause{Reason: "requested", Actor: "e2e"}}
}

// each starts a workflow for each of n and waits until all have ended.
func (r *rig) each(n int, start func(ctx context.Context, i int) (client.WorkflowRun, error)) time.Duration {
	began := time.Now()
	runs := make([]client.WorkflowRun, n)
	r.together(n, func(i int) (err error) { runs[i], err = start(r.t.Context(), i); return err })
	r.together(n, func(i int) error {
		if runs[i] == nil {
			return nil // it was not started, as was said
		}
		return runs[i].Get(r.t.Context(), nil)
	})
	return time.Since(began)
}

// issue issues keys.
func (r *rig) issue(a *rigAccount, ids []keyturn.KeyID) {
	r.t.Helper()
	r.each(len(ids), func(ctx context.Context, i int) (client.WorkflowRun, error) {
		return r.client.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: workflows.KeyWorkflowID(ids[i]), TaskQueue: r.queue}, workflows.IssueKey, r.order(a, ids[i]))
	})
}

// key reads the registry.
func (r *rig) key(id keyturn.KeyID) keyturn.Key {
	r.t.Helper()
	k, err := r.registry.Get(r.t.Context(), id)
	if err != nil {
		r.t.Fatal(err)
	}
	return k
}

// events counts what happened to a key, by kind.
func (r *rig) events(id keyturn.KeyID) map[string]int {
	r.t.Helper()
	out := map[string]int{}
	for e, err := range r.registry.History(r.t.Context(), id) {
		if err != nil {
			r.t.Fatal(err)
		}
		out[e.What]++
	}
	return out
}

// overdue makes keys due a while ago.
func (r *rig) overdue(ids []keyturn.KeyID) {
	r.t.Helper()
	var changes []registry.Change
	for _, id := range ids {
		k := r.key(id)
		k.Rotated = k.Rotated.AddDate(0, 0, -k.Audit.EveryDays-1)
		changes = append(changes, registry.Change{Key: k, Event: registry.Event{ID: "age/" + string(id), Key: id, What: registry.Noted, At: time.Now()}})
	}
	if err := r.registry.SaveAll(r.t.Context(), changes); err != nil {
		r.t.Fatal(err)
	}
}

// until waits for a condition.
func (r *rig) until(what string, within time.Duration, ok func() bool) {
	r.t.Helper()
	for deadline := time.Now().Add(within); !ok(); time.Sleep(50 * time.Millisecond) { // the condition is in another process
		if time.Now().After(deadline) {
			r.t.Fatalf("%s: never came to pass", what)
		}
	}
}

// sweep starts a sweep as its schedule does.
func (r *rig) sweep(id string, c activities.SweepConfig) client.WorkflowRun {
	r.t.Helper()
	run, err := r.client.ExecuteWorkflow(r.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: r.queue}, workflows.Sweep, workflows.SweepInput{Config: c})
	if err != nil {
		r.t.Fatal(err)
	}
	return run
}

// swept waits for the end of a sweep.
func (r *rig) swept(run client.WorkflowRun) activities.SweepTally {
	r.t.Helper()
	var tally activities.SweepTally
	if err := run.Get(r.t.Context(), &tally); err != nil {
		r.t.Fatalf("%s: %v", run.GetID(), err)
	}
	return tally
}

// A workerProcess is a worker that can be killed.
type workerProcess struct {
	binary, config string
	log            lockedBuffer
	cmd            *exec.Cmd
}

func (w *workerProcess) start() error {
	w.cmd = exec.Command(w.binary, "-config", w.config)
	w.cmd.Stdout, w.cmd.Stderr = &w.log, &w.log
	w.cmd.SysProcAttr = childDies()
	return w.cmd.Start()
}

func (w *workerProcess) pid() int { return w.cmd.Process.Pid }

// halt kills it as the kernel would, and waits until it is gone.
func (w *workerProcess) halt() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

func quietly() sdklog.Logger { return sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)) }
