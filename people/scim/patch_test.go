package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// TestPatchUser has the forms in which identity providers change users: those of
// RFC 7644, and those that Okta and Entra document.
func TestPatchUser(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		name, ops string
		at        []any
		want      string
	}{
		{"RFC: inactive", `{"op": "replace", "path": "active", "value": false}`, []any{"active"}, `false`},
		{"Okta: inactive", `{"op": "replace", "value": {"active": false}}`, []any{"active"}, `false`},
		{"Entra: inactive", `{"op": "Replace", "path": "active", "value": "False"}`, []any{"active"}, `false`},
		{"Entra: active", `{"op": "Add", "path": "active", "value": "True"}`, []any{"active"}, `true`},
		{"Entra, before 2018: inactive", `{"op": "Replace", "path": "active", "value": [{"$ref": null, "value": "False"}]}`, []any{"active"}, `false`},
		{"in whatever case", `{"op": "REPLACE", "path": "ACTIVE", "value": false}`, []any{"active"}, `false`},
		{"by the whole name", `{"op": "replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": false}`, []any{"active"}, `false`},

		{"RFC: part of a name", `{"op": "replace", "path": "name.familyName", "value": "Lovelace"}`, []any{"name"}, `{"givenName": "Ada", "familyName": "Lovelace"}`},
		{"RFC: a name keeps what is not named", `{"op": "replace", "path": "name", "value": {"familyName": "Lovelace"}}`, []any{"name"}, `{"givenName": "Ada", "familyName": "Lovelace"}`},
		{"Entra: names with dots", `{"op": "replace", "value": {"displayName": "Bjfe", "name.givenName": "Kkom", "name.familyName": "Unua"}}`, []any{"name"}, `{"givenName": "Kkom", "familyName": "Unua"}`},
		{"RFC: removed", `{"op": "remove", "path": "name.givenName"}`, []any{"name"}, `{"familyName": "Byron"}`},
		{"null removes", `{"op": "replace", "path": "name", "value": null}`, []any{"name"}, `null`},
		{"Entra: an attribute that was not there", `{"op": "Add", "path": "nickName", "value": "Babs"}`, []any{"nickName"}, `"Babs"`},

		{"Entra: the address for work", `{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "new@acme.example"}`, []any{"emails"}, `[{"value": "new@acme.example", "type": "work", "primary": true}]`},
		{"Entra: an address of another type", `{"op": "Add", "path": "emails[type eq \"other\"].Value", "value": "o@acme.example"}`, []any{"emails", 1}, `{"type": "other", "value": "o@acme.example"}`},
		{"Entra: a telephone where there was none", `{"op": "Add", "path": "phoneNumbers[type eq \"mobile\"].value", "value": "+1"}`, []any{"phoneNumbers"}, `[{"type": "mobile", "value": "+1"}]`},
		{"Entra: a role", `{"op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin"}`, []any{"roles"}, `[{"primary": true, "value": "admin"}]`},
		{"RFC: part of an address", `{"op": "replace", "path": "addresses[type eq \"work\"]", "value": {"type": "work", "locality": "Oslo"}}`, []any{"addresses"}, `[{"type": "work", "locality": "Oslo"}]`},
		{"RFC: another primary address", `{"op": "add", "path": "emails", "value": [{"value": "b@acme.example", "primary": true}]}`, []any{"emails"}, `[{"value": "Ada@acme.example", "type": "work", "primary": false}, {"value": "b@acme.example", "primary": true}]`},
		{"RFC: an address that is there", `{"op": "add", "path": "emails", "value": [{"value": "Ada@acme.example"}]}`, []any{"emails"}, `[{"value": "Ada@acme.example", "type": "work", "primary": true}]`},
		{"RFC: one of the addresses removed", `{"op": "add", "path": "emails", "value": {"value": "b@acme.example", "type": "home"}}, {"op": "remove", "path": "emails[type eq \"work\" and primary eq true]"}`, []any{"emails"}, `[{"value": "b@acme.example", "type": "home"}]`},
		{"RFC: all addresses removed", `{"op": "remove", "path": "emails"}`, []any{"emails"}, `null`},
		{"removing what is not there", `{"op": "remove", "path": "emails[type eq \"home\"]"}`, []any{"emails", 0, "type"}, `"work"`},

		{"Entra: the manager is an id", `{"op": "Add", "path": "` + enterprise + `:manager", "value": "some-id"}`, []any{enterprise}, `{"manager": {"value": "some-id"}}`},
		{"RFC: the manager", `{"op": "replace", "path": "` + enterprise + `:manager", "value": {"value": "some-id", "$ref": "../Users/some-id"}}`, []any{enterprise, "manager", "value"}, `"some-id"`},
		{"the manager's value", `{"op": "add", "path": "` + enterprise + `:manager.value", "value": "some-id"}`, []any{enterprise, "manager"}, `{"value": "some-id"}`},
		{"Entra: no manager", `{"op": "Add", "path": "` + enterprise + `:manager", "value": "m"}, {"op": "Remove", "path": "` + enterprise + `:manager"}`, []any{enterprise}, `null`},
		{"Entra: an extension's attribute as a name", `{"op": "replace", "value": {"` + enterprise + `:employeeNumber": "Aklq"}}`, []any{enterprise}, `{"employeeNumber": "Aklq"}`},
		{"Okta: an extension as a whole", `{"op": "replace", "value": {"` + enterprise + `": {"department": "Ops", "manager": {"value": "m"}}}}`, []any{enterprise}, `{"department": "Ops", "manager": {"value": "m"}}`},
		{"an extension by its path", `{"op": "add", "path": "` + enterprise + `", "value": {"department": "Ops"}}`, []any{enterprise}, `{"department": "Ops"}`},
		{"Entra: an extension of one's own", `{"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User:tag", "value": "701984"}`, []any{"urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User", "tag"}, `"701984"`},
		{"one operation finds what the last one left", `{"op": "replace", "path": "emails", "value": "a@acme.example"}, {"op": "add", "path": "emails[type eq \"home\"].value", "value": "b@acme.example"}`, []any{"emails"}, `[{"value": "a@acme.example"}, {"type": "home", "value": "b@acme.example"}]`},
		{"a manager of no name", `{"op": "add", "path": "` + enterprise + `:manager", "value": ""}`, []any{enterprise}, `null`},
		{"an unknown attribute", `{"op": "add", "value": {"favouriteColour": {"name": "mauve"}}}`, []any{"favouriteColour", "name"}, `"mauve"`},
		{"numbers are texts where texts are", `{"op": "add", "value": {"title": 3}}`, []any{"title"}, `"3"`},
		{"Okta sends the id along", `{"op": "replace", "value": {"id": "another", "title": "Boss"}}`, []any{"title"}, `"Boss"`},
		{"a password is not kept", `{"op": "replace", "value": {"password": "1mz050nq"}}`, []any{"password"}, `null`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := w.add("/Users", strings.Replace(ada, `"ada@`, fmt.Sprintf(`"ada%d@`, i), 1))
			got := w.call(http.StatusOK, http.MethodPatch, "/Users/"+id, operations(c.ops))
			same(t, "the answer", at(got, c.at...), c.want)
			if got["id"] != id {
				t.Errorf("the id is %v, want %v", got["id"], id)
			}
			same(t, "what is read", at(w.call(http.StatusOK, http.MethodGet, "/Users/"+id, ""), c.at...), c.want)
		})
	}
}

