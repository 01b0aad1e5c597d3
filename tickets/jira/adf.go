package jira

import (
	"reflect"
	"slices"
)

// A node is a node of the Atlassian Document Format, which is how Jira takes
// and gives rich text.
type node struct {
	Type    string         `json:"type"`
	Version int            `json:"version,omitempty"`
	Attrs   map[string]any `json:"attrs,omitempty"`
	Content []node         `json:"content,omitempty"`
	Text    string         `json:"text,omitempty"`
	Marks   []mark         `json:"marks,omitempty"`
}

// A mark is how a text looks: strong, em, strike, code or a link.
type mark struct {
	Type  string         `json:"type"`
	Attrs map[string]any `json:"attrs,omitempty"`
}

// adf is Markdown as a document; ok is false if there is nothing in it. What
// the document cannot say as it is meant, it says as plain text.
func adf(markdown string) (doc node, ok bool) {
	c := converter{src: []byte(markdown)}
	doc = node{Type: "doc", Version: 1, Content: c.blocks(parse(c.src), true)}
	return doc, len(doc.Content) > 0
}

func paragraph(content []node) node { return node{Type: "paragraph", Content: content} }

// with is marks and one more. The format has each at most once, and code goes
// with a link only.
func with(marks []mark, m mark) []mark {
	kept := make([]mark, 0, len(marks)+1)
	for _, have := range marks {
		if have.Type != m.Type && (m.Type != "code" || have.Type == "link") {
			kept = append(kept, have)
		}
	}
	return append(kept, m)
}

// inline gathers the content of a paragraph.
type inline []node

// text adds a text, to the last one if it looks the same: the parser splits
// texts where it looked for something and found nothing. A text must not be
// empty.
func (in *inline) text(s string, marks []mark) {
	if s == "" {
		return
	}
	if n := len(*in); n > 0 && (*in)[n-1].Type == "text" && slices.EqualFunc((*in)[n-1].Marks, marks, func(a, b mark) bool { return reflect.DeepEqual(a, b) }) {
		(*in)[n-1].Text += s
		return
	}
	*in = append(*in, node{Type: "text", Text: s, Marks: marks})
}

// lineBreak adds one, unless there is nothing to break yet.
func (in *inline) lineBreak() {
	if len(*in) > 0 {
		*in = append(*in, node{Type: "hardBreak"})
	}
}
