package entry

import (
	"encoding"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/keyturn/keyturn"
)

// A decoder fills an Entry from a syntax tree, noting where each field stands
// and everything that is wrong.
type decoder struct {
	file     string
	offset   int // lines of the file before this document
	places   []place
	findings []Finding
}

// maxFindings bounds what one document may report.
const maxFindings = 50

func (d *decoder) at(line, column int, field, problem, mend string) Finding {
	return Finding{File: d.file, Line: line + d.offset, Column: column, Field: field, Problem: problem, Mend: mend}
}

func (d *decoder) token(t *token.Token, problem, mend string) Finding {
	return d.at(max(t.Position.Line, 1), max(t.Position.Column, 1), "", problem, mend)
}

func (d *decoder) report(n ast.Node, field, problem, mend string) {
	if len(d.findings) < maxFindings {
		f := d.token(n.GetToken(), problem, mend)
		f.Field = field
		d.findings = append(d.findings, f)
	}
}

func (d *decoder) note(n ast.Node, field string) {
	p := n.GetToken().Position
	d.places = append(d.places, place{field: field, line: int32(p.Line + d.offset), column: int32(p.Column)})
}

func (d *decoder) decode(body ast.Node, e *Entry) {
	if pairs, ok := mapping(body); !ok {
		d.report(body, "", "is not a mapping of fields to values", "write it as in key_id: payments-stripe-001")
	} else {
		d.fields(pairs, reflect.ValueOf(e).Elem(), "")
	}
}

// mapping returns the pairs of a mapping, however the library presents it.
func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch m := n.(type) {
	case *ast.MappingNode:
		return m.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{m}, true
	}
	return nil, false
}

// fields reads the pairs of a mapping into the fields of a struct.
func (d *decoder) fields(pairs []*ast.MappingValueNode, into reflect.Value, prefix string) {
	byName := fieldsOf(into.Type())
	for name, pair := range d.pairs(pairs, prefix) {
		field := prefix + name
		index, ok := byName.index[name]
		if !ok {
			d.report(pair.Key, field, "is no field of an entry", unknownMend(name, prefix, byName.names))
			continue
		}
		d.note(pair.Key, field)
		d.value(pair.Value, into.Field(index), field)
	}
}

// pairs yields the pairs of a mapping by name, each name once.
func (d *decoder) pairs(pairs []*ast.MappingValueNode, prefix string) func(yield func(string, *ast.MappingValueNode) bool) {
	return func(yield func(string, *ast.MappingValueNode) bool) {
		first := make(map[string]int, len(pairs))
		for _, pair := range pairs {
			name, ok := text(pair.Key)
			if !ok {
				d.report(pair.Key, strings.TrimSuffix(prefix, "."), "has a field name that is not text", "name the field, or put its name in quotes")
				continue
			}
			if line, repeated := first[name]; repeated {
				d.report(pair.Key, prefix+name, fmt.Sprintf("is given twice, first on line %d", line), "keep one of them")
				continue
			}
			first[name] = pair.Key.GetToken().Position.Line + d.offset
			if !yield(name, pair) {
				return
			}
		}
	}
}

// value reads one value. Its type decides what YAML may stand for it.
func (d *decoder) value(n ast.Node, into reflect.Value, field string) {
	if _, empty := n.(*ast.NullNode); empty || n == nil {
		d.missing(n, field)
		return
	}
	switch v := into.Addr().Interface().(type) {
	case *time.Time:
		d.time(n, v, field)
		return
	case *Consumer:
		if s, ok := text(n); ok { // "- payments" is short for "- service: payments"
			v.Service = d.clean(n, s, field)
			return
		}
	case *keyturn.Duration:
		if s, ok := text(n); !ok || v.UnmarshalText([]byte(s)) != nil {
			d.report(n, field, "is not a duration", "write one such as 90s, 15m, 24h or 7d")
		}
		return
	case encoding.TextUnmarshaler:
		d.parsed(n, v, field)
		return
	}
	d.plain(n, into, field)
}

// parsed reads a type of the root package from its text. Such a type says itself
// what is wrong with a text, and how to mend it, without quoting it.
func (d *decoder) parsed(n ast.Node, into encoding.TextUnmarshaler, field string) {
	s, ok := text(n)
	if !ok {
		d.report(n, field, "must be text", "write a single value; put it in quotes if YAML takes it for something else")
		return
	}
	err := into.UnmarshalText([]byte(s))
	if err == nil {
		return
	}
	problem, mend := "cannot be read", "correct it"
	var e *keyturn.Error
	if errors.As(err, &e) {
		if p, m, both := strings.Cut(e.Message, "; "); both {
			problem, mend = p, m
		}
	}
	d.report(n, field, problem, mend)
}

