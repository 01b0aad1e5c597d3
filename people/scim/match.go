package scim

import (
	"cmp"
	"encoding/json"
	"strings"
	"time"

	"github.com/scim2/filter-parser/v2"
)

// match reports whether a resource matches. A user who is not said to be inactive
// is active.
func (f *filterOf) match(k kind, o object) (bool, error) {
	if _, said := o["active"]; k.isUser() && !said {
		o["active"] = true
		defer delete(o, "active")
	}
	return f.eval(f.root, o, func(at place) []attribute { return k.attributes(at.extension) })
}

// eval reports whether an object matches an expression. known returns the
// attributes that the schema has where a name points.
func (f *filterOf) eval(e filter.Expression, o object, known func(place) []attribute) (bool, error) {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		at := placeAt(e.AttributePath)
		return compare(found(o, at), e.Operator, f.literal(e.CompareValue), exact(known(at), at))
	case *filter.ValuePath:
		at := placeAt(e.AttributePath)
		a := lookup(known(at), at.attribute)
		for _, v := range found(o, at) {
			v, ok := v.(object)
			if !ok {
				continue
			}
			if ok, err := f.eval(e.ValueFilter, v, func(place) []attribute { return a.Sub }); ok || err != nil {
				return ok, err
			}
		}
		return false, nil
	case *filter.NotExpression:
		ok, err := f.eval(e.Expression, o, known)
		return !ok, err
	case *filter.LogicalExpression:
		ok, err := f.eval(e.Left, o, known)
		if err != nil || ok == (e.Operator == filter.OR) {
			return ok, err
		}
		return f.eval(e.Right, o, known)
	}
	return false, invalid("invalidFilter", "the filter cannot be understood")
}

// found returns the values at a place: each one of an attribute with many.
func found(o object, at place) []any {
	if at.extension != "" {
		inner, ok := get(o, at.extension).(object)
		if !ok {
			return nil
		}
		o = inner
	}
	v := get(o, at.attribute)
	list, many := v.([]any)
	if !many && v != nil {
		list = []any{v}
	}
	if at.sub == "" {
		return list
	}
	var out []any
	for _, e := range list {
		if e, ok := e.(object); ok {
			if v := get(e, at.sub); v != nil {
				out = append(out, v)
			}
		}
	}
	return out
}

// exact reports whether case counts at a place.
func exact(known []attribute, at place) bool {
	a := lookup(known, at.attribute)
	switch {
	case at.sub != "":
		a = lookup(a.Sub, at.sub)
	case a.Type == "complex":
		a = lookup(a.Sub, "value")
	}
	return a.CaseExact
}

// compare reports whether one of the values compares so. A value that is an
// object stands for its value.
func compare(values []any, op filter.CompareOperator, want any, exact bool) (bool, error) {
	if _, is := want.(bool); is && op != filter.EQ && op != filter.NE && op != filter.PR {
		return false, invalid("invalidFilter", "true and false can only be equal or not")
	}
	switch op {
	case filter.PR:
		return present(values), nil
	case filter.NE:
		ok, err := compare(values, filter.EQ, want, exact)
		return !ok, err
	}
	if want == nil {
		return op == filter.EQ && !present(values), nil
	}
	for _, v := range values {
		if o, ok := v.(object); ok {
			v = get(o, "value")
		}
		if holds(v, op, want, exact) {
			return true, nil
		}
	}
	return false, nil
}

func present(values []any) bool {
	for _, v := range values {
		switch v := v.(type) {
		case string:
			if v != "" {
				return true
			}
		case object:
			if len(v) > 0 {
				return true
			}
		default:
			return true
		}
	}
	return false
}

func holds(v any, op filter.CompareOperator, want any, exact bool) bool {
	switch v := v.(type) {
	case bool:
		if s, ok := want.(string); ok { // Entra writes "True"
			return strings.EqualFold(s, map[bool]string{true: "true", false: "false"}[v])
		}
		return v == want
	case json.Number:
		w, ok := want.(json.Number)
		a, errA := v.Float64()
		b, errB := w.Float64()
		return ok && errA == nil && errB == nil && ordered(cmp.Compare(a, b), op)
	case string:
		w, ok := want.(string)
		if !ok {
			return false
		}
		return texts(v, op, w, exact)
	}
	return false
}

func texts(v string, op filter.CompareOperator, want string, exact bool) bool {
	if !exact {
		v, want = strings.ToLower(v), strings.ToLower(want)
	}
	switch op {
	case filter.CO:
		return strings.Contains(v, want)
	case filter.SW:
		return strings.HasPrefix(v, want)
	case filter.EW:
		return strings.HasSuffix(v, want)
	}
	if a, err := time.Parse(time.RFC3339, strings.ToUpper(v)); err == nil {
		if b, err := time.Parse(time.RFC3339, strings.ToUpper(want)); err == nil {
			return ordered(a.Compare(b), op)
		}
	}
	return ordered(cmp.Compare(v, want), op)
}

func ordered(c int, op filter.CompareOperator) bool {
	switch op {
	case filter.EQ:
		return c == 0
	case filter.GT:
		return c > 0
	case filter.GE:
		return c >= 0
	case filter.LT:
		return c < 0
	case filter.LE:
		return c <= 0
	}
	return false
}
