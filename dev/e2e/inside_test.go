package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// marks are the shapes values can take in a text.
func marks(values ...string) []string {
	var out []string
	for _, value := range values {
		out = append(out, value, hex.EncodeToString([]byte(value)), strings.ToUpper(hex.EncodeToString([]byte(value))))
		// A value inside a longer text is encoded at one of three offsets. The
		// characters that depend on its neighbours are left out.
		for shift := range 3 {
			text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), value...))
			from, to := (shift*8+5)/6, len(text)-4
			out = append(out, text[from:to])
		}
	}
	return out
}

func findMark(text string, marks []string) string {
	for _, m := range marks {
		if i := strings.Index(text, m); i >= 0 {
			return text[max(0, i-80):min(len(text), i+40)]
		}
	}
	return ""
}

// TestMarksAreFound proves that the search below can find something.
func TestMarksAreFound(t *testing.T) {
	t.Parallel()
	value := canary + "0123456789ABCDEF"
	for _, text := range []string{
		value, "x" + value, hex.EncodeToString([]byte(value)),
		base64.StdEncoding.EncodeToString([]byte(value)),
		base64.StdEncoding.EncodeToString([]byte(`{"k":"` + value + `"}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"key":"` + value + `"}`)),
		base64.StdEncoding.EncodeToString([]byte(`{"keys":"` + value + `"}`)),
	} {
		if findMark(text, marks(canary)) == "" {
			t.Errorf("not found in %s", text)
		}
	}
}

// secretsStayInside looks for every value and its encodings in everything that
// lasts: each history with its failures, memos and search attributes, each
// worker's log and metrics, and the whole database. Payloads are not encrypted
// in this run, so that what is there can be found. Fewer histories and logs than are
// given prove nothing.
func (s *stack) secretsStayInside(t *testing.T, least, leastLogs int) {
	ctx := t.Context()
	s.mu.Lock()
	wanted := marks(append([]string{canary}, s.admins...)...)
	s.mu.Unlock()
	look := func(where, text string) {
		if found := findMark(text, wanted); found != "" {
			t.Errorf("a value reached %s: …%s…", where, found)
		}
	}
	show := func(where string, m proto.Message) { look(where, protojson.Format(m)) }
	var token []byte
	histories := 0
	for {
		page, err := s.client.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{NextPageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range page.Executions {
			show("the listing of "+e.Execution.WorkflowId, e)
			events := s.client.GetWorkflowHistory(ctx, e.Execution.WorkflowId, e.Execution.RunId, false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
			for events.HasNext() {
				event, err := events.Next()
				if err != nil {
					t.Fatal(err)
				}
				show("the history of "+e.Execution.WorkflowId, event)
			}
			described, err := s.client.DescribeWorkflowExecution(ctx, e.Execution.WorkflowId, e.Execution.RunId)
			if err != nil {
				t.Fatal(err)
			}
			show("the description of "+e.Execution.WorkflowId, described)
			histories++
		}
		if token = page.NextPageToken; len(token) == 0 {
			break
		}
	}
	dump, err := exec.CommandContext(ctx, "pg_dump", s.postgres.URL()).Output()
	if err != nil {
		t.Fatalf("pg_dump: %v", err)
	}
	look("the database", string(dump))
	logs := s.collected()
	for _, text := range logs {
		look("a log or metric", text)
	}
	if histories < least || len(logs) < leastLogs || len(dump) < 10_000 {
		t.Errorf("only %d histories, %d logs and %d bytes of database were searched: that proves nothing", histories, len(logs), len(dump))
	}
	t.Logf("searched %d histories, %d worker logs and metrics, %d bytes of database", histories, len(logs), len(dump))
}

func (s *stack) collect(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts = append(s.texts, text)
}

// known is told of a value that must be found nowhere.
func (s *stack) known(value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.admins = append(s.admins, value)
}

func (s *stack) collected() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.texts
}

var healthAt = regexp.MustCompile(`health=(http://[0-9.:]+)`)

// metrics fetches what the running worker counts.
func (sc *scenario) metrics() string {
	found := healthAt.FindAllStringSubmatch(sc.log.String(), -1)
	if len(found) == 0 {
		return ""
	}
	resp, err := http.Get(found[len(found)-1][1] + "/metrics")
	if err != nil {
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}