func TestPatchGroup(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct {
		name, ops string
		at        []any
		want      string
	}{
		{"Okta and Entra: another name", `{"op": "Replace", "path": "displayName", "value": "updated"}`, []any{"displayName"}, `"updated-N"`},
		{"Okta: another name with the id", `{"op": "replace", "value": {"id": "abf4", "displayName": "updated"}}`, []any{"displayName"}, `"updated-N"`},
		{"Entra: a member more", `{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "c"}]}`, []any{"members", 2, "value"}, `"c"`},
		{"a member that is there", `{"op": "add", "path": "members", "value": [{"value": "b", "type": "User"}]}`, []any{"members", 2}, `null`},
		{
			"Okta: one out, one in", `{"op": "remove", "path": "members[value eq \"a\"]"}, {"op": "add", "path": "members", "value": [{"value": "c", "display": "test.user@okta.local"}]}`,
			[]any{"members", 1, "display"},
			`"test.user@okta.local"`,
		},
		{"Okta: all members", `{"op": "replace", "path": "members", "value": [{"value": "x", "display": "x"}]}`, []any{"members", 1}, `null`},
		{"Entra: a member out, by value", `{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "a"}]}`, []any{"members", 0, "value"}, `"b"`},
		{"a member out, as one object", `{"op": "remove", "path": "members", "value": {"value": "a"}}`, []any{"members", 0, "value"}, `"b"`},
		{"all out", `{"op": "remove", "path": "members"}`, []any{"members"}, `null`},
		{"the last one out", `{"op": "Remove", "path": "members", "value": [{"value": "a"}, {"value": "b"}]}`, []any{"members"}, `null`},
		{"none of them out", `{"op": "remove", "path": "members[value eq \"z\"]"}`, []any{"members", 1, "value"}, `"b"`},
		{"no value of them out", `{"op": "remove", "path": "members", "value": []}`, []any{"members", 1, "value"}, `"b"`},
		{"who leads it", `{"op": "add", "path": "leads", "value": ["a@acme.example"]}`, []any{"leads"}, `["a@acme.example"]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := w.add("/Groups", fmt.Sprintf(`{"displayName": "ops-%d", "members": [{"value": "a"}, {"value": "b"}]}`, i))
			w.call(http.StatusNoContent, http.MethodPatch, "/Groups/"+id, operations(strings.ReplaceAll(c.ops, "updated", fmt.Sprint("updated-", i))))
			same(t, "what is read", at(w.call(http.StatusOK, http.MethodGet, "/Groups/"+id, ""), c.at...), strings.ReplaceAll(c.want, "-N", fmt.Sprint("-", i)))
		})
	}
}

func TestPatchRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	for _, c := range []struct {
		name, body string
		scimType   string
	}{
		{"no operations", `{"Operations": []}`, "invalidSyntax"},
		{"no object", `{"Operations": ["replace"]}`, "invalidSyntax"},
		{"no operation that is known", operations(`{"op": "move", "path": "active", "value": false}`), "invalidSyntax"},
		{"a path that is none", operations(`{"op": "replace", "path": "emails[type eq", "value": "x"}`), "invalidPath"},
		{"nothing to remove", operations(`{"op": "remove"}`), "noTarget"},
		{"nothing to set", operations(`{"op": "replace", "path": "title"}`), "invalidValue"},
		{"no object without a path", operations(`{"op": "replace", "value": "x"}`), "invalidValue"},
		{"no such value, and none can be made", operations(`{"op": "replace", "path": "emails[type sw \"h\"].value", "value": "x"}`), "noTarget"},
		{"the id", operations(`{"op": "replace", "path": "id", "value": "x"}`), "mutability"},
		{"the user name removed", operations(`{"op": "remove", "path": "userName"}`), "invalidValue"},
		{"active is neither", operations(`{"op": "replace", "path": "active", "value": "perhaps"}`), "invalidValue"},
		{"a text that is a list", operations(`{"op": "replace", "path": "title", "value": ["a", "b"]}`), "invalidValue"},
		{"a name that is a text", operations(`{"op": "replace", "path": "name", "value": "Ada"}`), "invalidValue"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := w.call(http.StatusBadRequest, http.MethodPatch, "/Users/"+id, c.body)
			if got["scimType"] != c.scimType || got["status"] != "400" {
				t.Errorf("%v, want scimType %s", got, c.scimType)
			}
		})
	}
	if v := w.member("user", id).Version; v != 1 {
		t.Errorf("what was refused made version %d", v)
	}
}
