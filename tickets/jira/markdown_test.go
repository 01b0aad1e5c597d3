package jira_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// sent is a body as it arrives at Jira.
func sent(t *testing.T, markdown string) json.RawMessage {
	t.Helper()
	w := newWorld(t, config, jirafake.Options{})
	k := ticket()
	k.Body = markdown
	return w.issue(t, w.open(t, k).ID).Description
}

// TestDocument checks the document of what Keyturn writes, word for word.
func TestDocument(t *testing.T) {
	t.Parallel()
	for markdown, want := range map[string]string{
		"Key `a` is **due**,\nsee [docs](https://docs.example.com/?a=1&b=2).": `{"type":"paragraph","content":[
			{"type":"text","text":"Key "},{"type":"text","text":"a","marks":[{"type":"code"}]},{"type":"text","text":" is "},
			{"type":"text","text":"due","marks":[{"type":"strong"}]},{"type":"text","text":","},{"type":"hardBreak"},{"type":"text","text":"see "},
			{"type":"text","text":"docs","marks":[{"type":"link","attrs":{"href":"https://docs.example.com/?a=1&b=2"}}]},{"type":"text","text":"."}]}`,
		"- [ ] mint `it`\n- [x] store": `{"type":"taskList","attrs":{"localId":"keyturn-1"},"content":[
			{"type":"taskItem","attrs":{"localId":"keyturn-2","state":"TODO"},"content":[{"type":"text","text":"mint "},{"type":"text","text":"it","marks":[{"type":"code"}]}]},
			{"type":"taskItem","attrs":{"localId":"keyturn-3","state":"DONE"},"content":[{"type":"text","text":"store"}]}]}`,
		"- one\n  - two": `{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]},
			{"type":"bulletList","content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"two"}]}]}]}]}]}`,
		"3. one":                  `{"type":"orderedList","attrs":{"order":3},"content":[{"type":"listItem","content":[{"type":"paragraph","content":[{"type":"text","text":"one"}]}]}]}`,
		"## Steps":                `{"type":"heading","attrs":{"level":2},"content":[{"type":"text","text":"Steps"}]}`,
		"```sh\nls -l\n\nls\n```": `{"type":"codeBlock","attrs":{"language":"sh"},"content":[{"type":"text","text":"ls -l\n\nls"}]}`,
		"> so\n> # it": `{"type":"blockquote","content":[{"type":"paragraph","content":[{"type":"text","text":"so"}]},
			{"type":"paragraph","content":[{"type":"text","text":"it","marks":[{"type":"strong"}]}]}]}`,
		"---": `{"type":"rule"}`,
		"~~a~~ *b* **`c`**": `{"type":"paragraph","content":[{"type":"text","text":"a","marks":[{"type":"strike"}]},{"type":"text","text":" "},
			{"type":"text","text":"b","marks":[{"type":"em"}]},{"type":"text","text":" "},{"type":"text","text":"c","marks":[{"type":"code"}]}]}`,
		"https://a.example and <b@a.example>": `{"type":"paragraph","content":[{"type":"text","text":"https://a.example","marks":[{"type":"link","attrs":{"href":"https://a.example"}}]},
			{"type":"text","text":" and "},{"type":"text","text":"b@a.example","marks":[{"type":"link","attrs":{"href":"mailto:b@a.example"}}]}]}`,
		"a \\*b\\* &amp; &lt;": `{"type":"paragraph","content":[{"type":"text","text":"a *b* & <"}]}`,
	} {
		var got, wanted any
		if err := json.Unmarshal(sent(t, markdown), &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"type":"doc","version":1,"content":[`+want+`]}`), &wanted); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("%q: %s", markdown, diff)
		}
	}
}

// TestNothingIsLost checks that what the format cannot say arrives as text.
func TestNothingIsLost(t *testing.T) {
	t.Parallel()
	for _, markdown := range []string{
		"| Name | Value |\n|---|---|\n| alpha | beta |",
		"<details><summary>More</summary>\n\nhidden <b>bold</b>\n</details>\n\n<!-- remark -->",
		"![a picture](https://a.example/x.png \"its title\") and [ours](../relative \"hint\") and [bad](javascript:alert(1))",
		"[![nested](https://a.example/x.png)](https://b.example/target)",
		"[unused]: https://a.example/reference 'some title'\n\nSee [unused] and [^1].\n\n[^1]: footnote",
		"1. first\n   - [ ] nested task\n   - [x] done task\n\n     > quoted\n     > ## headed\n\n     ```go info\n     code\n     ```\n",
		"- [ ] task\n- plain\n- [x] other\n\n  second paragraph",
		"- - deep\n  - ```\n    coded\n    ```",
		"Setext\n======\n\n    indented code\n\n***bold and italic*** and __under__score__ and `` tick ` tick ``",
		"a  \nhard break\\\nanother, &copy; &unknown; &#35;",
	} {
		document := sent(t, markdown)
		for _, word := range regexp.MustCompile(`[A-Za-z]{3,}`).FindAllString(strings.NewReplacer("&copy;", "").Replace(markdown), -1) {
			if !strings.Contains(string(document), word) {
				t.Errorf("%q lost %q: %s", markdown, word, document)
			}
		}
		if strings.Contains(string(document), `"href":"javascript`) || strings.Contains(string(document), `"href":"..`) {
			t.Errorf("%q became a link: %s", markdown, document)
		}
	}
	if document := sent(t, " \n\n"); document != nil {
		t.Errorf("an empty body became %s", document)
	}
}
