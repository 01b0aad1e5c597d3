package scim_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/scim"
)

func TestToken(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, header := range map[string]string{"none": "", "another": "Bearer guessed", "part of it": "Bearer " + token[:10], "another scheme": "Basic " + token, "nothing": "Bearer "} {
		got := w.send("GET", "/Users", "", "Authorization", header)
		if got.Code != 401 || got.Header().Get("WWW-Authenticate") != "Bearer" || !strings.Contains(got.Body.String(), `"status":"401"`) {
			t.Errorf("%s: %d %v %s", name, got.Code, got.Header(), got.Body)
		}
	}
	w.call(200, "GET", "/Users", "", "Authorization", "bearer "+token)
	if w.outcomes[scim.Denied] != 5 {
		t.Errorf("outcomes: %v", w.outcomes)
	}
	w.Token = func(context.Context) (keyturn.Secret, error) { return keyturn.Secret{}, nil }
	w.call(401, "GET", "/Users", "", "Authorization", "Bearer ")
	w.Token = func(context.Context) (keyturn.Secret, error) {
		return keyturn.Secret{}, keyturn.Errorf(keyturn.Unavailable, "vault: read", "Vault does not answer")
	}
	w.call(503, "GET", "/Users", "")
}

func TestPlaces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	for _, c := range []struct {
		status       int
		method, path string
	}{
		{404, "GET", ""},
		{404, "GET", "/"},
		{404, "GET", "/Devices"},
		{404, "GET", "/Users/unknown"},
		{404, "PUT", "/Users/unknown"},
		{404, "PATCH", "/Users/unknown"},
		{404, "DELETE", "/Users/unknown"},
		{404, "GET", "/Users/" + id + "/emails"},
		{404, "GET", "/Groups/" + id},
		{404, "GET", "/Schemas/unknown"},
		{403, "GET", `/Schemas?filter=id pr`},
		{405, "DELETE", "/Users"},
		{405, "POST", "/Users/" + id},
		{405, "POST", "/ServiceProviderConfig"},
		{405, "GET", "/Users/.search"},
		{501, "POST", "/Bulk"},
		{501, "GET", "/Me"},
		{200, "GET", "/Users/"},
		{200, "GET", "/ServiceProviderConfig"},
		{200, "GET", "/ResourceTypes"},
		{200, "GET", "/ResourceTypes/User"},
		{200, "GET", "/Schemas"},
		{200, "GET", "/Schemas/" + enterprise},
	} {
		got := w.call(c.status, c.method, c.path, operations(inactive))
		if c.status >= 400 && got["status"] != fmt.Sprint(c.status) {
			t.Errorf("%s %s: %v", c.method, c.path, got)
		}
	}
	req := httptest.NewRequest("GET", "/scim/v2/staffing/Users", nil)
	req.Header.Set("Authorization", "Bearer "+token)
	rec := httptest.NewRecorder()
	if w.handler.ServeHTTP(rec, req); rec.Code != 404 {
		t.Errorf("beside the prefix: %d", rec.Code)
	}
}

func TestBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, body, contentType string
		status                  int
		scimType                any
	}{
		{"no JSON", `{"userName": `, "", 400, "invalidSyntax"},
		{"no object", `["userName"]`, "", 400, "invalidSyntax"},
		{"null", `null`, "", 400, "invalidSyntax"},
		{"nothing", ``, "", 400, "invalidSyntax"},
		{"two", `{} {}`, "", 400, "invalidSyntax"},
		{"no name", `{"displayName": "Ada"}`, "", 400, "invalidValue"},
		{"an empty name", `{"userName": " "}`, "", 400, "invalidValue"},
		{"an extension that is a text", `{"userName": "a", "` + enterprise + `": "x"}`, "", 400, "invalidValue"},
		{"a form", `userName=ada`, "application/x-www-form-urlencoded", 415, nil},
		{"a megabyte", `{"userName": "` + strings.Repeat("a", 1<<20) + `"}`, "", 413, "tooLarge"},
		{"a megabyte of blanks behind", `{"userName": "a"}` + strings.Repeat(" ", 1<<20), "", 413, "tooLarge"},
		{"deep", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000), "", 400, "invalidSyntax"},
		{"a long name", `{"userName": "` + strings.Repeat("a", 1001) + `"}`, "", 400, "invalidValue"},
		{"plain JSON", `{"userName": "b"}`, "application/json", 201, nil},
		{"in whatever case", `{"USERNAME": "c", "Emails": [{"VALUE": "C@acme.example"}]}`, "", 201, nil},
		{"in two cases at once", `{"userName": "e", "USERNAME": "f", "Meta": {"formerly": ["x@acme.example"]}, "emails": "e@acme.example", "EMAILS": "f@acme.example"}`, "", 201, nil},
		{"under the schema's name", `{"urn:ietf:params:scim:schemas:core:2.0:User": {"userName": "d"}}`, "", 201, nil},
	} {
		header := []string{}
		if c.contentType != "" {
			header = []string{"Content-Type", c.contentType}
		}
		if got := w.call(c.status, "POST", "/Users", c.body, header...); got["scimType"] != c.scimType {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	found := w.call(200, "GET", `/Users?filter=emails eq "c@acme.example"`, "")
	twice := w.call(200, "GET", `/Users?filter=userName eq "e"`, "")
	if u := at(twice, "Resources", 0).(map[string]any); len(u) != 5 || u["Meta"] != nil {
		t.Errorf("in two cases at once: %v", u)
	}
	same(t, "the address", at(found, "Resources", 0, "emails"), `[{"value": "C@acme.example"}]`)
}

func TestETags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	rec := w.send("POST", "/Users", ada)
	tag, location := rec.Header().Get("ETag"), rec.Header().Get("Location")
	id := location[strings.LastIndex(location, "/")+1:]
	if tag != `W/"1"` || location != "https://keyturn.example/scim/v2/staff/Users/"+id {
		t.Fatalf("tag %s, location %s", tag, location)
	}
	if got := w.send("GET", "/Users/"+id, "", "If-None-Match", tag); got.Code != 304 || got.Body.Len() > 0 || got.Header().Get("ETag") != tag {
		t.Errorf("unchanged: %d %s", got.Code, got.Body)
	}
	w.call(200, "PATCH", "/Users/"+id, operations(`{"op": "add", "path": "title", "value": "Boss"}`), "If-Match", tag)
	w.call(412, "PATCH", "/Users/"+id, operations(inactive), "If-Match", tag)
	w.call(412, "PUT", "/Users/"+id, ada, "If-Match", tag)
	w.call(412, "DELETE", "/Users/"+id, "", "If-Match", tag)
	if left, _ := w.told(); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
	got := w.call(200, "GET", "/Users/"+id, "", "If-None-Match", tag)
	if at(got, "meta", "version") != `W/"2"` {
		t.Errorf("%v", got["meta"])
	}
	w.call(200, "PATCH", "/Users/"+id, operations(`{"op": "add", "path": "title", "value": "Boss"}`), "If-Match", `W/"1", W/"2"`)
	if m := w.member("user", id); m.Version != 2 {
		t.Errorf("a write that changes nothing made version %d", m.Version)
	}
	w.call(200, "PATCH", "/Users/"+id, operations(inactive), "If-Match", "*")
}

func TestClash(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add("/Users", ada)
	other := w.add("/Users", strings.ReplaceAll(ada, "ada@", "bob@"))
	for _, ops := range []string{`{"op": "replace", "path": "userName", "value": "ADA@acme.example"}`} {
		if got := w.call(409, "PATCH", "/Users/"+other, operations(ops)); got["scimType"] != "uniqueness" {
			t.Errorf("%v", got)
		}
	}
	w.add("/Groups", `{"displayName": "ada@acme.example"}`) // a group is no user
	w.call(409, "POST", "/Groups", `{"displayName": "ADA@acme.example"}`)
	if w.outcomes[scim.Clashed] != 2 {
		t.Errorf("outcomes: %v", w.outcomes)
	}
}

func TestAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", strings.Replace(ada, `"externalId"`, `"`+enterprise+`": {"department": "Ops", "manager": {"value": "m"}}, "externalId"`, 1))
	get := func(query string) map[string]any {
		return w.call(200, "GET", "/Users/"+id+"?"+query, "")
	}
	always := `"id": "` + id + `", "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "` + enterprise + `"]`
	same(t, "one", get("attributes=userName"), `{`+always+`, "userName": "ada@acme.example"}`)
	same(t, "parts", get("attributes=name.givenName,emails.value,emails.type"), `{`+always+`, "name": {"givenName": "Ada"}, "emails": [{"value": "Ada@acme.example", "type": "work"}]}`)
	same(t, "by whole names", get("attributes=urn:ietf:params:scim:schemas:core:2.0:User:USERNAME,"+enterprise+":department"),
		`{`+always+`, "userName": "ada@acme.example", "`+enterprise+`": {"department": "Ops"}}`)
	same(t, "with a condition", get(`attributes=emails[type eq "work"]`), `{`+always+`, "emails": [{"value": "Ada@acme.example", "type": "work", "primary": true}]}`)
	same(t, "an extension", get("attributes=" + enterprise)[enterprise], `{"department": "Ops", "manager": {"value": "m"}}`)
	same(t, "unknown ones", get("attributes=nothing"), `{`+always+`}`)
	got := get("excludedAttributes=emails,name.familyName,id,meta," + enterprise + ":manager")
	delete(got, "schemas")
	same(t, "but some", got, `{"id": "`+id+`", "userName": "ada@acme.example", "externalId": "00u1", "active": true, "name": {"givenName": "Ada"}, "`+enterprise+`": {"department": "Ops"}}`)
	same(t, "after a write", w.call(200, "PATCH", "/Users/"+id+"?attributes=active", operations(inactive)), `{`+always+`, "active": false}`)
	many := ""
	for i := range 101 {
		many += fmt.Sprintf("a%d,", i)
	}
	w.call(400, "GET", "/Users?attributes="+many, "")
}

func TestPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 205 {
		w.add("/Users", fmt.Sprintf(`{"userName": "u%03d@acme.example"}`, i))
	}
	seen := map[any]bool{}
	for _, c := range []struct {
		query             string
		first, start, has float64
	}{
		{"", 1, 1, 100},
		{"?startIndex=101&count=100", 101, 101, 100},
		{"?startIndex=201&count=100", 201, 201, 5},
		{"?count=1000", 1, 1, 200},
		{"?count=0", 1, 1, 0},
		{"?count=-3", 1, 1, 0},
		{"?startIndex=-1&count=2", 1, 1, 2},
		{"?startIndex=900", 1, 900, 0},
		{"?filter=userName pr&startIndex=204", 1, 204, 2},
	} {
		got := w.call(200, "GET", "/Users"+c.query, "")
		list := got["Resources"].([]any)
		if got["totalResults"] != 205.0 || got["startIndex"] != c.start || got["itemsPerPage"] != c.has || float64(len(list)) != c.has {
			t.Errorf("%s: %v of %v from %v, %d listed", c.query, got["itemsPerPage"], got["totalResults"], got["startIndex"], len(list))
		}
		if strings.HasPrefix(c.query, "?startIndex=1") || strings.HasPrefix(c.query, "?startIndex=201") || c.query == "" {
			for _, u := range list {
				seen[at(u, "id")] = true
			}
		}
	}
	if len(seen) != 205 {
		t.Errorf("the pages list %d users", len(seen))
	}
	w.call(400, "GET", "/Users?count=many", "")
}

func TestSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	w.add("/Groups", `{"displayName": "ops", "externalId": "00u1"}`)
	body := `{"schemas": ["urn:ietf:params:scim:api:messages:2.0:SearchRequest"], "attributes": ["userName"], "filter": "externalId eq \"00u1\"", "startIndex": 1, "count": 10}`
	got := w.call(http.StatusOK, "POST", "/Users/.search", body)
	if got["totalResults"] != 1.0 || at(got, "Resources", 0, "id") != id || at(got, "Resources", 0, "emails") != nil {
		t.Errorf("%v", got)
	}
	if got := w.call(200, "POST", "/.search", body); got["totalResults"] != 2.0 {
		t.Errorf("of both kinds: %v", got)
	}
	w.call(400, "POST", "/.search", `{"filter": "x"}`)
	if w.outcomes[scim.Read] != 2 || w.outcomes[scim.Refused] != 1 {
		t.Errorf("outcomes: %v", w.outcomes)
	}
}
