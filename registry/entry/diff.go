package entry

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// A Change is one field that applying an entry would change, in the words of
// the file. An empty text is a field that is not there.
type Change struct {
	Field string `json:"field"`
	Have  string `json:"have"`
	Want  string `json:"want"`
}

// Diff lists what applying want to the stored key have would change, in the
// order of the file. It compares what [Merge] writes and nothing else.
func Diff(have keyturn.Key, want Entry) []Change {
	before, after := FromKey(have), FromKey(edit(have, want))
	was := map[string]string{}
	for _, f := range flatten(&before) {
		was[f.field] = f.value
	}
	var changes []Change
	for _, f := range flatten(&after) {
		if was[f.field] != f.value {
			changes = append(changes, Change{Field: f.field, Have: was[f.field], Want: f.value})
		}
		delete(was, f.field)
	}
	for _, field := range slices.Sorted(maps.Keys(was)) { // what Merge takes away
		if was[field] != "" {
			changes = append(changes, Change{Field: field, Have: was[field]})
		}
	}
	return changes
}

// A flat is one field and its value as text.
type flat struct{ field, value string }

// flatten lists the fields of an entry in order. A list is one field.
func flatten(e *Entry) []flat {
	var out []flat
	flattenInto(&out, reflect.ValueOf(e).Elem(), "")
	return out
}

func flattenInto(out *[]flat, v reflect.Value, field string) {
	if text, ok := leaf(v); ok {
		*out = append(*out, flat{field, text})
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			flattenInto(out, v.Elem(), field)
		}
	case reflect.Map:
		for _, name := range slices.Sorted(maps.Keys(v.Interface().(map[string]string))) {
			*out = append(*out, flat{field + "." + name, v.MapIndex(reflect.ValueOf(name)).String()})
		}
	case reflect.Struct:
		known := fieldsOf(v.Type())
		for _, name := range known.names {
			flattenInto(out, v.Field(known.index[name]), strings.TrimPrefix(field+"."+name, "."))
		}
	}
}

// leaf is the text of a value that holds no further fields. Zero is "".
func leaf(v reflect.Value) (string, bool) {
	switch x := v.Interface().(type) {
	case time.Time:
		if x.IsZero() {
			return "", true
		}
		return string(timeText(x)), true
	case encoding.TextMarshaler:
		if v.IsZero() {
			return "", true
		}
		text, err := x.MarshalText()
		return string(text), err == nil
	case string:
		return x, true
	case []string:
		return list(x), true
	case []Consumer:
		texts := make([]string, len(x))
		for i, c := range x {
			texts[i] = c.consumer().String()
		}
		return list(texts), true
	case []keyturn.Window:
		texts := make([]string, len(x))
		for i, w := range x {
			texts[i] = w.String()
		}
		return list(texts), true
	case int:
		if x == 0 {
			return "", true
		}
		return strconv.Itoa(x), true
	case bool:
		if !x {
			return "", true
		}
		return fmt.Sprint(x), true
	}
	return "", false
}

// list quotes an item only where it could be taken for two.
func list(items []string) string {
	shown := make([]string, len(items))
	for i, item := range items {
		if shown[i] = item; item == "" || strings.ContainsAny(item, ",\"") {
			shown[i] = strconv.Quote(item)
		}
	}
	return strings.Join(shown, ", ")
}
