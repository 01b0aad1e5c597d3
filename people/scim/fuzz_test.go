package scim

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzFilter holds that a filter is refused or answered, and in short time.
func FuzzFilter(f *testing.F) {
	for _, s := range []string{
		`userName eq "ada@acme.example"`, `emails[type eq "work"].value eq "x" and not (active eq True)`,
		`userName sw O or meta.created gt "2011-05-13T04:42:34Z"`, `a[b[c pr]]`, `title pr and (x eq 1.5e3 or "`,
		enterpriseSchema + `:manager.value eq "\u00e9"`, `(((((`, `x].y eq "0"`,
	} {
		f.Add(s)
	}
	resource := object{
		"userName": "ada@acme.example", "active": true, "title": "é", "level": json.Number("3"), "tags": []any{"a", json.Number("1"), nil, []any{}},
		"emails":         []any{object{"value": "ada@acme.example", "type": "work", "primary": true}, "stray"},
		enterpriseSchema: object{"manager": object{"value": "m"}}, "meta": object{"created": "2026-01-02T03:04:05Z"},
	}
	f.Fuzz(func(t *testing.T, s string) {
		began := time.Now()
		parsed, err := parseFilter(s)
		if err != nil || parsed == nil {
			return
		}
		for _, k := range []kind{userKind, groupKind} {
			if _, err := parsed.match(k, clone(resource).(object)); err != nil {
				if f := new(fault); !errors.As(err, &f) {
					t.Errorf("%q: %v", s, err)
				}
			}
		}
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("%q took %v", s, took)
		}
	})
}

// FuzzPatch holds that a PATCH is refused, or leaves a resource in normal form.
func FuzzPatch(f *testing.F) {
	for _, s := range []string{
		`{"op": "Replace", "path": "active", "value": "False"}`, `{"op": "replace", "value": {"active": false, "name.givenName": "x"}}`,
		`{"op": "add", "path": "emails[type eq \"work\"].value", "value": "x"}`, `{"op": "remove", "path": "members[value eq \"a\"]"}`,
		`{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "a"}]}`, `{"op": "add", "path": "emails", "value": [[], null, 1, {"value": "b", "primary": "True"}]}`,
		`{"op": "add", "path": "` + enterpriseSchema + `:manager.value", "value": {"value": []}}`, `{"op": "add", "path": "` + userSchema + `", "value": {"` + userSchema + `": {"userName": null}}}`,
		`{"op": "replace", "path": "name.familyName", "value": {}}, {"op": "add", "path": "name", "value": [{"value": "x"}]}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, ops string) {
		body, err := decode(json.RawMessage(`{"Operations": [` + ops + `]}`))
		if err != nil {
			return
		}
		list, err := operations(body)
		if err != nil {
			return
		}
		for _, k := range []kind{userKind, groupKind} {
			o := object{
				"userName": "ada", "displayName": "ops", "name": object{"givenName": "Ada"}, "active": true,
				"emails":  []any{object{"value": "ada@acme.example", "type": "work", "primary": true}},
				"members": []any{object{"value": "a"}, object{"value": "b"}},
			}
			if err := normalize(k, o); err != nil {
				t.Fatal(err)
			}
			for _, op := range list {
				if err = op.apply(k, o); err != nil {
					break
				}
			}
			if err != nil || normalize(k, o) != nil {
				continue
			}
			// Normal form is stable, and what the columns say can be read from it.
			once, _ := json.Marshal(o)
			if err := normalize(k, o); err != nil {
				t.Fatalf("%s: normal form is refused: %v", once, err)
			}
			if twice, _ := json.Marshal(o); string(once) != string(twice) {
				t.Errorf("normal form is\n%s\nand then\n%s", once, twice)
			}
			if active, said := o["active"]; said && k.isUser() {
				if _, ok := active.(bool); !ok {
					t.Errorf("active is %v", active)
				}
			}
			if strings.Contains(string(once), `"password"`) && get(o, "password") != nil {
				t.Errorf("a password was kept")
			}
		}
	})
}
