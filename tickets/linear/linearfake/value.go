package linearfake

import "strings"

// A value is written out in the document, or the name of a variable.
type value struct {
	variable string
	literal  any // string, float64, bool, nil, []value, map[string]value
}

func (p *parser) arguments() map[string]value {
	if p.next() != "(" {
		return nil
	}
	out := map[string]value{}
	for p.take(); p.until(")"); {
		name := p.name()
		p.expect(":")
		out[name] = p.value()
	}
	return out
}

func (p *parser) value() value {
	switch token := p.take(); {
	case token == "$":
		return value{variable: p.name()}
	case token == "[":
		list := []value{}
		for p.until("]") {
			list = append(list, p.value())
		}
		return value{literal: list}
	case token == "{":
		object := map[string]value{}
		for p.until("}") {
			name := p.name()
			p.expect(":")
			object[name] = p.value()
		}
		return value{literal: object}
	case strings.HasPrefix(token, `"`):
		return value{literal: strings.Trim(token, `"`)}
	default:
		literal, ok := plain(token)
		if !ok {
			p.fail(token)
		}
		return value{literal: literal}
	}
}
