package github_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/tickets"
	"github.com/keyturn/keyturn/tickets/github"
	"github.com/keyturn/keyturn/tickets/github/githubfake"
)

// TestCheckFinds checks that Check finds what is wrong and says the mend.
func TestCheckFinds(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		options githubfake.Options
		more    string
		kind    keyturn.Kind
		says    string
	}{
		"all named":        {more: `, "assignees": ["octocat"], "type": "task"`},
		"an App's token":   {options: githubfake.Options{Bot: true}, more: `, "author": "acme-keyturn[bot]"`},
		"read only":        {options: githubfake.Options{ReadOnly: true}, kind: keyturn.Denied, says: "role Write"},
		"no permission":    {options: githubfake.Options{NoPermission: true}, kind: keyturn.Denied, says: "permission Issues"},
		"archived":         {options: githubfake.Options{Archived: true}, kind: keyturn.Invalid, says: "archived"},
		"issues off":       {options: githubfake.Options{NoIssues: true}, kind: keyturn.Invalid, says: "switched off"},
		"renamed":          {options: githubfake.Options{Moved: true}, kind: keyturn.Invalid, says: "setting repository"},
		"unknown assignee": {more: `, "assignees": ["octocat", "nobody"]`, kind: keyturn.Invalid, says: "setting assignees"},
		"unknown type":     {more: `, "type": "Epic"`, kind: keyturn.Invalid, says: "setting type"},
	} {
		w := newWorld(t, c.options, `{"repository": "acme/ops", "token": {"path": "x"}`+c.more+`}`)
		err := w.Check(w.ctx)
		wantKind(t, "Check, "+what, err, c.kind)
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %q does not say %q", what, err, c.says)
		}
		if n := len(w.Issues()); n != 0 {
			t.Errorf("%s: Check left %d issues", what, n)
		}
	}
}

// TestCheckWithoutTypes checks that a type nobody can look up passes.
func TestCheckWithoutTypes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, githubfake.Options{}, `{"repository": "acme/ops", "token": {"path": "x"}, "type": "Epic"}`)
	w.faults.Set(fake.Rule{Path: "/repos/acme/ops/issue-types", Status: http.StatusNotFound})
	wantKind(t, "Check", w.Check(w.ctx), "")
}

// TestSettings checks that what no GitHub could accept is refused by name.
func TestSettings(t *testing.T) {
	t.Parallel()
	const token = `"token": {"path": "x"}`
	for config, says := range map[string]string{
		`{` + token + `}`:                                                         "repository",
		`{"repository": "ops", ` + token + `}`:                                    "repository",
		`{"repository": "acme/..", ` + token + `}`:                                "repository",
		`{"repository": "acme/ops/x", ` + token + `}`:                             "repository",
		`{"repository": "https://github.com/acme/ops", ` + token + `}`:            "repository",
		`{"repository": "acme/ops"}`:                                              "token",
		`{"repository": "acme/ops", ` + token + `, "labels": [""]}`:               "labels",
		`{"repository": "acme/ops", ` + token + `, "labels": [" x"]}`:             "labels",
		`{"repository": "acme/ops", ` + token + `, "assignees": ["@octocat"]}`:    "assignees",
		`{"repository": "acme/ops", ` + token + `, "assignees": ["a/b"]}`:         "assignees",
		`{"repository": "acme/ops", ` + token + `, "type": " Task"}`:              "type",
		`{"repository": "acme/ops", ` + token + `, "author": "acme keyturn"}`:     "author",
		`{"repository": "acme/ops", ` + token + `, "assignees": [` + eleven + `}`: "assignees",
	} {
		_, err := github.Factory.New(tickets.Env{Decode: func(v any) error { return json.Unmarshal([]byte(config), v) }})
		if err == nil || !strings.HasPrefix(err.Error(), "github: settings: "+says+" ") {
			t.Errorf("%s: %v, want an error about %s", config, err, says)
		}
	}
}

const eleven = `"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"]`
