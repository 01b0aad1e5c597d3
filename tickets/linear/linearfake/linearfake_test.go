package linearfake_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyturn/keyturn/tickets/linear/linearfake"
)

// TestDocuments checks that the fake reads a document as GraphQL does, and
// takes none that Linear would refuse: an adapter must not pass with one.
func TestDocuments(t *testing.T) {
	t.Parallel()
	w := linearfake.New(linearfake.Options{})
	srv := httptest.NewServer(w)
	t.Cleanup(srv.Close)
	team := w.TeamID("OPS")
	for _, c := range []struct {
		query, variables string
		status           int
		want             string // in the answer
	}{
		{`{ viewer { id email } }`, `{}`, 200, `"email":"keyturn@acme.example"`},
		{"query Q { # who\n me: viewer { email } }", `{}`, 200, `"me":{"email"`},
		{`query Q($on: Boolean!) { viewer @include(if: $on) { id } teams(first: 1) { nodes { key } pageInfo { hasNextPage } } }`, `{"on": false}`, 200, `{"data":{"teams":{"nodes":[{"key":"OPS"}],"pageInfo":{"hasNextPage":true}}}}`},
		{`{ teams(filter: {or: [{key: {eq: "NONE"}}, {key: {in: ["DEV"]}}]}) { nodes { key } } }`, `{}`, 200, `[{"key":"DEV"}]`},
		{`query Q($id: String!) { issue(id: $id) { id } }`, `{"id": "OPS-1"}`, 200, `"Entity not found: Issue"`},
		{`mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success issue { identifier } } }`, `{"i": {"teamId": "` + team + `", "title": "x"}}`, 200, `"identifier":"OPS-1"`},

		{`{ viewer { id `, `{}`, 400, "GRAPHQL_PARSE_FAILED"},
		{`{ viewer { id } } }`, `{}`, 400, "GRAPHQL_PARSE_FAILED"},
		{`subscription S { viewer { id } }`, `{}`, 400, "GRAPHQL_PARSE_FAILED"},
		{`{ viewer { id, phone } }`, `{}`, 400, `Cannot query field \"phone\"`},
		{`{ viewer }`, `{}`, 400, "must have a selection"},
		{`{ viewer { id { x } } }`, `{}`, 400, "must not have a selection"},
		{`{ issue { id } }`, `{}`, 400, `argument \"id\"`},
		{`{ issue(id: 7) { id } }`, `{}`, 400, "GRAPHQL_VALIDATION_FAILED"},
		{`{ issue(id: "x", key: "y") { id } }`, `{}`, 400, "Unknown argument"},
		{`query Q($id: String) { issue(id: $id) { id } }`, `{"id": "x"}`, 400, "used in position"},
		{`query Q { issue(id: $id) { id } }`, `{"id": "x"}`, 400, "not defined"},
		{`query Q($id: String!) { issue(id: $id) { id } }`, `{}`, 400, "invalid value"},
		{`query Q($f: TeamFilter) { teams(filter: $f) { nodes { id } } }`, `{"f": {"colour": {"eq": "red"}}}`, 400, `field \"colour\"`},
		{`{ viewer @skip(if: true) { id } }`, `{}`, 400, "Unknown directive"},
		{`mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success } }`, `{"i": {"title": "x"}}`, 400, `field \"teamId\"`},
		{`mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success } }`, `{"i": {"teamId": "` + team + `", "title": "x", "priority": 9}}`, 400, "priority"},
		{`mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success } }`, `{"i": {"teamId": "` + team + `", "title": "x", "id": "72d3162e-cc78-51e3-81ab-4c9367dc0958"}}`, 400, "id must be a UUID"},
		{`mutation M($i: IssueCreateInput!) { issueCreate(input: $i) { success } }`, `{"i": {"teamId": "` + team + `", "title": "x", "dueDate": "tomorrow"}}`, 400, "dueDate"},
	} {
		status, body := post(t, srv.URL+"/graphql", "lin_api_x", `{"query": `+quote(c.query)+`, "variables": `+c.variables+`}`)
		if status != c.status || !strings.Contains(body, c.want) {
			t.Errorf("%s %s: %d %s, want %d and %s", c.query, c.variables, status, body, c.status, c.want)
		}
	}
	if n := len(w.Issues()); n != 1 {
		t.Errorf("the workspace holds %d issues, want the 1 that was created", n)
	}
	if status, body := post(t, srv.URL+"/graphql", "", `{"query": "{ viewer { id } }"}`); status != 401 || !strings.Contains(body, "AUTHENTICATION_ERROR") {
		t.Errorf("without a token: %d %s", status, body)
	}
}

func quote(s string) string {
	b, _ := json.Marshal(s)
	return string(b)
}

func post(t *testing.T, url, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
