package scim

import (
	"encoding/json"
	"fmt"
	"strings"
)

// normalize brings what was pushed into the form that is stored: known names are
// written as in their schema, values are of their type, and what nobody may push
// is gone. It forgives what identity providers are known to send. Unknown
// attributes stay as they are.
func normalize(k kind, o object) error {
	lift(o, k.schema.ID)
	// Of these all but the password, which nobody wants here, are the server's to say.
	for _, n := range []string{"password", "schemas", "id", "meta", "groups"} {
		take(o, n)
	}
	if err := tidy(o, k.attributes("")); err != nil {
		return err
	}
	for _, e := range k.extensions {
		v, ok := take(o, e.ID)
		if !ok || v == nil {
			continue
		}
		inner, ok := v.(object)
		if !ok {
			return invalid("invalidValue", e.ID+" is no object")
		}
		if err := tidy(inner, e.Attributes); err != nil {
			return err
		}
		if len(inner) > 0 {
			o[e.ID] = inner
		}
	}
	if strings.TrimSpace(text(o, k.nameBy)) == "" {
		return invalid("invalidValue", k.nameBy+" is required")
	}
	return nil
}

// lift moves attributes that stand under the name of the core schema to where
// they belong.
func lift(o object, core string) {
	if _, ok := get(o, core).(object); !ok {
		return
	}
	inner, _ := take(o, core)
	for key, v := range inner.(object) {
		set(o, key, v)
	}
}

// tidy brings the known attributes of o into the form of their schema.
func tidy(o object, known []attribute) error {
	for key, v := range o {
		if v == nil {
			delete(o, key) // null and absent are the same
		}
	}
	for _, a := range known {
		v, ok := take(o, a.Name)
		if !ok {
			continue
		}
		v, err := a.normal(v)
		if err != nil {
			return err
		}
		if v != nil {
			o[a.Name] = v
		}
	}
	return nil
}

// normal is v in the form of the attribute; nil is none. An unknown attribute has
// no form.
func (a attribute) normal(v any) (any, error) {
	if a.Name == "" || v == nil {
		return v, nil
	}
	list, many := v.([]any)
	if !a.MultiValued {
		if many { // an old form of Entra: [{"value": v}]
			if len(list) != 1 {
				return nil, invalid("invalidValue", a.Name+" has one value and no list of them")
			}
			v = list[0]
			if e, ok := v.(object); ok && a.Type != "complex" {
				v = get(e, "value")
			}
		}
		return a.single(v)
	}
	if !many {
		list = []any{v}
	}
	out := []any{}
	for _, e := range list {
		e, err := a.single(e)
		if err != nil {
			return nil, err
		}
		if e != nil {
			out = append(out, e)
		}
	}
	if len(out) == 0 {
		return nil, nil // no values and absent are the same
	}
	return out, nil
}

func (a attribute) single(v any) (any, error) {
	if v == nil {
		return nil, nil
	}
	switch a.Type {
	case "complex":
		o, ok := v.(object)
		if id, is := v.(string); is && lookup(a.Sub, "value").Name != "" {
			if o, ok = (object{"value": id}), true; id == "" { // Entra pushes a manager so
				return nil, nil
			}
		}
		if !ok {
			return nil, invalid("invalidValue", a.Name+" is no object")
		}
		if err := tidy(o, a.Sub); err != nil || len(o) == 0 {
			return nil, err
		}
		return o, nil
	case "boolean":
		switch v := v.(type) {
		case bool:
			return v, nil
		case string: // Entra pushes "True" and "False"
			switch strings.ToLower(strings.TrimSpace(v)) {
			case "true":
				return true, nil
			case "false":
				return false, nil
			case "":
				return nil, nil
			}
		}
		return nil, invalid("invalidValue", a.Name+" is neither true nor false")
	}
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number, bool:
		return fmt.Sprint(v), nil
	}
	return nil, invalid("invalidValue", a.Name+" is no text")
}
