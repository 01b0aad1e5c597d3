package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// fakeLeaks keeps what was started for leaks.
type fakeLeaks struct {
	calls  []leakCall
	answer func(leak string) error // runs when a leak is to be answered or looked at, and may refuse it
	fills  []fillCall
	// looks is how many looks find the fingerprints being made; details is what the
	// workflow says of itself meanwhile, and result how it ends.
	looks   int
	details func() (string, error)
	result  func() (workflows.FillResult, error)
}

type leakCall struct {
	options          client.StartWorkflowOptions
	signal, workflow string
	in               activities.LeakRef
}

type fillCall struct {
	options  client.StartWorkflowOptions
	workflow string
	in       workflows.FillInput
}

func (f *fakeTemporal) leak(o client.StartWorkflowOptions, signal, workflow string, in activities.LeakRef) (client.WorkflowRun, error) {
	if f.leaks.answer != nil {
		if err := f.leaks.answer(in.ID); err != nil {
			return nil, err
		}
	}
	f.leaks.calls = append(f.leaks.calls, leakCall{o, signal, workflow, in})
	return &fakeRun{f: f, id: "run-1"}, nil
}

func (f *fakeTemporal) fill(o client.StartWorkflowOptions, workflow string, in workflows.FillInput) (client.WorkflowRun, error) {
	f.leaks.fills = append(f.leaks.fills, fillCall{o, workflow, in})
	return &fakeRun{f: f, id: "run-fill"}, nil
}

// describe tells of a run that was started, or of one that looks find all the same.
func (f *fakeLeaks) describe(id string) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	status := enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
	if f.looks > 0 {
		status = enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
		f.looks--
	} else if len(f.fills) == 0 {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	d := described("FillFingerprints", status, int64(100-f.looks))
	d.WorkflowExecutionInfo.Execution.WorkflowId, d.WorkflowExecutionInfo.Execution.RunId = id, "run-before"
	return d, nil
}

func (f *fakeLeaks) says() (converter.EncodedValue, error) {
	text, err := f.details()
	return fakeMetadata{text}, err
}

func (f *fakeLeaks) filled(out *workflows.FillResult) (err error) {
	*out, err = f.result()
	return err
}

type fakeMetadata struct{ details string }

func (fakeMetadata) HasValue() bool { return true }

func (m fakeMetadata) Get(out any) error {
	out.(*sdkpb.WorkflowMetadata).CurrentDetails = m.details
	return nil
}

// Values of keys, and one of nobody's.
const (
	paymentsValue = "sk_" + "live_CANARYpayments00000001" // in two, or scanners take it for one
	searchValue   = "CANARYsearch/aws+secret0000000000000001"
	searchID      = "AKIACANARYNOSECRET01"
	strangeValue  = "ghp_CANARYstrangeTokenOfNobody00000001"
)

// fingerprinter makes the fingerprints of the desk.
func fingerprinter() leaks.Fingerprinter {
	return leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))}
}

// leaky has a key that was replaced once and one at another vendor, both with
// fingerprints, and the key that makes them.
func leaky(t *testing.T) *desk {
	t.Helper()
	prints := fingerprinter()
	payments := aKey()
	payments.Ledger[0].Fingerprints = prints.Of(keyturn.NewSecret(paymentsValue))
	search := keyOf("search-aws", "aws", "123456789012", 30)
	search.Owner = keyturn.Owner{Team: "search", Person: "dora@example.com"}
	search.Storage.Consumers = []keyturn.Consumer{{Kind: "service", Name: "indexer"}, {Kind: "kubernetes_secret", Name: "aws", Namespace: "search"}}
	search.Ledger[0].RemoteID, search.Ledger[0].Fingerprints = searchID, prints.Of(keyturn.NewSecret(searchValue))
	d := newDesk(t, payments, search)
	file := filepath.Join(t.TempDir(), "fingerprint-key")
	if err := os.WriteFile(file, []byte(base64.StdEncoding.EncodeToString([]byte(prints.Key.Expose()))), 0o600); err != nil {
		t.Fatal(err)
	}
	d.settings.FingerprintKeyFile = file
	return d
}

const leakID = "l-7hq2mzk4xw3a9bcd"

// leaked has a leak of the key of the search team recorded ten minutes ago, as a
// scanner does, and changed since.
func (d *desk) leaked(t *testing.T, change ...func(*registry.Leak)) registry.Leak {
	t.Helper()
	s := d.store(t)
	in := registry.Leak{
		ID: leakID, Subject: registry.KeySubject("search-aws", 1), Marks: []keyturn.Mark{"hmsl:CANARYmark"}, Source: "gitleaks", Rule: "aws-access-token",
		Actor: "bob@laptop", At: noon.Add(-10 * time.Minute), Since: noon.Add(-26 * time.Hour), Key: "search-aws", Generation: 1, Match: leaks.ByValue,
		Issuer: keyturn.Issuer{Provider: "aws", Account: "123456789012"}, RemoteID: searchID,
	}
	later := func(*registry.Leak) {}
	for _, f := range change {
		f(&in)
		later = f
	}
	hit := registry.LeakHit{Source: in.Source, Event: in.ID, Rule: in.Rule, Repo: "acme/search", Place: "deploy/app.env:3", Since: in.Since, Public: in.Public, Actor: in.Actor, At: in.At}
	out, opened, _, err := s.Leaked(t.Context(), in, []registry.LeakHit{hit})
	if err != nil || !opened {
		t.Fatalf("opened %v, %v", opened, err)
	}
	later(&out)
	return d.saveLeak(t, out)
}

