package okta_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/okta/oktafake"
)

// TestPersonByEachAddress finds a person by login, email and secondary email, in
// whatever case, in as few requests as that takes.
func TestPersonByEachAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("Ann+ops@acme.example", "email", "Ann.Lee@acme.example", "secondEmail", "ann@home.example", "manager", "Bob@acme.example")
	w.add("bob@acme.example")
	want := people.Person{
		ID: id, Email: "ann.lee@acme.example", Aliases: []string{"ann+ops@acme.example", "ann@home.example"},
		Name: "Ann Lee", Manager: "bob@acme.example", Active: true,
	}
	for _, c := range []struct {
		email string
		asked int
	}{
		{"ann+ops@acme.example", 1}, {" ANN+OPS@acme.example ", 1}, {"ann.LEE@acme.example", 3}, {"Ann@Home.example", 3},
	} {
		w.requests()
		got, err := w.Person(t.Context(), c.email)
		if err != nil || !cmp.Equal(got, want) {
			t.Errorf("Person(%q): %v, %s", c.email, err, cmp.Diff(want, got))
		}
		if asked := w.requests(); len(asked) != c.asked {
			t.Errorf("Person(%q) asked %q, want %d requests", c.email, asked, c.asked)
		}
	}
	if got, err := w.PersonByID(t.Context(), id); err != nil || !cmp.Equal(got, want) {
		t.Errorf("PersonByID: %v, %s", err, cmp.Diff(want, got))
	}
}

