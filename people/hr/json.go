package hr

import (
	"bytes"
	"encoding/json"
	"slices"
	"sort"
)

// json reads a list of objects whose fields are named like the columns of CSV.
// What has several teams may be a list of texts; a null is nothing; an id may be
// a number.
func (c *checker) json(text []byte) []Record {
	p := &parser{checker: c, text: text, d: json.NewDecoder(bytes.NewReader(text))}
	p.d.UseNumber()
	for i, b := range text {
		if b == '\n' {
			p.lines = append(p.lines, i)
		}
	}
	out, ok := p.list()
	if !ok {
		p.report(p.last, "", "is not a JSON list of objects", `write [{"email": "alice@example.com", "team": "payments"}]`)
	}
	return out
}

// A parser walks the tokens of a list, so that it knows where each stands.
type parser struct {
	*checker
	text  []byte
	d     *json.Decoder
	lines []int // where lines end
	last  place // where what was looked at last begins
}

// here is where the next token begins.
func (p *parser) here() place {
	at := int(p.d.InputOffset())
	for at < len(p.text) && bytes.IndexByte([]byte(" \t\r\n,:"), p.text[at]) >= 0 {
		at++
	}
	line := sort.SearchInts(p.lines, at)
	begin := 0
	if line > 0 {
		begin = p.lines[line-1] + 1
	}
	p.last = place{line + 1, at - begin + 1}
	return p.last
}

// next reports whether the next token is this delimiter, and takes it.
func (p *parser) next(want json.Delim) bool {
	p.here()
	token, err := p.d.Token()
	return err == nil && token == want
}

// list reports whether it could read to the end.
func (p *parser) list() (out []Record, ok bool) {
	if !p.next('[') {
		return nil, false
	}
	for p.d.More() {
		at := p.here()
		values, ok := p.object()
		if !ok {
			return nil, false
		}
		out = append(out, p.record(values, at))
	}
	if !p.next(']') {
		return nil, false
	}
	p.here()
	return out, len(bytes.TrimSpace(p.text[p.d.InputOffset():])) == 0
}

func (p *parser) object() (out []value, ok bool) {
	if !p.next('{') {
		return nil, false
	}
	var seen []string
	for p.d.More() {
		at := p.here()
		token, err := p.d.Token()
		name, isName := token.(string)
		if err != nil || !isName {
			return nil, false
		}
		if slices.Contains(seen, name) {
			p.report(at, shown(name), "is a field of this person already", "keep one of them")
		}
		seen = append(seen, name)
		known := p.known(name, at)
		at = p.here()
		var raw any
		if err := p.d.Decode(&raw); err != nil {
			return nil, false
		}
		if known {
			out = append(out, p.value(name, raw, at))
		}
	}
	return out, p.next('}')
}

// value reads one value of a field.
func (p *parser) value(field string, raw any, at place) value {
	v := value{field: field, at: at}
	switch raw := raw.(type) {
	case nil:
		return v
	case string:
		v.text = raw
		return v
	case json.Number:
		if field == fieldID {
			v.text = raw.String()
			return v
		}
	case []any:
		if field == fieldTeam || field == fieldLeadOf {
			v.list = []string{}
			for _, one := range raw {
				text, ok := one.(string)
				v.list, v.bad = append(v.list, text), v.bad || !ok
			}
			if v.bad {
				p.report(at, field, "is not a list of texts", `write ["payments", "checkout"]`)
			}
			return v
		}
	}
	p.report(at, field, "is not a text", "put it in quotes")
	v.bad = true
	return v
}
