package jira

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// parse reads Markdown as GitHub does, without HTML, tables and link reference
// definitions: those stay the text they are, and so cannot be lost.
func parse(src []byte) ast.Node {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(parser.NewSetextHeadingParser(), 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(parser.NewCodeSpanParser(), 100),
			util.Prioritized(parser.NewLinkParser(), 200),
			util.Prioritized(parser.NewAutoLinkParser(), 300),
			util.Prioritized(parser.NewEmphasisParser(), 500),
			util.Prioritized(extension.NewStrikethroughParser(), 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
	).Parse(text.NewReader(src))
}

// converter turns the parsed Markdown into nodes.
type converter struct {
	src   []byte
	tasks int // how many ids tasks have been given
}

// blocks are the blocks in parent. In a list or a quote, where top is false,
// the format has no headings, rules, quotes and tasks.
func (c *converter) blocks(parent ast.Node, top bool) []node {
	var out []node
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		switch n := n.(type) {
		case *ast.Heading:
			if top {
				out = append(out, node{Type: "heading", Attrs: map[string]any{"level": n.Level}, Content: c.inline(n, nil)})
			} else {
				out = append(out, paragraph(c.inline(n, []mark{{Type: "strong"}})))
			}
		case *ast.ThematicBreak:
			if top {
				out = append(out, node{Type: "rule"})
			}
		case *ast.Blockquote:
			inner := c.blocks(n, false)
			if top && len(inner) > 0 {
				inner = []node{{Type: "blockquote", Content: inner}}
			}
			out = append(out, inner...)
		case *ast.List:
			if top && tasks(n) {
				out = append(out, c.taskList(n))
			} else {
				out = append(out, c.list(n))
			}
		case *ast.FencedCodeBlock:
			language := ""
			if n.Info != nil {
				language = string(bytes.TrimSpace(n.Info.Segment.Value(c.src)))
			}
			out = append(out, c.code(n, language))
		case *ast.CodeBlock:
			out = append(out, c.code(n, ""))
		default: // paragraphs, and what they are called in a tight list
			if content := c.inline(n, nil); len(content) > 0 {
				out = append(out, paragraph(content))
			}
		}
	}
	return out
}

func (c *converter) code(n ast.Node, language string) node {
	out := node{Type: "codeBlock"}
	if language != "" {
		out.Attrs = map[string]any{"language": language}
	}
	if s := strings.TrimSuffix(string(n.Lines().Value(c.src)), "\n"); s != "" {
		out.Content = []node{{Type: "text", Text: s}}
	}
	return out
}

func (c *converter) list(l *ast.List) node {
	out := node{Type: "bulletList"}
	if l.IsOrdered() {
		out.Type = "orderedList"
		if l.Start != 1 {
			out.Attrs = map[string]any{"order": l.Start}
		}
	}
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		content := c.blocks(item, false)
		if len(content) == 0 || content[0].Type != "paragraph" { // an item begins with one
			content = append([]node{paragraph(nil)}, content...)
		}
		out.Content = append(out.Content, node{Type: "listItem", Content: content})
	}
	return out
}

// tasks reports whether a list can be a list of tasks, which holds nothing but
// one text each. Other check boxes are written out.
func tasks(l *ast.List) bool {
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		block := item.FirstChild()
		if block == nil || block.NextSibling() != nil || block.FirstChild() == nil {
			return false
		}
		if _, ok := block.FirstChild().(*extast.TaskCheckBox); !ok {
			return false
		}
	}
	return !l.IsOrdered()
}

func (c *converter) taskList(l *ast.List) node {
	out := node{Type: "taskList", Attrs: map[string]any{"localId": c.id()}}
	for item := l.FirstChild(); item != nil; item = item.NextSibling() {
		box := item.FirstChild().FirstChild().(*extast.TaskCheckBox)
		state := "TODO"
		if box.IsChecked {
			state = "DONE"
		}
		var in inline
		for n := box.NextSibling(); n != nil; n = n.NextSibling() {
			c.add(&in, n, nil)
		}
		out.Content = append(out.Content, node{Type: "taskItem", Attrs: map[string]any{"localId": c.id(), "state": state}, Content: in})
	}
	return out
}

// id is one no other node of the document has.
func (c *converter) id() string {
	c.tasks++
	return "keyturn-" + strconv.Itoa(c.tasks)
}