func (d *desk) saveLeak(t *testing.T, l registry.Leak) registry.Leak {
	t.Helper()
	out, err := d.store(t).SaveLeak(t.Context(), l)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// triaged is a leak that a worker has looked at.
func triaged(l *registry.Leak) {
	l.Triaged, l.Alive, l.Plan, l.LastUsed = l.At.Add(2*time.Second), string(leaks.Active), keyturn.ReplaceFirst, noon.Add(-time.Hour)
	l.KillAt = l.At.Add(30 * time.Minute)
}

// unowned is a leak of no key.
func unowned(l *registry.Leak) {
	l.Subject, l.Key, l.Generation, l.Match, l.RemoteID, l.Issuer = "hmsl:CANARYmark", "", 0, "", "", keyturn.Issuer{}
}

// dies has a leak die as soon as it is to be answered.
func (d *desk) dies(t *testing.T, which ...keyturn.KeyID) {
	s := d.store(t)
	d.temporal.leaks.answer = func(id string) error {
		l, err := s.Leak(context.Background(), id)
		if err != nil {
			return err
		}
		for _, key := range which {
			if l.Key == key {
				l.Replaced, l.Dead, l.State, l.Closed = noon.Add(10*time.Second), noon.Add(12*time.Second), registry.LeakDead, noon.Add(13*time.Second)
			}
		}
		_, err = s.SaveLeak(context.Background(), l)
		return err
	}
}

// all are the leaks that are recorded, the oldest first.
func (d *desk) all(t *testing.T) (out []registry.Leak) {
	t.Helper()
	for l, err := range d.store(t).Leaks(t.Context(), registry.LeakFilter{}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append([]registry.Leak{l}, out...)
	}
	return out
}

// settled makes random ids of leaks the same in every run.
func settled(text string) string {
	names := map[string]string{}
	return regexp.MustCompile(`l-[a-z2-7]{16}\b`).ReplaceAllStringFunc(text, func(id string) string {
		if id != leakID && names[id] == "" {
			names[id] = "l-" + strings.Repeat("0", 15) + string(rune('1'+len(names)))
		}
		if id == leakID {
			return id
		}
		return names[id]
	})
}

// silent wants that no value was printed, or written into the registry.
func (d *desk) quiet(t *testing.T) {
	t.Helper()
	texts := map[string][]byte{"standard output": d.stdout.Bytes(), "standard error": d.stderr.Bytes()}
	files, err := filepath.Glob(d.settings.Registry.SQLite.Path + "*")
	if err != nil || len(files) == 0 {
		t.Fatalf("no registry: %v", err)
	}
	for _, f := range files {
		if texts[f], err = os.ReadFile(f); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	for where, text := range texts {
		for _, value := range []string{paymentsValue, searchValue, strangeValue} {
			if bytes.Contains(text, []byte(value)) {
				t.Errorf("%s holds a value", where)
			}
		}
	}
}

// A plant is a finding that is written into a report.
type plant struct{ rule, value, match, commit, file string }

// gitleaksReport writes a report of gitleaks.
func gitleaksReport(t *testing.T, plants ...plant) string {
	t.Helper()
	out := []map[string]any{}
	for i, p := range plants {
		print := p.file + ":" + p.rule
		if p.commit != "" {
			print = p.commit + ":" + print
		}
		f := map[string]any{
			"RuleID": p.rule, "Secret": p.value, "Match": p.match, "File": p.file, "StartLine": i + 1, "Commit": p.commit, "Fingerprint": print,
			"Author": "CANARY Dev", "Email": "dev@example.com", "Message": "CANARY", "Link": "https://github.com/acme/payments/blob/main/" + p.file,
		}
		if p.commit != "" {
			f["Date"] = "2027-02-27T10:00:00Z"
		}
		out = append(out, f)
	}
	b, err := json.Marshal(out)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// someReport holds the value of a key twice, the id of another, and two of nobody's.
func someReport(t *testing.T) string {
	t.Helper()
	return gitleaksReport(t,
		plant{"stripe-access-token", paymentsValue, "KEY=" + paymentsValue, "c0ffee", "config/" + paymentsValue + ".env"},
		plant{"aws-access-token", searchID, "id " + searchID, "c0ffee", "deploy/app.env"},
		plant{"stripe-access-token", paymentsValue, paymentsValue, "", "old.env\x1b[2J"},
		plant{"github-pat", strangeValue, strangeValue, "c0ffee", "main.py"},
		plant{"pkcs12-file", "", "file detected: a.p12", "c0ffee", "a.p12"},
	)
}

func reportFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// keeps gives the desk a store for values that are no key's.
func (d *desk) keeps(t *testing.T) {
	t.Helper()
	d.supplies(t)
	d.settings.Leaks.Keep = &config.Keep{Store: "vault", Path: "secret/keyturn/leaks"}
}
