package jira_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers/fake"
)

// node is a node of the Atlassian Document Format.
type node struct {
	Type    string
	Text    string
	Content []node
	Attrs   struct{ State, Language string }
	Marks   []struct {
		Type  string
		Attrs struct{ Href string }
	}
}

// plain is a document as Markdown.
func plain(document []byte) string {
	var doc node
	if len(document) == 0 {
		return ""
	}
	if err := json.Unmarshal(document, &doc); err != nil {
		return err.Error()
	}
	return doc.plain()
}

func (n node) plain() string {
	var all []string
	for _, c := range n.Content {
		all = append(all, c.plain())
	}
	switch n.Type {
	case "text":
		return n.marked()
	case "hardBreak":
		return "\n"
	case "taskItem":
		return map[string]string{"TODO": "- [ ] ", "DONE": "- [x] "}[n.Attrs.State] + strings.Join(all, "")
	case "listItem":
		return "- " + strings.Join(all, "\n")
	case "heading":
		return "# " + strings.Join(all, "")
	case "codeBlock":
		return "```" + n.Attrs.Language + "\n" + strings.Join(all, "") + "\n```"
	case "paragraph":
		return strings.Join(all, "")
	}
	return strings.Join(all, "\n")
}

func (n node) marked() string {
	s := n.Text
	for _, m := range n.Marks {
		switch m.Type {
		case "code":
			s = "`" + s + "`"
		case "strong":
			s = "**" + s + "**"
		case "link":
			s = "[" + s + "](" + m.Attrs.Href + ")"
		}
	}
	return s
}

// answer is a rule that answers with a status and headers.
func answer(status int, header http.Header) fake.Rule {
	return fake.Rule{Answer: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for name, values := range header {
			w.Header().Set(name, values[0])
		}
		w.WriteHeader(status)
	})}
}

// asError is err as one of ours.
func asError(t *testing.T, err error) *keyturn.Error {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) {
		t.Fatalf("%v is no *keyturn.Error", err)
	}
	return e
}
