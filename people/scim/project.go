package scim

import (
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// maxNames bounds how many attributes a request may name.
const maxNames = 100

// A projection chooses the attributes of an answer. The zero value shows all.
type projection struct {
	only, except []place
}

func newProjection(only, except []string) (projection, error) {
	if len(only)+len(except) > maxNames {
		return projection{}, invalid("invalidValue", "too many attributes are named")
	}
	var p projection
	for _, n := range only {
		if at, ok := shownAt(n); ok {
			p.only = append(p.only, at)
		}
	}
	for _, n := range except {
		if at, ok := placeOf(n); ok {
			p.except = append(p.except, at)
		}
	}
	if len(only) > 0 && len(p.only) == 0 { // unknown ones only: what is always shown
		p.only = []place{{attribute: "id"}}
	}
	return p, nil
}

// A place is where an attribute stands.
type place struct {
	extension string // the name of its schema; empty for that of the resource
	attribute string // empty for all of the extension
	sub       string
}

// shownAt is placeOf for names with a condition, which some ask for: all of the
// attribute is meant.
func shownAt(n string) (place, bool) {
	if i := strings.IndexByte(n, '['); i > 0 {
		n = n[:i]
	}
	return placeOf(n)
}

// placeOf reads a name such as userName, name.givenName or urn:...:User:manager.
func placeOf(n string) (place, bool) {
	for _, s := range []schema{user, group} {
		if len(n) > len(s.ID) && strings.EqualFold(n[:len(s.ID)+1], s.ID+":") {
			n = n[len(s.ID)+1:]
		}
	}
	if strings.EqualFold(n, enterpriseSchema) {
		return place{extension: enterpriseSchema}, true
	}
	p, err := filter.ParsePath([]byte(n))
	if err != nil || p.ValueExpression != nil {
		return place{}, false
	}
	return placeAt(p.AttributePath), true
}

func placeAt(p filter.AttributePath) place {
	at := place{extension: p.URI(), attribute: p.AttributeName, sub: p.SubAttributeName()}
	for _, s := range []schema{user, group} {
		if strings.EqualFold(at.extension, s.ID) {
			at.extension = ""
		}
	}
	return at
}

// apply returns what is shown of a resource.
func (p projection) apply(o object) object {
	if len(p.only) > 0 {
		out := object{"schemas": o["schemas"], "id": o["id"]}
		for _, at := range p.only {
			at.copy(out, o)
		}
		return out
	}
	for _, at := range p.except {
		if at.extension == "" && (strings.EqualFold(at.attribute, "id") || strings.EqualFold(at.attribute, "schemas")) {
			continue // always shown
		}
		at.drop(o)
	}
	return o
}

// copy copies what stands at a place.
func (at place) copy(to, from object) {
	if at.extension != "" {
		n := name(from, at.extension)
		inner, ok := from[n].(object)
		if !ok {
			// A name like urn:...:User is read as an attribute of urn:...
			whole := name(from, at.extension+":"+at.attribute)
			if v, ok := from[whole]; ok {
				to[whole] = v
			}
			return
		}
		if at.attribute == "" {
			to[n] = inner
			return
		}
		kept, ok := to[n].(object)
		if !ok {
			kept = object{}
		}
		place{attribute: at.attribute, sub: at.sub}.copy(kept, inner)
		if len(kept) > 0 {
			to[n] = kept
		}
		return
	}
	n := name(from, at.attribute)
	v, ok := from[n]
	switch {
	case !ok:
	case at.sub == "":
		to[n] = v
	default:
		if picked := pick(to[n], v, at.sub); picked != nil {
			to[n] = picked
		}
	}
}

// pick adds one sub-attribute of v to what was picked before.
func pick(before, v any, sub string) any {
	switch v := v.(type) {
	case object:
		out, ok := before.(object)
		if !ok {
			out = object{}
		}
		n := name(v, sub)
		if s, ok := v[n]; ok {
			out[n] = s
		}
		if len(out) == 0 {
			return nil
		}
		return out
	case []any:
		earlier, ok := before.([]any)
		if !ok {
			earlier = make([]any, len(v))
		}
		out := make([]any, len(v))
		for i, e := range v {
			if out[i] = pick(earlier[i], e, sub); out[i] == nil {
				out[i] = object{}
			}
		}
		return out
	}
	return before
}

// drop removes what stands at a place.
func (at place) drop(o object) {
	if at.extension != "" {
		inner, ok := get(o, at.extension).(object)
		switch {
		case !ok:
			delete(o, name(o, at.extension+":"+at.attribute))
		case at.attribute == "":
			delete(o, name(o, at.extension))
		default:
			place{attribute: at.attribute, sub: at.sub}.drop(inner)
		}
		return
	}
	n := name(o, at.attribute)
	if at.sub == "" {
		delete(o, n)
		return
	}
	switch v := o[n].(type) {
	case object:
		delete(v, name(v, at.sub))
	case []any:
		for _, e := range v {
			if e, ok := e.(object); ok {
				delete(e, name(e, at.sub))
			}
		}
	}
}
