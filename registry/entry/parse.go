package entry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Parse reads the documents of one file. Each gives an entry, or findings;
// name is what the findings call the file. It reads strictly: an unknown or
// repeated field, a value of the wrong type, and any YAML beyond plain
// mappings, lists and scalars is a finding. It never panics.
func Parse(name string, src []byte) ([]Entry, []Finding) {
	var entries []Entry
	var findings []Finding
	for e, f := range parse(name, bytes.NewReader(src)) {
		if len(f) > 0 {
			findings = append(findings, f...)
		} else {
			entries = append(entries, e)
		}
	}
	return entries, findings
}

// parse yields an entry or findings for each document of r that is not blank.
func parse(name string, r io.Reader) func(yield func(Entry, []Finding) bool) {
	return func(yield func(Entry, []Finding) bool) {
		some := false
		for doc, err := range documents(r) {
			if err != nil {
				yield(Entry{}, []Finding{unreadable(name, doc.line)})
				return
			}
			if doc.line == 1 {
				doc.text = bytes.TrimPrefix(doc.text, []byte("\ufeff"))
			}
			if !doc.long && isBlank(doc.text) {
				continue
			}
			some = true
			if !yield(parseDocument(name, doc)) {
				return
			}
		}
		if !some {
			yield(Entry{}, []Finding{{File: name, Line: 1, Column: 1, Problem: "holds no entry", Mend: "write one, or remove the file"}})
		}
	}
}

func unreadable(name string, line int) Finding {
	return Finding{File: name, Line: line, Column: 1, Problem: "cannot be read", Mend: "check the path and its permissions"}
}

func parseDocument(name string, doc document) (e Entry, findings []Finding) {
	d := &decoder{file: name, offset: doc.line - 1}
	defer func() {
		if recover() != nil { // a bug in the YAML library: nothing a file holds may stop us
			findings = []Finding{d.at(1, 1, "", "is not YAML that can be read", "write it as plain mappings and lists")}
		}
	}()
	if f, bad := d.checkBytes(doc); bad {
		return Entry{}, []Finding{f}
	}
	tokens := lexer.Tokenize(string(bytes.ReplaceAll(doc.text, []byte("\r\n"), []byte("\n"))))
	if f, bad := d.checkTokens(tokens); bad {
		return Entry{}, []Finding{f}
	}
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey()) // repeated fields are found below, all of them
	if err != nil {
		return Entry{}, []Finding{d.syntax(err)}
	}
	var body ast.Node
	if len(file.Docs) == 1 {
		body = file.Docs[0].Body
	}
	if body == nil {
		return Entry{}, []Finding{d.at(1, 1, "", "is not one YAML document", `write one entry, and "---" before the next`)}
	}
	e.file = name
	d.decode(body, &e)
	if len(d.findings) > 0 {
		return Entry{}, sortFindings(d.findings)
	}
	e.places = d.places
	return e, nil
}

// checkBytes refuses what is no text.
func (d *decoder) checkBytes(doc document) (Finding, bool) {
	if doc.long {
		return d.at(1, 1, "", "is longer than 1 MiB", "keep one entry per document, of some dozen lines"), true
	}
	if !utf8.Valid(doc.text) {
		line, column, rest := 1, 1, doc.text
		for {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size <= 1 {
				return d.at(line, column, "", "is not UTF-8 here", "save the file as UTF-8"), true
			}
			if column++; r == '\n' {
				line, column = line+1, 1
			}
			rest = rest[size:]
		}
	}
	number := 0
	for line := range bytes.Lines(doc.text) {
		number++
		line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
		if i := bytes.IndexByte(line[:len(line)-len(bytes.TrimLeft(line, " \t"))], '\t'); i >= 0 {
			return d.at(number, i+1, "", "is indented with a tab, which YAML forbids", "indent with spaces"), true
		}
		for i, b := range line {
			if b < ' ' && b != '\t' || b == 0x7f {
				return d.at(number, i+1, "", "holds a control character", "remove it"), true
			}
		}
	}
	return Finding{}, false
}

const (
	maxTokens = 20_000 // the YAML library takes time that grows with their square
	maxDepth  = 20     // and stack that grows with the depth
)

// checkTokens refuses YAML that entries do not need and that can be abused:
// references, tags, merging, and nesting without end.
func (d *decoder) checkTokens(tokens token.Tokens) (Finding, bool) {
	depth, line, onLine := 0, 0, 0
	for i, t := range tokens {
		problem := ""
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.AnchorType, token.AliasType, token.MergeKeyType:
			return d.token(t, "uses a YAML anchor, alias or merge", "write the value out; if it is text, put it in quotes"), true
		case token.TagType, token.DirectiveType, token.MappingKeyType:
			return d.token(t, `uses a YAML tag, directive or "?" key`, "write it plainly; if it is text, put it in quotes"), true
		case token.SequenceStartType, token.MappingStartType:
			depth++
		case token.SequenceEndType, token.MappingEndType:
			depth--
		case token.SequenceEntryType, token.MappingValueType:
			if depth <= 0 {
				onLine++
			}
		}
		switch {
		case depth > maxDepth || onLine > maxDepth || t.Position.Column > 500 && depth <= 0 && t.Type == token.MappingValueType:
			problem = "is nested too deeply"
		case i >= maxTokens:
			problem = "holds too many values"
		}
		if problem != "" {
			return d.token(t, problem, "keep one entry per document, of some dozen lines"), true
		}
	}
	return Finding{}, false
}

// syntax is a finding for an error of the YAML library, whose message may
// quote the file and is left out where it does.
func (d *decoder) syntax(err error) Finding {
	const mend = "check indentation, quotes and colons around here"
	var e yaml.Error
	if !errors.As(err, &e) || e.GetToken() == nil {
		return d.at(1, 1, "", "is not valid YAML", mend)
	}
	problem := "is not valid YAML"
	if message := e.GetMessage(); message != "" && !strings.ContainsAny(message, "\n\"'`") {
		problem += fmt.Sprintf(" (%s)", message)
	}
	return d.token(e.GetToken(), problem, mend)
}
