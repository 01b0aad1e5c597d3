package linearfake

// A document is one GraphQL operation, read as far as clients of an API write
// them by hand: no fragments, no subscriptions, one operation.
type document struct {
	kind      string // query or mutation
	variables []variable
	fields    []selection
}

type variable struct{ name, of string } // of is a type such as [String!]!

type selection struct {
	key, name  string // key is the alias, or the name
	args       map[string]value
	directives map[string]map[string]value
	fields     []selection
}

// parser reads a document. The first mistake stops it.
type parser struct {
	tokens []string
	err    error
}

func parse(text string) (document, error) {
	p := &parser{}
	p.tokens, p.err = tokens(text)
	d := document{kind: "query"}
	if p.next() != "{" {
		d.kind = p.take()
		if d.kind != "query" && d.kind != "mutation" {
			p.fail(d.kind)
		}
		if isName(p.next()) {
			p.take()
		}
		d.variables = p.variables()
	}
	d.fields = p.selections()
	if p.err == nil && len(p.tokens) > 0 {
		p.fail(p.tokens[0])
	}
	return d, p.err
}

func (p *parser) fail(token string) {
	if p.err == nil {
		p.err = unexpected(token)
	}
}

func (p *parser) next() string {
	if p.err != nil || len(p.tokens) == 0 {
		return ""
	}
	return p.tokens[0]
}

func (p *parser) take() string {
	token := p.next()
	if token == "" {
		p.fail("<EOF>")
		return ""
	}
	p.tokens = p.tokens[1:]
	return token
}

func (p *parser) expect(token string) {
	if got := p.take(); got != token {
		p.fail(got)
	}
}

func (p *parser) name() string {
	got := p.take()
	if !isName(got) {
		p.fail(got)
	}
	return got
}

// until reports whether there is more before the closing token, which it takes.
func (p *parser) until(closing string) bool {
	if p.err != nil {
		return false
	}
	if p.next() == closing {
		p.take()
		return false
	}
	return true
}

func (p *parser) variables() []variable {
	var out []variable
	if p.next() != "(" {
		return nil
	}
	for p.take(); p.until(")"); {
		p.expect("$")
		v := variable{name: p.name()}
		p.expect(":")
		v.of = p.typeName()
		out = append(out, v)
	}
	return out
}

func (p *parser) typeName() string {
	of := ""
	if p.next() == "[" {
		p.take()
		of = "[" + p.typeName() + "]"
		p.expect("]")
	} else {
		of = p.name()
	}
	if p.next() == "!" {
		of += p.take()
	}
	return of
}

func (p *parser) selections() []selection {
	var out []selection
	p.expect("{")
	for p.until("}") {
		s := selection{name: p.name()}
		if s.key = s.name; p.next() == ":" {
			p.take()
			s.name = p.name()
		}
		s.args = p.arguments()
		for p.next() == "@" {
			p.take()
			if s.directives == nil {
				s.directives = map[string]map[string]value{}
			}
			name := p.name()
			s.directives[name] = p.arguments()
		}
		if p.next() == "{" {
			s.fields = p.selections()
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		p.fail("}")
	}
	return out
}
