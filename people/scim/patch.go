package scim

import "strings"

// at applies an operation at a target, with a value of which nothing else is a
// part.
func (op operation) at(k kind, o object, t target, value any) error {
	if t.extension != "" {
		whole := t.extension + ":" + t.attribute
		if t.attribute == "" || isSchema(whole) && get(o, t.extension) == nil {
			return op.extension(k, o, strings.TrimSuffix(whole, ":"), value)
		}
		inner, ok := get(o, t.extension).(object)
		if !ok {
			if op.op == "remove" {
				return nil
			}
			inner = object{}
			set(o, t.extension, inner)
		}
		o = inner
	}
	a := lookup(k.attributes(t.extension), t.attribute)
	_, many := get(o, t.attribute).([]any)
	switch {
	case t.where != nil:
		return op.values(o, t, a, value)
	case t.sub != "":
		return op.sub(o, t, a, value)
	case op.op == "remove" && value != nil && (a.MultiValued || many):
		takeOut(o, t.attribute, value)
	case op.op == "remove":
		set(o, t.attribute, nil)
	default:
		// In its form at once, so that the next operation finds it so.
		value, err := a.normal(clone(value))
		if err != nil {
			return err
		}
		if op.op == "add" && (a.MultiValued || many) {
			putIn(o, t.attribute, value)
		} else {
			put(o, t.attribute, value)
		}
	}
	return nil
}

// extension applies an operation to all of an extension.
func (op operation) extension(k kind, o object, urn string, value any) error {
	if op.op == "remove" {
		set(o, urn, nil)
		return nil
	}
	values, ok := value.(object)
	if !ok {
		return invalid("invalidValue", urn+" is no object")
	}
	return op.each(k, o, urn, values)
}

// put sets an attribute. Of an object it sets what is named, as RFC 7644 has it.
func put(o object, attribute string, value any) {
	named, isObject := value.(object)
	have, hasObject := get(o, attribute).(object)
	if !isObject || !hasObject {
		set(o, attribute, value)
		return
	}
	for n, v := range named {
		set(have, n, v)
	}
}

// sub sets or removes a part of an object, or of each of many.
func (op operation) sub(o object, t target, a attribute, value any) error {
	if op.op == "remove" {
		value = nil
	}
	switch have := get(o, t.attribute).(type) {
	case object:
		set(have, t.sub, clone(value))
	case []any:
		for _, e := range have {
			if e, ok := e.(object); ok {
				set(e, t.sub, clone(value))
			}
		}
	case nil:
		if value != nil {
			var fresh any = object{t.sub: clone(value)}
			if a.MultiValued {
				fresh = []any{fresh}
			}
			set(o, t.attribute, fresh)
		}
	default:
		return invalid("invalidPath", t.attribute+" has no "+t.sub)
	}
	return nil
}
