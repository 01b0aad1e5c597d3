package workflows_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/workflows"
)

// TestPayloadsHoldNoSecrets walks the type of everything that enters a
// history and fails on any field that could carry a value.
func TestPayloadsHoldNoSecrets(t *testing.T) {
	t.Parallel()
	types := []reflect.Type{
		reflect.TypeFor[workflows.Status](), reflect.TypeFor[workflows.Word](), reflect.TypeFor[workflows.Extension](),
		reflect.TypeFor[workflows.Claim](), reflect.TypeFor[workflows.Verdict](), reflect.TypeFor[workflows.TicketNews](),
	}
	var funcs []reflect.Type
	for _, f := range flows {
		funcs = append(funcs, reflect.TypeOf(f))
	}
	for _, set := range []any{new(activities.Keys), new(activities.People), new(activities.Fleet), new(activities.Leavers), new(activities.Leaks)} {
		v := reflect.ValueOf(set)
		if v.NumMethod() == 0 {
			t.Fatalf("%T has no activities", set)
		}
		for i := range v.NumMethod() {
			funcs = append(funcs, v.Method(i).Type())
		}
	}
	for _, f := range funcs {
		for i := 1; i < f.NumIn(); i++ {
			types = append(types, f.In(i))
		}
		for i := range f.NumOut() {
			types = append(types, f.Out(i))
		}
	}
	for _, typ := range types {
		for _, found := range carriers(typ, typ.String(), nil) {
			t.Errorf("%s may carry a secret into a history", found)
		}
	}
}

// TestCarriersAreFound proves that the guard above can fail.
func TestCarriersAreFound(t *testing.T) {
	t.Parallel()
	type deep struct {
		Map map[string][]struct{ S keyturn.Secret }
	}
	for _, typ := range []reflect.Type{
		reflect.TypeFor[keyturn.Secret](), reflect.TypeFor[[]byte](), reflect.TypeFor[any](), reflect.TypeFor[deep](), reflect.TypeFor[*deep](),
	} {
		if len(carriers(typ, typ.String(), nil)) == 0 {
			t.Errorf("%s was let through", typ)
		}
	}
}

func carriers(typ reflect.Type, path string, seen []reflect.Type) (found []string) {
	switch {
	case typ == reflect.TypeFor[error](), typ == reflect.TypeFor[time.Time]():
		return nil
	case typ == reflect.TypeFor[keyturn.Secret](), typ == reflect.TypeFor[[]byte](), typ.Kind() == reflect.Interface:
		return []string{path}
	}
	for _, s := range seen {
		if s == typ {
			return nil
		}
	}
	seen = append(seen, typ)
	switch typ.Kind() {
	case reflect.Map:
		found = carriers(typ.Key(), path+"[key]", seen)
		fallthrough
	case reflect.Pointer, reflect.Slice, reflect.Array:
		found = append(found, carriers(typ.Elem(), path+"[]", seen)...)
	case reflect.Struct:
		for i := range typ.NumField() {
			found = append(found, carriers(typ.Field(i).Type, path+"."+typ.Field(i).Name, seen)...)
		}
	}
	return found
}
