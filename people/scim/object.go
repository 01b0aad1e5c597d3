package scim

import (
	"cmp"
	"encoding/json"
	"strings"
)

// An object is a JSON object. Names of attributes are compared in whatever case,
// as SCIM has it.
type object = map[string]any

// name returns the name that an attribute has in o, and how it is asked for
// where it has none.
func name(o object, asked string) string {
	if _, ok := o[asked]; ok {
		return asked
	}
	found := ""
	for k := range o {
		if strings.EqualFold(k, asked) && (found == "" || k < found) {
			found = k
		}
	}
	return cmp.Or(found, asked)
}

// take removes an attribute, however often it stands there, and returns it.
func take(o object, asked string) (v any, ok bool) {
	v, ok = o[name(o, asked)]
	if ok {
		for k := range o {
			if strings.EqualFold(k, asked) {
				delete(o, k)
			}
		}
	}
	return v, ok
}

// get returns an attribute, or nil.
func get(o object, asked string) any { return o[name(o, asked)] }

// set sets an attribute; nil removes it.
func set(o object, asked string, value any) {
	n := name(o, asked)
	if value == nil {
		delete(o, n)
		return
	}
	o[n] = value
}

// text returns an attribute that is a string, or "".
func text(o object, asked string) string {
	s, _ := get(o, asked).(string)
	return s
}

// objects returns those values of an attribute that are objects.
func objects(o object, asked string) []object {
	list, _ := get(o, asked).([]any)
	var out []object
	for _, v := range list {
		if e, ok := v.(object); ok {
			out = append(out, e)
		}
	}
	return out
}

// clone copies a JSON value, so that what shares nothing can be changed.
func clone(v any) any {
	switch v := v.(type) {
	case object:
		out := make(object, len(v))
		for k, e := range v {
			out[k] = clone(e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = clone(e)
		}
		return out
	}
	return v
}

// decode reads a stored document.
func decode(document json.RawMessage) (object, error) {
	d := json.NewDecoder(strings.NewReader(string(document)))
	d.UseNumber()
	var o object
	err := d.Decode(&o)
	return o, err
}