func (d *decoder) missing(n ast.Node, field string) {
	if n != nil && n.GetToken() != nil {
		d.report(n, field, "is empty", "write a value, indented below its field, or remove the line")
		return
	}
	d.findings = append(d.findings, d.at(1, 1, field, "is empty", "write a value, or remove the line"))
}

func (d *decoder) plain(n ast.Node, into reflect.Value, field string) {
	switch into.Kind() {
	case reflect.String:
		if s, ok := text(n); ok {
			into.SetString(d.clean(n, s, field))
		} else if isScalar(n) {
			d.report(n, field, "must be text, and YAML reads this as a number or a truth value", "put it in quotes")
		} else {
			d.report(n, field, "must be text", "write a single value")
		}
	case reflect.Int:
		d.integer(n, into, field)
	case reflect.Bool:
		if b, ok := n.(*ast.BoolNode); ok {
			into.SetBool(b.Value)
		} else {
			d.report(n, field, "must be true or false", "write true or false, without quotes")
		}
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		d.value(n, into.Elem(), field)
	case reflect.Slice:
		d.list(n, into, field)
	case reflect.Map:
		d.texts(n, into, field)
	case reflect.Struct:
		if pairs, ok := mapping(n); ok {
			d.fields(pairs, into, field+".")
		} else {
			d.report(n, field, "must be a mapping of fields to values", "indent its fields below it")
		}
	default:
		panic("entry: no YAML for " + into.Type().String())
	}
}

func (d *decoder) integer(n ast.Node, into reflect.Value, field string) {
	i, ok := n.(*ast.IntegerNode)
	if ok {
		switch v := i.Value.(type) {
		case int64:
			into.SetInt(v)
			return
		case uint64:
			if v <= 1<<31 {
				into.SetInt(int64(v))
				return
			}
		}
	}
	d.report(n, field, "must be a whole number", "write it in digits, without quotes")
}

func (d *decoder) list(n ast.Node, into reflect.Value, field string) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.report(n, field, "must be a list", `begin each of its values with "- ", also when there is only one`)
		return
	}
	out := reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values))
	for i, item := range list.Values {
		name := fmt.Sprintf("%s[%d]", field, i)
		if item != nil && item.GetToken() != nil {
			if pairs, ok := mapping(item); ok && len(pairs) > 0 {
				d.note(pairs[0].Key, name)
			} else {
				d.note(item, name)
			}
		}
		d.value(item, out.Index(i), name)
	}
	into.Set(out)
}

func (d *decoder) texts(n ast.Node, into reflect.Value, field string) {
	pairs, ok := mapping(n)
	if !ok {
		d.report(n, field, "must be a mapping of names to text", "indent the names below it")
		return
	}
	out := reflect.MakeMap(into.Type())
	for name, pair := range d.pairs(pairs, field+".") {
		d.note(pair.Key, field+"."+name)
		s := reflect.New(into.Type().Elem()).Elem()
		d.value(pair.Value, s, field+"."+name)
		out.SetMapIndex(reflect.ValueOf(d.clean(pair.Key, name, field)), s)
	}
	into.Set(out)
}

// clean reports text that an escape such as "\x00" has smuggled into.
func (d *decoder) clean(n ast.Node, s, field string) string {
	unclean := func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unclean) {
		d.report(n, field, "holds a control character", "remove it")
	}
	return s
}

// time reads a moment, or a day, which is its midnight in UTC.
func (d *decoder) time(n ast.Node, into *time.Time, field string) {
	s, ok := text(n)
	if ok {
		for _, layout := range []string{time.RFC3339, time.DateOnly} {
			if t, err := time.Parse(layout, s); err == nil && t.Year() > 0 {
				*into = t.UTC()
				return
			}
		}
	}
	d.report(n, field, "is not a time", "write one such as 2026-04-01T10:00:00Z, or a day such as 2026-04-01")
}

// text is the text of a scalar that YAML takes for text.
func text(n ast.Node) (string, bool) {
	switch s := n.(type) {
	case *ast.StringNode:
		return s.Value, true
	case *ast.LiteralNode:
		return s.Value.Value, true
	}
	return "", false
}

func isScalar(n ast.Node) bool { _, ok := n.(ast.ScalarNode); return ok }
