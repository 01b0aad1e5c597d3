package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn/dev/embedded"
)

const namespace = "keyturn"

var (
	keyID = temporal.NewSearchAttributeKeyKeyword("KeyId")
	dueAt = temporal.NewSearchAttributeKeyTime("DueAt")
)

func attributes() map[string]enumspb.IndexedValueType {
	return embedded.Attributes([]temporal.SearchAttributeKey{keyID, dueAt})
}

// start starts a server that the end of the test stops.
func start(t *testing.T, o embedded.Options) *embedded.Server {
	t.Helper()
	s, err := embedded.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *embedded.Server) {
	t.Helper()
	if err := s.Stop(); err != nil {
		t.Error("stop:", err)
	}
}

func dial(t *testing.T, s *embedded.Server) client.Client {
	t.Helper()
	c, err := client.Dial(client.Options{
		HostPort:  s.Address(),
		Namespace: namespace,
		Logger:    sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// greet is the smallest workflow with an activity.
func greet(ctx workflow.Context, name string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	var out string
	err := workflow.ExecuteActivity(ctx, "Hello", name).Get(ctx, &out)
	return out, err
}

type activities struct{}

func (*activities) Hello(_ context.Context, name string) (string, error) { return "hello " + name, nil }

// run runs one workflow to its end on a worker of its own.
func run(t *testing.T, s *embedded.Server, id string, due time.Time) {
	t.Helper()
	c := dial(t, s)
	defer c.Close()
	w := worker.New(c, "test", worker.Options{})
	w.RegisterWorkflow(greet)
	w.RegisterActivity(&activities{})
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	handle, err := c.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                    id,
		TaskQueue:             "test",
		TypedSearchAttributes: temporal.NewSearchAttributes(keyID.ValueSet(id), dueAt.ValueSet(due)),
	}, greet, id)
	if err != nil {
		t.Fatal(err)
	}
	var got string
	if err := handle.Get(ctx, &got); err != nil {
		t.Fatal(err)
	}
	if want := "hello " + id; got != want {
		t.Errorf("workflow returned %q, want %q", got, want)
	}
}

// find polls until a query finds exactly n workflows: visibility is written
// after the fact.
func find(t *testing.T, s *embedded.Server, query string, n int64) {
	t.Helper()
	c := dial(t, s)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Query: query})
		if err == nil && got.GetCount() == n {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: found %v, want %d (%v)", query, got, n, err)
		case <-tick.C:
		}
	}
}

func TestWorkflowsRunAndAreFoundBySearchAttribute(t *testing.T) {
	t.Parallel()
	s := start(t, embedded.Options{NoUI: true, SearchAttributes: attributes()})
	due := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
	run(t, s, "key-1", due)
	run(t, s, "key-2", due.AddDate(0, 1, 0))
	find(t, s, "KeyId = 'key-1'", 1)
	find(t, s, "KeyId = 'key-3'", 0)
	find(t, s, "DueAt < '2026-12-15T00:00:00Z' AND ExecutionStatus = 'Completed'", 1)
	find(t, s, "DueAt IS NOT NULL", 2)
}

func TestEveryNamespaceHasItsRetentionAndAttributes(t *testing.T) {
	t.Parallel()
	names := []string{namespace, "second"}
	s := start(t, embedded.Options{NoUI: true, Namespaces: names, RetentionDays: 3, SearchAttributes: attributes()})
	c := dial(t, s)
	defer c.Close()
	for _, name := range names {
		ns, err := c.WorkflowService().DescribeNamespace(t.Context(), &workflowservice.DescribeNamespaceRequest{Namespace: name})
		if err != nil {
			t.Fatal(err)
		}
		if got := ns.GetConfig().GetWorkflowExecutionRetentionTtl().AsDuration(); got != 72*time.Hour {
			t.Errorf("%s keeps workflows for %v, want 72h", name, got)
		}
		_, err = c.WorkflowService().CountWorkflowExecutions(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{Namespace: name, Query: "KeyId = 'x'"})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDataOutliveARestartAndAttributesAreAdded(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true, SearchAttributes: attributes()})
	if err != nil {
		t.Fatal(err)
	}
	run(t, first, "kept", time.Now())
	find(t, first, "KeyId = 'kept'", 1)
	stop(t, first)

	more := attributes()
	more["Phase"] = enumspb.INDEXED_VALUE_TYPE_KEYWORD
	second := start(t, embedded.Options{Dir: dir, NoUI: true, SearchAttributes: more})
	find(t, second, "KeyId = 'kept' AND Phase IS NULL", 1)
	run(t, second, "later", time.Now())
	find(t, second, "KeyId = 'later'", 1)
}

func TestADirectoryServesOneServerAtATime(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, embedded.Options{Dir: dir, NoUI: true})
	_, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true})
	if err == nil || !strings.Contains(err.Error(), "another server uses") {
		t.Errorf("second server on the same directory: %v", err)
	}
}

