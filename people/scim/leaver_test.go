package scim_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn/people/scim"
)

const (
	inactive = `{"op": "replace", "path": "active", "value": false}`
	active   = `{"op": "replace", "path": "active", "value": true}`
)

// TestLeft is a departure whose news does not get through at first.
func TestLeft(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	w.fail(true)
	got := w.send("PATCH", "/Users/"+id, operations(inactive))
	if got.Code != http.StatusServiceUnavailable || got.Header().Get("Retry-After") == "" {
		t.Fatalf("%d %v", got.Code, got.Header())
	}
	// The directory says so already: whoever is told asks it.
	if w.member("user", id).Active {
		t.Error("the user is still active")
	}
	w.fail(false)
	w.call(200, "PATCH", "/Users/"+id, operations(inactive))
	w.call(200, "PUT", "/Users/"+id, strings.Replace(ada, `"active": true`, `"active": "False"`, 1))
	w.call(200, "PATCH", "/Users/"+id, operations(`{"op": "replace", "path": "title", "value": "gone"}`))
	left, back := w.told()
	want := scim.Leaver{Email: "ada@acme.example", Event: id + "/2", Reason: "deactivated at the identity provider"}
	if diff := cmp.Diff([]scim.Leaver{want, want, want, want}, left, cmpopts.EquateEmpty()); diff != "" || len(back) > 0 {
		t.Errorf("back: %v, left (-want +got):\n%s", back, diff)
	}
	if at(w.call(200, "GET", "/Users/"+id, ""), "meta", "left") != nil {
		t.Error("the marks are shown")
	}
	same(t, "outcomes", map[string]any{"failed": float64(w.outcomes[scim.Failed]), "written": float64(w.outcomes[scim.Written]), "read": float64(w.outcomes[scim.Read])},
		`{"failed": 1, "written": 4, "read": 1}`)
}

// TestBack is somebody who comes back and leaves again.
func TestBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	w.call(200, "PATCH", "/Users/"+id, operations(inactive))
	first, _ := w.told()
	w.fail(true)
	if got := w.send("PATCH", "/Users/"+id, operations(active)); got.Code != http.StatusServiceUnavailable {
		t.Fatalf("%d", got.Code)
	}
	w.fail(false)
	w.call(200, "PATCH", "/Users/"+id, operations(active))
	w.call(200, "PATCH", "/Users/"+id, operations(active)) // nothing to tell any more
	left, back := w.told()
	if diff := cmp.Diff([]string{"ada@acme.example", "ada@acme.example"}, back); diff != "" || len(left) > 0 {
		t.Errorf("left: %v, back (-want +got):\n%s", left, diff)
	}
	w.call(200, "PATCH", "/Users/"+id, operations(inactive))
	second, _ := w.told()
	if len(first) != 1 || len(second) != 1 || first[0].Event == second[0].Event {
		t.Errorf("the departures are %+v and %+v", first, second)
	}
}

// TestLeftOut sends a user without active: nobody comes back by that.
func TestLeftOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	w.call(200, "PATCH", "/Users/"+id, operations(inactive))
	got := w.call(200, "PUT", "/Users/"+id, strings.Replace(ada, `"active": true,`, ``, 1))
	if _, back := w.told(); got["active"] != false || len(back) > 0 {
		t.Errorf("active is %v, back: %v", got["active"], back)
	}
}

// TestRenamed deactivates and renames in one write, and asks for it again.
func TestRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	ops := operations(`{"op": "Replace", "path": "userName", "value": "0f7fada@acme.example"}, {"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "x@acme.example"}, {"op": "Replace", "path": "active", "value": "False"}`)
	w.call(200, "PATCH", "/Users/"+id, ops)
	w.call(200, "PATCH", "/Users/"+id, ops)
	left, _ := w.told()
	want := scim.Leaver{Email: "ada@acme.example", Aliases: []string{"x@acme.example", "0f7fada@acme.example"}, Event: id + "/2", Reason: "deactivated at the identity provider"}
	if diff := cmp.Diff([]scim.Leaver{want, want}, left, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
}

// TestDeleted removes a user only after the departure was told.
func TestDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", ada)
	w.fail(true)
	if got := w.send("DELETE", "/Users/"+id, ""); got.Code != http.StatusServiceUnavailable {
		t.Fatalf("%d", got.Code)
	}
	if w.member("user", id).Active {
		t.Error("the user is still active")
	}
	w.fail(false)
	w.call(204, "DELETE", "/Users/"+id, "")
	left, _ := w.told()
	want := scim.Leaver{Email: "ada@acme.example", Event: id + "/2", Reason: "deleted at the identity provider"}
	if diff := cmp.Diff([]scim.Leaver{want, want}, left, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	w.add("/Users", ada) // the name is free again
}

// TestCreatedInactive pushes somebody who left before.
func TestCreatedInactive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := strings.Replace(ada, `"active": true`, `"active": false`, 1)
	w.fail(true)
	if got := w.send("POST", "/Users", gone); got.Code != http.StatusServiceUnavailable {
		t.Fatalf("%d", got.Code)
	}
	w.fail(false)
	id := w.add("/Users", gone) // sent again, it clashes with nothing
	left, _ := w.told()
	if len(left) != 2 || left[1].Event != id+"/1" {
		t.Errorf("left: %+v", left)
	}
}

// TestNoAddress deactivates somebody of whom nobody knows an address.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Users", `{"userName": "robot"}`)
	w.call(200, "PATCH", "/Users/"+id, operations(inactive))
	w.call(200, "PATCH", "/Users/"+id, operations(active))
	if left, back := w.told(); len(left)+len(back) > 0 {
		t.Errorf("left: %v, back: %v", left, back)
	}
}

// TestAtOnce pushes many changes of one group at the same time: none is lost.
func TestAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.add("/Groups", `{"displayName": "ops"}`)
	var all sync.WaitGroup
	for _, m := range []string{"a", "b", "c"} {
		all.Go(func() {
			w.send("PATCH", "/Groups/"+id, operations(`{"op": "Add", "path": "members", "value": [{"value": "`+m+`"}]}`))
		})
	}
	all.Wait()
	if got := at(w.call(200, "GET", "/Groups/"+id, ""), "members").([]any); len(got) != 3 {
		t.Errorf("members: %v", got)
	}
}
