package fake_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// stage is a fake that counts how often it acted, behind faults.
type stage struct {
	*fake.Faults
	acted atomic.Int32
	url   string
}

func newStage(t *testing.T) *stage {
	t.Helper()
	s := &stage{Faults: fake.NewFaults(nil)}
	srv := httptest.NewServer(s.Wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.acted.Add(1)
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Fake", "yes")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(body)
	})))
	t.Cleanup(srv.Close)
	s.url = srv.URL
	return s
}

// post sends one request and returns status and body; 0 is no answer.
func (s *stage) post(t *testing.T, path, body string) (int, string, http.Header) {
	t.Helper()
	resp, err := http.Post(s.url+path, "text/plain", strings.NewReader(body))
	if err != nil {
		return 0, "", nil
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("reading the answer: %v", err)
	}
	return resp.StatusCode, string(b), resp.Header
}

func TestFaultsChooseRequests(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Set(
		fake.Rule{Path: "/v1/", Body: "Action=Create", Status: 503, Wait: keyturn.Duration(1500 * time.Millisecond), Text: "CANARY", Skip: 1, Times: 2},
		fake.Rule{Method: "GET", Status: 500},
		fake.Rule{Match: func(r *http.Request) bool { return r.FormValue("x") == "1" || r.Header.Get("X") == "1" }, Status: 418},
	)
	var got []int
	for range 4 {
		status, body, h := s.post(t, "/v1/keys", "Action=Create")
		if status == 503 && (!strings.Contains(body, "CANARY") || h.Get("Retry-After") != "2") {
			t.Errorf("refusal: %q, Retry-After %q", body, h.Get("Retry-After"))
		}
		got = append(got, status)
	}
	if want := []int{201, 503, 503, 201}; !cmp.Equal(got, want) {
		t.Errorf("skip 1, then 2 times: %v, want %v", got, want)
	}
	if status, body, h := s.post(t, "/v2/keys", "Action=Create"); status != 201 || body != "Action=Create" || h.Get("X-Fake") != "yes" {
		t.Errorf("another path: %d %q %v", status, body, h)
	}
	if status, _, _ := s.post(t, "/?x=1", ""); status != 418 {
		t.Errorf("Match: %d, want 418", status)
	}
}

func TestFaultsLoseAnswers(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	for i, c := range []struct {
		drop  fake.Drop
		acted int32
	}{{fake.DropBefore, 0}, {fake.DropAfter, 1}} {
		s.acted.Store(0)
		s.Set(fake.Rule{Drop: c.drop})
		if status, _, _ := s.post(t, "/", ""); status != 0 || s.acted.Load() != c.acted {
			t.Errorf("%d: drop %s: status %d, acted %d", i, c.drop, status, s.acted.Load())
		}
	}
}

func TestFaultsThrottleAndDelay(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	s.Set(fake.Rule{Delay: keyturn.Duration(time.Millisecond)}, fake.Rule{Rate: 0.1, Burst: 2}, fake.Rule{Path: "/late", Status: 404})
	var got []int
	for range 3 {
		status, _, h := s.post(t, "/", "")
		if status == 429 && h.Get("Retry-After") != "10" {
			t.Errorf("Retry-After = %q, want 10 at 0.1 a second", h.Get("Retry-After"))
		}
		got = append(got, status)
	}
	if want := []int{201, 201, 429}; !cmp.Equal(got, want) {
		t.Errorf("burst of 2: %v, want %v", got, want)
	}
	s.Set(fake.Rule{Delay: keyturn.Duration(time.Hour)})
	ctx, cancel := context.WithCancel(t.Context())
	s.Hook(func(*http.Request) { cancel() }, nil) // the client leaves while the request waits
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := http.DefaultClient.Do(req); !errors.Is(err, context.Canceled) {
		t.Errorf("Do = %v, want context.Canceled", err)
	}
}

func TestHooksRunAroundTheFake(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	seen := make(chan int32, 4)
	note := func(*http.Request) { seen <- s.acted.Load() }
	s.Hook(note, note)
	s.post(t, "/", "")
	s.Set(fake.Rule{Drop: fake.DropAfter, Times: 1})
	s.post(t, "/", "")
	if got, want := []int32{<-seen, <-seen, <-seen, <-seen}, []int32{0, 1, 1, 2}; !cmp.Equal(got, want) {
		t.Errorf("acted before and after: %v, want %v", got, want)
	}
}

func TestAdminHandler(t *testing.T) {
	t.Parallel()
	l, f := fake.NewLedger(fake.Options{ValuePrefix: "CANARY-"}), fake.NewFaults(nil)
	k := mint(t, l, fake.Draft{Label: "a/g1"})
	srv := httptest.NewServer(fake.AdminHandler(l, f))
	t.Cleanup(srv.Close)
	do := func(method, path, body string) (int, string) {
		req, err := http.NewRequestWithContext(t.Context(), method, srv.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		b, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(b)
	}
	for _, path := range []string{"/keys", "/log"} {
		if status, body := do("GET", path, ""); status != 200 || !strings.Contains(body, k.ID) || strings.Contains(body, "CANARY") {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
	}
	const rules = `[{"path":"/v1","status":429,"wait":"7s","times":3},{"drop":"after"}]`
	if status, body := do("PUT", "/faults", rules); status != 200 {
		t.Errorf("PUT /faults: %d %s", status, body)
	}
	_, body := do("GET", "/faults", "")
	var got, want any
	_, _ = json.Unmarshal([]byte(body), &got), json.Unmarshal([]byte(rules), &want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	for _, bad := range []string{`{}`, `[{"stats":500}]`, `[{}]`, `[{"status":200}]`, `[{"drop":"sideways"}]`, `[{"status":500,"times":-1}]`} {
		if status, _ := do("PUT", "/faults", bad); status != 400 {
			t.Errorf("PUT %s: %d, want 400", bad, status)
		}
	}
	if n := len(f.Rules()); n != 2 {
		t.Errorf("a refused PUT left %d rules, want the former 2", n)
	}
	if status, _ := do("DELETE", "/faults", ""); status != 204 || len(f.Rules()) != 0 {
		t.Errorf("DELETE /faults: %d, %d rules left", status, len(f.Rules()))
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	all := []int{1, 2, 3, 4, 5}
	var got [][]int
	for from, more := 0, true; more; {
		var page []int
		page, from, more = fake.Page(all, from, 2)
		got = append(got, page)
	}
	if diff := cmp.Diff([][]int{{1, 2}, {3, 4}, {5}}, got); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if page, _, more := fake.Page(all, 99, 2); len(page) != 0 || more {
		t.Errorf("past the end: %v, %t", page, more)
	}
}