func TestADirectoryCanBeDeletedAndUsedAgain(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	for _, id := range []string{"one", "two"} {
		s, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true, SearchAttributes: attributes()})
		if err != nil {
			t.Fatal(err)
		}
		run(t, s, id, time.Now())
		find(t, s, "DueAt IS NOT NULL", 1) // nothing of the one before
		stop(t, s)
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTwoServersInOneProcessDoNotMix(t *testing.T) {
	t.Parallel()
	a := start(t, embedded.Options{NoUI: true, SearchAttributes: attributes()})
	b := start(t, embedded.Options{NoUI: true, SearchAttributes: attributes()})
	if a.Address() == b.Address() {
		t.Fatalf("both listen on %s", a.Address())
	}
	run(t, a, "in-a", time.Now())
	run(t, b, "in-b", time.Now())
	find(t, a, "DueAt IS NOT NULL", 1)
	find(t, a, "KeyId = 'in-a'", 1)
	find(t, b, "KeyId = 'in-a'", 0)
	stop(t, a)
	run(t, b, "still", time.Now())
}

func TestStopFreesThePortAndMayBeRepeated(t *testing.T) {
	t.Parallel()
	s := start(t, embedded.Options{})
	ui := strings.TrimPrefix(s.UIURL(), "http://")
	stop(t, s)
	stop(t, s)
	for _, address := range []string{s.Address(), ui} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("after Stop: %v", err)
			continue
		}
		l.Close()
	}
}

func TestAChosenPortIsUsedAndATakenOneIsNamed(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	_, err = embedded.Start(t.Context(), embedded.Options{NoUI: true, Port: port})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("port %d of 127.0.0.1 is taken", port)) {
		t.Errorf("start on a taken port: %v", err)
	}
	_, err = embedded.Start(t.Context(), embedded.Options{UIPort: port})
	if err == nil || !strings.Contains(err.Error(), "web UI: port") {
		t.Errorf("start with the UI on a taken port: %v", err)
	}
	l.Close()
	s := start(t, embedded.Options{NoUI: true, Port: port})
	if want := fmt.Sprintf("127.0.0.1:%d", port); s.Address() != want {
		t.Errorf("listens on %s, want %s", s.Address(), want)
	}
}

func TestACancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := t.TempDir()
	if _, err := embedded.Start(ctx, embedded.Options{Dir: dir, NoUI: true}); err != context.Canceled {
		t.Errorf("start with a cancelled context: %v", err)
	}
	start(t, embedded.Options{Dir: dir, NoUI: true}) // the directory is free
}

func TestOptionsThatCannotWorkSayWhy(t *testing.T) {
	t.Parallel()
	fourDates := map[string]enumspb.IndexedValueType{}
	for _, name := range []string{"A", "B", "C", "D"} {
		fourDates[name] = enumspb.INDEXED_VALUE_TYPE_DATETIME
	}
	for name, tc := range map[string]struct {
		options embedded.Options
		says    string
	}{
		"two stores":          {embedded.Options{Dir: "x", PostgresURL: "postgres://u@h/d"}, "choose where"},
		"negative retention":  {embedded.Options{RetentionDays: -1}, "use 0 for the default"},
		"nameless namespace":  {embedded.Options{Namespaces: []string{""}}, "give it one"},
		"too many attributes": {embedded.Options{SearchAttributes: fourDates}, "drop some"},
		"typeless attribute":  {embedded.Options{SearchAttributes: map[string]enumspb.IndexedValueType{"A": 0}}, "name and a type"},
		"unknown setting":     {embedded.Options{NoUI: true, DynamicConfig: map[string]any{"frontend.rsp": 1}}, "unregistered key"},
		"wrong setting":       {embedded.Options{NoUI: true, DynamicConfig: map[string]any{"frontend.rps": "many"}}, "validation failed"},
		"no database named":   {embedded.Options{PostgresURL: "postgres://u:hunter2@h:5432"}, "must look like"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := embedded.Start(t.Context(), tc.options)
			if err == nil || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("got %v, want an error with %q", err, tc.says)
			}
			if err != nil && strings.Contains(err.Error(), "hunter2") {
				t.Error("the error repeats the password")
			}
		})
	}
}

func TestDataOfAnotherSchemaAreRefusedNotDamaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, first)
	stamp := filepath.Join(dir, "schema")
	ours, err := os.ReadFile(stamp)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stamp, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = embedded.Start(t.Context(), embedded.Options{Dir: dir, NoUI: true})
	if err == nil || !strings.Contains(err.Error(), "delete it, or choose another directory") {
		t.Errorf("start on data of another schema: %v", err)
	}
	if err := os.WriteFile(stamp, ours, 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, embedded.Options{Dir: dir, NoUI: true})
}

func TestTheLogGoesToAFileOnlyTheOwnerReads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := start(t, embedded.Options{Dir: dir, NoUI: true, LogLevel: slog.LevelInfo})
	stop(t, s)
	info, err := os.Stat(filepath.Join(dir, "temporal.log"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() == 0 || info.Mode().Perm() != 0o600 {
		t.Errorf("the log has %d bytes and mode %v, want some and -rw-------", info.Size(), info.Mode())
	}
}