// TestUnknownPersons asks for what names nobody, or names somebody in a way that
// is not an address or an id.
func TestUnknownPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	w.add("isaac.brock@acme.example")
	for _, email := range []string{
		"", "@", "isaac.brock", "isáac.bröck@acme.example", "eve@acme.example", "isaac.brock@acme.example@acme.example",
		"isaac.brock@acme.example or", "eve\" or \"@acme.example", `eve@acme.example\`, "../isaac.brock@acme.example", strings.Repeat("a", 250) + "@acme.example",
	} {
		_, err := w.Person(t.Context(), email)
		wantKind(t, "Person("+email+")", err, keyturn.NotFound)
	}
	for _, id := range []string{"", "me", "isaac.brock", "00unobody", "isaac.brock@acme.example", "../groups", "."} {
		_, err := w.PersonByID(t.Context(), id)
		wantKind(t, "PersonByID("+id+")", err, keyturn.NotFound)
	}
}

// TestNothingIsAsked checks that what cannot be an address or an id goes nowhere.
func TestNothingIsAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	for _, email := range []string{"", "ann", "@acme.example", "ann@", "ann@acme.example@acme.example", "an n@acme.example", "ann@acme\x7f.example", strings.Repeat("a", 250) + "@acme.example"} {
		_, err := w.Person(t.Context(), email)
		wantKind(t, "Person("+email+")", err, keyturn.NotFound)
	}
	for _, id := range []string{"", "../groups", "ann@acme.example"} {
		_, err := w.PersonByID(t.Context(), id)
		wantKind(t, "PersonByID("+id+")", err, keyturn.NotFound)
	}
	if asked := w.requests(); asked != nil {
		t.Errorf("asked %q", asked)
	}
}

// TestLoginWithSlash finds a login that Okta finds by no path, whoever else has
// it as another address.
func TestLoginWithSlash(t *testing.T) {
	t.Parallel()
	const x = "acme/ann@acme.example"
	for _, status := range []string{"ACTIVE", "DEPROVISIONED"} {
		w := newWorld(t, oktafake.Options{})
		id := w.org.Add(oktafake.User{Status: status, Profile: profile(x, "email", "ann@acme.example")})
		if status == "ACTIVE" {
			w.add("bob@acme.example", "email", x)
		}
		w.add("cay@acme.example", "secondEmail", x)
		if got, err := w.Person(t.Context(), x); err != nil || got.ID != id {
			t.Errorf("%s: Person = %q, %v, want %q", status, got.ID, err, id)
		}
		if asked := w.requests(); strings.Contains(asked[0], "users/") {
			t.Errorf("it asked %s", asked[0])
		}
	}
}

// TestStatuses tells who is here from who left.
func TestStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("ann@acme.example")
	for status, active := range map[string]bool{
		"ACTIVE": true, "PROVISIONED": true, "STAGED": true, "RECOVERY": true, "PASSWORD_EXPIRED": true, "LOCKED_OUT": true,
		"SUSPENDED": false, "DEPROVISIONED": false, "SOMETHING_NEW": true,
	} {
		w.org.Set(id, status)
		byEmail, err := w.Person(t.Context(), "ann@acme.example")
		if err != nil || byEmail.Active != active {
			t.Errorf("%s by email: active %t, %v, want %t", status, byEmail.Active, err, active)
		}
		byID, err := w.PersonByID(t.Context(), id)
		if err != nil || byID.Active != active {
			t.Errorf("%s by id: active %t, %v, want %t", status, byID.Active, err, active)
		}
	}
	w.org.Set(id, "ACTIVE")
	for next, active := range map[string]bool{"DEPROVISIONED": false, "PROVISIONED": true} {
		w.org.Turning(id, next)
		if got, err := w.PersonByID(t.Context(), id); err != nil || got.Active != active {
			t.Errorf("on the way to %s: active %t, %v, want %t", next, got.Active, err, active)
		}
	}
}

// TestSharedAddresses checks whose an address is that several people have.
func TestSharedAddresses(t *testing.T) {
	t.Parallel()
	const x = "x@acme.example"
	gone := func(login string, more ...string) oktafake.User {
		return oktafake.User{Status: "DEPROVISIONED", Profile: profile(login, more...)}
	}
	here := func(login string, more ...string) oktafake.User {
		return oktafake.User{Profile: profile(login, more...)}
	}
	for name, c := range map[string]struct {
		users []oktafake.User // want is the first
		kind  keyturn.Kind
	}{
		"came back under another login":     {[]oktafake.User{here("y@acme.example", "email", x), gone(x)}, ""},
		"came back, with neither as login":  {[]oktafake.User{here("y@acme.example", "email", x), gone("z@acme.example", "email", x)}, ""},
		"login before email":                {[]oktafake.User{here(x), here("y@acme.example", "email", x)}, ""},
		"email before secondary":            {[]oktafake.User{here("y@acme.example", "email", x), here("z@acme.example", "secondEmail", x)}, ""},
		"a leaver's login before secondary": {[]oktafake.User{gone(x), here("y@acme.example", "secondEmail", x)}, ""},
		"two accounts of one leaver":        {[]oktafake.User{gone(x), gone("y@acme.example", "email", x)}, ""},
		"one has it as secondary":           {[]oktafake.User{here("y@acme.example", "secondEmail", x)}, ""},
		"two have it as secondary":          {[]oktafake.User{here("y@acme.example", "secondEmail", x), gone("z@acme.example", "secondEmail", x)}, keyturn.NotFound},
		"two are here with it":              {[]oktafake.User{here("y@acme.example", "email", x), here("z@acme.example", "email", x)}, keyturn.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, turned := range []bool{false, true} { // the order in which Okta has them
				w := newWorld(t, oktafake.Options{PageSize: 1})
				ids := make([]string, len(c.users))
				for i := range c.users {
					if turned {
						i = len(c.users) - 1 - i
					}
					ids[i] = w.org.Add(c.users[i])
				}
				got, err := w.Person(t.Context(), x)
				wantKind(t, "Person", err, c.kind)
				if err == nil && got.ID != ids[0] {
					t.Errorf("turned %t: it is the user %v", turned, got)
				}
			}
		})
	}
}

// TestOldSearch checks that what a search found is not believed where it is
// older than the person.
func TestOldSearch(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	left, renamed, deleted := w.add("a", "email", "ann@acme.example"), w.add("b", "email", "bob@acme.example"), w.add("c", "email", "cay@acme.example")
	w.org.Freeze()
	w.org.Set(left, "SUSPENDED")
	w.org.SetProfile(renamed, "email", "rob@acme.example")
	w.org.Delete(deleted)
	if got, err := w.Person(t.Context(), "ann@acme.example"); err != nil || got.Active {
		t.Errorf("who was suspended is active %t, %v", got.Active, err)
	}
	for _, email := range []string{"bob@acme.example", "cay@acme.example"} {
		_, err := w.Person(t.Context(), email)
		wantKind(t, email, err, keyturn.NotFound)
	}
}

// TestOldSearchOfALogin checks that somebody who left since does not hide who has
// the address now.
func TestOldSearchOfALogin(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	left, here := w.add("x@acme.example"), w.add("y@acme.example", "email", "x@acme.example")
	w.org.Freeze()
	w.org.Set(left, "DEPROVISIONED")
	if got, err := w.Person(t.Context(), "x@acme.example"); err != nil || got.ID != here {
		t.Errorf("Person = %+v, %v, want who is here", got, err)
	}
}

// TestManager resolves whom a profile names as manager.
func TestManager(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	boss := w.add("boss@acme.example")
	hidden := w.add("hidden@acme.example")
	w.faults.Set(refusing("/api/v1/users/"+hidden, 403))
	for managerID, want := range map[string]string{
		"": "", boss: "boss@acme.example", "Boss@acme.example": "boss@acme.example", "boss": "", "00unobody": "", "me": "",
		"CN=Boss,OU=Staff": "", hidden: "",
	} {
		id := w.add("ann@acme.example", "manager", "The Boss", "managerId", managerID)
		w.requests()
		if got, err := w.PersonByID(t.Context(), id); err != nil || got.Manager != want {
			t.Errorf("managerId %q: manager %q, %v, want %q", managerID, got.Manager, err, want)
		}
		if asked := len(w.requests()); asked > 1 && strings.ContainsAny(managerID, "@,") {
			t.Errorf("managerId %q is asked about", managerID)
		}
		w.org.Delete(id)
	}
	id := w.add("ann@acme.example", "managerId", boss)
	w.faults.Set(refusing("/api/v1/users/"+boss, 503))
	_, err := w.PersonByID(t.Context(), id)
	wantKind(t, "PersonByID while the manager cannot be read", err, keyturn.Unavailable)
}

// TestPersonWithoutAddress reads somebody who has none.
func TestPersonWithoutAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t, oktafake.Options{})
	id := w.add("kiosk", "email", "", "displayName", "Kiosk 7")
	want := people.Person{ID: id, Name: "Kiosk 7", Active: true}
	if got, err := w.PersonByID(t.Context(), id); err != nil || !cmp.Equal(got, want) {
		t.Errorf("PersonByID: %v, %s", err, cmp.Diff(want, got))
	}
}
