package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/keyturn/keyturn/people/scim"
)

// TestOkta pushes a person and a group in the requests that Okta documents, from
// the first look to the departure.
func TestOkta(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	same(t, "the first look", w.call(200, "GET", `/Users?filter=userName eq "test.user@okta.local"&startIndex=1&count=100`, ""),
		`{"schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"], "totalResults": 0, "startIndex": 1, "itemsPerPage": 0, "Resources": []}`)
	pushed := `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "test.user@okta.local",
		"name": {"givenName": "Test", "familyName": "User"},
		"emails": [{"primary": true, "value": "test.user@okta.local", "type": "work"}],
		"displayName": "Test User", "locale": "en-US", "externalId": "00ujl29u0le5T6Aj10h7",
		"groups": [], "password": "1mz050nq", "active": true}`
	made := w.call(201, "POST", "/Users", pushed)
	id := made["id"].(string)
	m := w.member("user", id)
	if strings.Contains(string(m.Document), "1mz050nq") || made["password"] != nil {
		t.Errorf("the password was kept")
	}
	if m.Name != "test.user@okta.local" || m.ExternalID != "00ujl29u0le5T6Aj10h7" || m.Email != "test.user@okta.local" || !m.Active {
		t.Errorf("stored %+v", m)
	}
	if again := w.call(409, "POST", "/Users", pushed); again["scimType"] != "uniqueness" || again["status"] != "409" {
		t.Errorf("pushed again: %v", again)
	}
	found := w.call(200, "GET", `/Users?filter=userName eq "Test.User@okta.local"&startIndex=1&count=100`, "")
	if at(found, "totalResults") != 1.0 || at(found, "Resources", 0, "id") != id {
		t.Errorf("found %v", found)
	}

	// An integration made with the wizard only ever sends PUT.
	put := strings.Replace(pushed, `"givenName": "Test"`, `"givenName": "Another", "middleName": "Excited"`, 1)
	same(t, "the name", at(w.call(200, "PUT", "/Users/"+id, strings.Replace(put, `"schemas"`, `"id": "`+id+`", "schemas"`, 1)), "name"),
		`{"givenName": "Another", "middleName": "Excited", "familyName": "User"}`)

	group := w.add("/Groups", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "displayName": "Test SCIMv2", "members": []}`)
	w.call(204, "PATCH", "/Groups/"+group, operations(`{"op": "remove", "path": "members[value eq \"89bb1940-b905-4575-9e7f-6f887cfb368e\"]"},
		{"op": "add", "path": "members", "value": [{"value": "`+id+`", "display": "test.user@okta.local"}]}`))
	same(t, "the members", at(w.call(200, "GET", "/Groups/"+group+"/", ""), "members"),
		`[{"value": "`+id+`", "display": "test.user@okta.local", "$ref": "https://keyturn.example/scim/v2/staff/Users/`+id+`"}]`)
	w.call(200, "PUT", "/Groups/"+group, `{"displayName": "Test SCIMv20", "members": []}`)

	left := func() []scim.Leaver { l, _ := w.told(); return l }
	if l := left(); len(l) > 0 {
		t.Fatalf("left: %v", l)
	}
	gone := w.call(200, "PUT", "/Users/"+id, strings.Replace(put, `"active": true`, `"active": false`, 1))
	if l := left(); gone["active"] != false || len(l) != 1 || l[0].Email != "test.user@okta.local" {
		t.Errorf("inactive: %v, left: %v", gone["active"], l)
	}
	w.call(204, "DELETE", "/Groups/"+group, "")
	w.call(404, "GET", "/Groups/"+group, "")
}

// TestEntra pushes a person and a group in the requests that Entra documents.
func TestEntra(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	// The test of the connection asks for somebody who is nobody.
	for _, probe := range []string{`/Users?filter=userName eq "0f7f3c8e-4f3d-4f0a-9a6e-5f3f1c1b2a3d"`, `/Groups?excludedAttributes=members&filter=displayName eq "0f7f3c8e"`, `/Users?filter=emails[type eq "work"].value eq "x@acme.example"`} {
		if got := w.call(200, "GET", probe, ""); got["totalResults"] != 0.0 || got["Resources"] == nil {
			t.Errorf("%s: %v", probe, got)
		}
	}
	made := w.call(201, "POST", "/Users", `{
		"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
		"externalId": "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef", "userName": "Test_User_ab6490ee-1e48-479e-a20b-2d77186b5dd1", "active": true,
		"emails": [{"primary": true, "type": "work", "value": "Test_User_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"}],
		"meta": {"resourceType": "User"}, "name": {"formatted": "givenName familyName", "familyName": "familyName", "givenName": "givenName"},
		"roles": []}`)
	id := made["id"].(string)
	if m := w.member("user", id); m.Email != "test_user_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com" {
		t.Errorf("the address is %q", m.Email)
	}
	same(t, "the schemas", made["schemas"], `["urn:ietf:params:scim:schemas:core:2.0:User"]`)
	for _, find := range []string{
		`externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"`,
		`emails[type eq "work"].value eq "test_user_fd0ea19b-0777-472c-9f96-4f70d2226f2e@testuser.com"`,
		`userName eq "test_user_ab6490ee-1e48-479e-a20b-2d77186b5dd1" and active eq "True"`,
	} {
		if got := w.call(200, "GET", "/Users?filter="+find, ""); got["totalResults"] != 1.0 {
			t.Errorf("%s: %v", find, got)
		}
	}
	w.call(200, "PATCH", "/Users/"+id, operations(`
		{"op": "Replace", "path": "displayName", "value": "Pvlo"},
		{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "TestBcwqnm@test.microsoft.com"},
		{"op": "Replace", "path": "name.givenName", "value": "Gtfd"},
		{"op": "Replace", "path": "externalId", "value": "Eqpj"},
		{"op": "Replace", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:employeeNumber", "value": "Eqpj"}`))
	if m := w.member("user", id); m.Email != "testbcwqnm@test.microsoft.com" || m.ExternalID != "Eqpj" {
		t.Errorf("stored %+v", m)
	}

	group := w.add("/Groups", `{"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group", "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"],
		"externalId": "8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159", "displayName": "displayName", "meta": {"resourceType": "Group"}}`)
	w.call(204, "PATCH", "/Groups/"+group, operations(`{"op": "Add", "path": "members", "value": [{"$ref": null, "value": "`+id+`"}]}`))
	// Whether somebody is in a group is asked with a filter.
	is := `/Groups?excludedAttributes=members&filter=id eq "` + group + `" and members eq "` + id + `"`
	if got := w.call(200, "GET", is, ""); got["totalResults"] != 1.0 || at(got, "Resources", 0, "members") != nil {
		t.Errorf("asked for the member: %v", got)
	}
	w.call(204, "PATCH", "/Groups/"+group, operations(`{"op": "Remove", "path": "members", "value": [{"$ref": null, "value": "`+id+`"}]}`))
	if got := w.call(200, "GET", is, ""); got["totalResults"] != 0.0 {
		t.Errorf("asked for the member that left: %v", got)
	}

	// First the person is disabled, later deleted.
	w.call(200, "PATCH", "/Users/"+id, operations(`{"op": "Replace", "path": "active", "value": "False"}`))
	w.call(204, "DELETE", "/Users/"+id, "")
	w.call(404, "GET", "/Users/"+id, "")
	left, _ := w.told()
	if len(left) != 2 || left[0].Event != left[1].Event {
		t.Errorf("left: %+v", left)
	}
	w.call(http.StatusNotFound, "DELETE", "/Users/"+id, "")
}
