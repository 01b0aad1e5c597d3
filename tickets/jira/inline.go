package jira

import (
	"bufio"
	"bytes"
	stdhtml "html"
	"net/url"
	"slices"
	"strings"

	"github.com/yuin/goldmark/ast"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/util"
)

// inline is what is written in a block.
func (c *converter) inline(parent ast.Node, marks []mark) inline {
	var in inline
	c.addAll(&in, parent, marks)
	return in
}

func (c *converter) addAll(in *inline, parent ast.Node, marks []mark) {
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		c.add(in, n, marks)
	}
}

func (c *converter) add(in *inline, n ast.Node, marks []mark) {
	switch n := n.(type) {
	case *ast.Text:
		in.text(unescape(n.Value(c.src), n.IsRaw()), marks)
		if n.SoftLineBreak() || n.HardLineBreak() { // GitHub and Linear break the line for both
			in.lineBreak()
		}
	case *ast.String:
		in.text(unescape(n.Value, n.IsRaw() || n.IsCode()), marks)
	case *ast.CodeSpan:
		var code strings.Builder
		for t := n.FirstChild(); t != nil; t = t.NextSibling() {
			if t, ok := t.(*ast.Text); ok {
				code.WriteString(strings.ReplaceAll(string(t.Value(c.src)), "\n", " "))
			}
		}
		in.text(code.String(), with(marks, mark{Type: "code"}))
	case *ast.Emphasis:
		look := mark{Type: "em"}
		if n.Level == 2 {
			look.Type = "strong"
		}
		c.addAll(in, n, with(marks, look))
	case *extast.Strikethrough:
		c.addAll(in, n, with(marks, mark{Type: "strike"}))
	case *ast.AutoLink:
		href := string(n.URL(c.src))
		if n.AutoLinkType == ast.AutoLinkEmail && !strings.HasPrefix(strings.ToLower(href), "mailto:") {
			href = "mailto:" + href
		}
		c.link(in, n, string(n.Label(c.src)), href, "", marks)
	case *ast.Link:
		c.link(in, n, "", string(util.URLEscape(n.Destination, true)), unescape(n.Title, false), marks)
	case *ast.Image:
		c.link(in, n, "", string(util.URLEscape(n.Destination, true)), unescape(n.Title, false), marks)
	case *extast.TaskCheckBox:
		box := "[ ] "
		if n.IsChecked {
			box = "[x] "
		}
		in.text(box, marks)
	default:
		c.addAll(in, n, marks)
	}
}

// link adds a link. One that leads elsewhere than to a page or an address of
// mail, or stands within another, is written out.
func (c *converter) link(in *inline, n ast.Node, label, href, title string, marks []mark) {
	u, err := url.Parse(href)
	safe := err == nil && (u.Scheme == "https" || u.Scheme == "http" || u.Scheme == "mailto") &&
		!slices.ContainsFunc(marks, func(m mark) bool { return m.Type == "link" })
	inner := marks
	if safe {
		m := mark{Type: "link", Attrs: map[string]any{"href": href}}
		if title != "" {
			m.Attrs["title"] = title
		}
		inner = with(marks, m)
	}
	if label == "" && n.FirstChild() == nil {
		label = href
	}
	in.text(label, inner)
	c.addAll(in, n, inner)
	if !safe && label != href {
		in.text(" ("+strings.TrimSpace(href+" "+title)+")", marks)
	}
}

// unescape is a text without the escapes of Markdown. The parser leaves
// them to the renderer, so its own is asked, and the HTML it writes undone.
func unescape(s []byte, raw bool) string {
	if raw {
		return string(s)
	}
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	html.DefaultWriter.Write(w, s)
	_ = w.Flush() // a bytes.Buffer takes everything
	return stdhtml.UnescapeString(out.String())
}
