package scim

import (
	"encoding/json"
	"reflect"
	"strings"

	"github.com/scim2/filter-parser/v2"
)

// values changes those values that match, and adds one that would where none
// does: Entra pushes the first address of a person so.
func (op operation) values(o object, t target, a attribute, value any) error {
	list, _ := get(o, t.attribute).([]any)
	var kept []any
	matched := false
	needed := t.where.equals("value") // most ask for one member of many
	for i, v := range list {
		e, ok := v.(object)
		if ok && needed != "" {
			ok = strings.EqualFold(text(e, "value"), needed)
		}
		if ok {
			var err error
			if ok, err = t.where.eval(t.where.root, e, func(place) []attribute { return a.Sub }); err != nil {
				return err
			}
		}
		if !ok {
			kept = append(kept, v)
			continue
		}
		matched = true
		switch {
		case op.op == "remove" && t.sub == "":
			continue
		case op.op == "remove":
			set(e, t.sub, nil)
		case t.sub != "":
			set(e, t.sub, clone(value))
		default: // what is named, and no more: some name the new value alone
			fresh, ok := value.(object)
			if !ok {
				fresh = object{"value": value}
			}
			for n, v := range fresh {
				set(e, n, clone(v))
			}
		}
		primaryOnly(list, e, i)
		kept = append(kept, v)
	}
	if !matched && op.op != "remove" {
		e := object{}
		if !t.where.implies(t.where.root, e) {
			return invalid("noTarget", "nothing matches the path")
		}
		fresh, ok := value.(object)
		if !ok || t.sub != "" {
			fresh = object{"value": value}
			if t.sub != "" {
				fresh = object{t.sub: value}
			}
		}
		for n, v := range fresh {
			set(e, n, clone(v))
		}
		primaryOnly(list, e, -1)
		kept = append(kept, e)
	}
	keep(o, t.attribute, kept)
	return nil
}

// implies sets in e what a value must have to match, and reports whether that is
// all it takes.
func (f *filterOf) implies(e filter.Expression, o object) bool {
	switch e := e.(type) {
	case *filter.AttributeExpression:
		at := placeAt(e.AttributePath)
		v := f.literal(e.CompareValue)
		if e.Operator != filter.EQ || at.extension != "" || at.sub != "" || v == nil {
			return false
		}
		set(o, at.attribute, v)
		return true
	case *filter.LogicalExpression:
		return e.Operator == filter.AND && f.implies(e.Left, o) && f.implies(e.Right, o)
	}
	return false
}

// putIn adds values to an attribute with many. One that is there already is not
// added again, and a new primary one is the only one.
func putIn(o object, attribute string, value any) {
	added, many := value.([]any)
	if !many {
		added = []any{value}
	}
	list, _ := get(o, attribute).([]any)
	there := map[string][]any{}
	for _, v := range list {
		there[key(v)] = append(there[key(v)], v)
	}
	for _, v := range added {
		if v == nil || contains(there[key(v)], v) {
			continue
		}
		if e, ok := v.(object); ok {
			primaryOnly(list, e, -1)
		}
		there[key(v)] = append(there[key(v)], v)
		list = append(list, v)
	}
	keep(o, attribute, list)
}

// primaryOnly makes e the only primary one if it is. It is the one at i of list.
func primaryOnly(list []any, e object, i int) {
	if get(e, "primary") != true && !strings.EqualFold(text(e, "primary"), "true") {
		return
	}
	for n, v := range list {
		if other, ok := v.(object); ok && n != i && get(other, "primary") != nil {
			set(other, "primary", false)
		}
	}
}

// takeOut removes values from an attribute with many, as Entra pushes members
// that left: by what they are and no filter.
func takeOut(o object, attribute string, value any) {
	gone, many := value.([]any)
	if !many {
		gone = []any{value}
	}
	out := map[string]bool{}
	for _, v := range gone {
		out[key(v)] = true
	}
	list, _ := get(o, attribute).([]any)
	var kept []any
	for _, v := range list {
		if !out[key(v)] {
			kept = append(kept, v)
		}
	}
	keep(o, attribute, kept)
}

// keep sets an attribute to what is left of its values.
func keep(o object, attribute string, kept []any) {
	if len(kept) == 0 {
		set(o, attribute, nil)
		return
	}
	set(o, attribute, kept)
}

// key is what a value is known by: its value, or all of it.
func key(v any) string {
	if o, ok := v.(object); ok {
		if s := text(o, "value"); s != "" {
			return s
		}
	}
	if s, ok := v.(string); ok {
		return s
	}
	encoded, _ := json.Marshal(v) // of a JSON value
	return string(encoded)
}

// contains reports whether v is there. The same value of another type is not the
// same; without a type it is.
func contains(list []any, v any) bool {
	for _, e := range list {
		a, okA := e.(object)
		b, okB := v.(object)
		if okA && okB && text(a, "value") != "" {
			one, other := text(a, "type"), text(b, "type")
			if one == "" || other == "" || strings.EqualFold(one, other) {
				return true
			}
		}
		if reflect.DeepEqual(e, v) {
			return true
		}
	}
	return false
}
