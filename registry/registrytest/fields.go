package registrytest

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// everyFieldSurvives fills every field there is by reflection, so that a
// field added later and forgotten by a store fails here.
func everyFieldSurvives(t *testing.T, s registry.Store) {
	var key keyturn.Key
	n := 0
	populate(reflect.ValueOf(&key).Elem(), &n)
	key.Revision = 0
	key.Retired = time.Time{} // a key in service first
	stored := mustSave(t, s, key, "e1")
	key.Revision = 1
	diff(t, "created", mustGet(t, s, key.ID), key)
	diff(t, "as returned", stored, key)
	key.Retired = start()
	mustSave(t, s, key, "e2")
	key.Revision = 2
	diff(t, "changed", mustGet(t, s, key.ID), key)
	for found, err := range s.Find(t.Context(), registry.Filter{Retired: true}) {
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "found", found, key)
	}
	for _, i := range key.Ledger {
		wantMarked(t, s, "marked", i.Marks(), named(key.ID, i)...)
	}

	var e registry.Event
	populate(reflect.ValueOf(&e).Elem(), &n)
	e.Key, e.Tell = key.ID, []registry.Audience{registry.ToOwner}
	if _, err := s.Save(t.Context(), key, e); err != nil {
		t.Fatal(err)
	}
	e.Tell, e.Urgent, e.Batch, e.Began = nil, false, "", time.Time{} // are the outbox's, the batch's and the outcome's
	diff(t, "event", events(t, s, key.ID)[2], e)
	if got := claim(t, s, start(), 10); len(got) == 1 {
		diff(t, "event of a notice", got[0].Event, e)
	} else {
		t.Errorf("%d notices of one event", len(got))
	}
}

// populate gives every field a value of its own that is not zero.
func populate(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if v.Type() == reflect.TypeFor[keyturn.Duration]() {
			v.SetInt(int64(*n) * int64(time.Second))
			return
		}
		v.SetInt(int64(*n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			populate(v.Index(i), n)
		}
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		populate(key, n)
		populate(value, n)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(start().Add(time.Duration(*n) * time.Minute)))
			return
		case reflect.TypeFor[keyturn.Window]():
			v.Set(reflect.ValueOf(window(fmt.Sprintf("Sat-Sun 02:00-03:%02d Europe/Berlin", *n%60))))
			return
		}
		for i := range v.NumField() {
			populate(v.Field(i), n)
		}
	default:
		panic("registrytest: teach populate about " + v.Type().String())
	}
}

// window reads a window that is known to be right.
func window(text string) keyturn.Window {
	var w keyturn.Window
	if err := w.UnmarshalText([]byte(text)); err != nil {
		panic(err)
	}
	return w
}

// noSecretTypes walks what is stored: a secret value must have no place in it.
func noSecretTypes(t *testing.T, _ registry.Store) {
	for _, stored := range []reflect.Type{
		reflect.TypeFor[keyturn.Key](), reflect.TypeFor[registry.Event](), reflect.TypeFor[registry.Filter](),
		reflect.TypeFor[registry.Notice](), reflect.TypeFor[keyturn.CalendarRule](),
		reflect.TypeFor[registry.Outcome](), reflect.TypeFor[registry.Pause](),
		reflect.TypeFor[registry.Batch](), reflect.TypeFor[registry.BatchKey](), reflect.TypeFor[registry.Finding](),
		reflect.TypeFor[registry.Departure](), reflect.TypeFor[registry.Heard](),
		reflect.TypeFor[registry.Leak](), reflect.TypeFor[registry.LeakHit](), reflect.TypeFor[registry.LeakUse](), reflect.TypeFor[registry.Marked](),
	} {
		walk(t, stored, stored.Name())
	}
}

func walk(t *testing.T, typ reflect.Type, path string) {
	switch {
	case typ == reflect.TypeFor[keyturn.Secret](), typ == reflect.TypeFor[[]byte]():
		t.Errorf("%s is a %s, which may hold a secret value", path, typ)
		return
	case typ == reflect.TypeFor[time.Time]():
		return
	}
	switch typ.Kind() {
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		t.Errorf("%s is a %s, which may hold anything", path, typ)
	case reflect.Pointer, reflect.Slice, reflect.Array:
		walk(t, typ.Elem(), path+"[]")
	case reflect.Map:
		walk(t, typ.Key(), path+"[key]")
		walk(t, typ.Elem(), path+"[value]")
	case reflect.Struct:
		for i := range typ.NumField() {
			walk(t, typ.Field(i).Type, path+"."+typ.Field(i).Name)
		}
	}
}
