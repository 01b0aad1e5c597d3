package entry

import (
	"encoding"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// structFields are the fields of one struct by the name files give them.
type structFields struct {
	index map[string]int
	names []string // in order
}

// fieldsOf reads a struct's tags, once for each type.
func fieldsOf(t reflect.Type) structFields {
	all := knownStructs()
	return all[t]
}

// knownStructs are all structs an entry is made of.
var knownStructs = sync.OnceValue(func() map[reflect.Type]structFields {
	all := map[reflect.Type]structFields{}
	var add func(t reflect.Type)
	add = func(t reflect.Type) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct || isText(t) {
			return
		}
		known := structFields{index: map[string]int{}}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				known.index[name] = i
				known.names = append(known.names, name)
				add(f.Type)
			}
		}
		all[t] = known
	}
	add(reflect.TypeFor[Entry]())
	return all
})

// isText reports whether files have a text for t, be it a struct in Go.
func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// homes says for each field name in which mappings it may stand: "" is the
// entry itself, "scope" its scope.
var homes = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	var add func(t reflect.Type, at string)
	add = func(t reflect.Type, at string) {
		for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		for _, name := range knownStructs()[t].names {
			out[name] = append(out[name], at)
			add(t.Field(knownStructs()[t].index[name]).Type, strings.TrimPrefix(at+"."+name, "."))
		}
	}
	add(reflect.TypeFor[Entry](), "")
	return out
})

// unknownMend guesses what a writer meant by a field that is not there.
func unknownMend(name, prefix string, here []string) string {
	if places := homes()[name]; len(places) > 0 && !slices.Contains(places, strings.TrimSuffix(prefix, ".")) {
		if places[0] == "" {
			return "move it to the left, out of " + strings.TrimSuffix(prefix, ".")
		}
		return "indent it below " + places[0]
	}
	if near := nearest(strings.ToLower(name), here); near != "" {
		return "did you mean " + near + "?"
	}
	return "the fields here are " + strings.Join(here, ", ")
}
