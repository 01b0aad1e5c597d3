package roster_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// world is a directory in a real registry.
type world struct {
	*roster.Directory
	t testing.TB
}

func newWorld(t testing.TB) world {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "registry.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return world{&roster.Directory{Name: "staff", Roster: store}, t}
}

func (w world) add(m registry.Member, document any) {
	w.t.Helper()
	var err error
	if m.Document, err = json.Marshal(document); err != nil {
		w.t.Fatal(err)
	}
	if m.Directory == "" {
		m.Directory = "staff"
	}
	m.Changed = time.Now()
	if _, err := w.Roster.AddMember(w.t.Context(), m); err != nil {
		w.t.Fatal(err)
	}
}

func (w world) user(id, email string, active bool, u roster.User) {
	w.t.Helper()
	if u.UserName == "" {
		u.UserName = id
	}
	w.add(registry.Member{Kind: registry.UserMember, ID: id, Name: u.UserName, ExternalID: "ext-" + id, Email: email, Active: active}, u)
}

// staff is ada, who leads ops, bob, who left, and carl, who has many names.
func (w world) staff() {
	w.t.Helper()
	manager := func(who string) *roster.Enterprise {
		return &roster.Enterprise{Manager: &roster.Reference{Value: who}}
	}
	w.user("a", "ada@acme.example", true, roster.User{DisplayName: "Ada", Enterprise: manager("Chief@Acme.example")})
	w.user("b", "bob@acme.example", false, roster.User{Name: roster.Name{GivenName: "Bob", FamilyName: "B"}, Enterprise: manager("a")})
	carl := roster.User{UserName: "Carl@corp.example", Enterprise: manager("ext-a"), Emails: []roster.Email{
		{Value: "carl@acme.example", Primary: true}, {Value: "C.Arl@acme.example"}, {Value: "bob@acme.example"},
	}}
	carl.Meta.Formerly = []string{"charles@acme.example"}
	w.user("c", "carl@acme.example", true, carl)
	w.add(registry.Member{Kind: registry.GroupMember, ID: "g", Name: "Ops", Active: true}, roster.Group{
		DisplayName: "Ops", Leads: []string{"Ada@acme.example", "chief@acme.example", "ada@acme.example"},
		Members: []roster.Reference{{Value: "c"}, {Value: "b"}, {Value: "gone"}, {Value: "a", Type: "User"}, {Value: "g", Type: "Group"}, {Value: "c"}, {Value: "ADA@acme.example"}},
	})
	w.add(registry.Member{Directory: "another", Kind: registry.UserMember, ID: "z", Name: "zoe", Email: "zoe@acme.example", Active: true}, roster.User{UserName: "zoe"})
}

var (
	ada  = people.Person{ID: "a", Email: "ada@acme.example", Name: "Ada", Manager: "chief@acme.example", Active: true}
	bob  = people.Person{ID: "b", Email: "bob@acme.example", Name: "Bob B", Manager: "ada@acme.example"}
	carl = people.Person{
		ID: "c", Email: "carl@acme.example", Name: "Carl@corp.example", Manager: "ada@acme.example", Active: true,
		Aliases: []string{"c.arl@acme.example", "bob@acme.example", "carl@corp.example", "charles@acme.example"},
	}
)

func TestPerson(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.staff()
	for email, want := range map[string]people.Person{
		" ADA@acme.example":    ada,
		"bob@acme.example":     bob, // the main address comes before an alias
		"carl@acme.example":    carl,
		"C.Arl@acme.example":   carl,
		"carl@corp.example":    carl,
		"charles@acme.example": carl,
	} {
		got, err := w.Person(t.Context(), email)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", email, err, diff)
		}
	}
	for _, id := range []string{"b", "ext-b"} {
		got, err := w.PersonByID(t.Context(), id)
		if diff := cmp.Diff(bob, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", id, err, diff)
		}
	}
	for _, nobody := range []string{"", "b", "dan@acme.example", "zoe@acme.example"} {
		if got, err := w.Person(t.Context(), nobody); keyturn.KindOf(err) != keyturn.NotFound {
			t.Errorf("%q: %v, %v", nobody, got, err)
		}
	}
	for _, nobody := range []string{"", "z", "ext", "ada@acme.example"} {
		if got, err := w.PersonByID(t.Context(), nobody); keyturn.KindOf(err) != keyturn.NotFound {
			t.Errorf("id %q: %v, %v", nobody, got, err)
		}
	}
}

// TestActiveFirst has one address twice: of somebody who left, and of who got it
// then.
func TestActiveFirst(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.user("a", "ada@acme.example", false, roster.User{})
	w.user("b", "ada@acme.example", true, roster.User{})
	w.user("c", "ada@acme.example", false, roster.User{})
	if got, err := w.Person(t.Context(), "ada@acme.example"); err != nil || got.ID != "b" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestEveryone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.staff()
	var got []people.Person
	for p, err := range w.Everyone(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if diff := cmp.Diff([]people.Person{ada, bob, carl}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for range w.Everyone(t.Context()) {
		break // stopping early is fine
	}
}

func TestTeam(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.staff()
	got, err := w.Team(t.Context(), "ops")
	want := people.Team{Name: "Ops", Leads: []string{"ada@acme.example", "chief@acme.example"}, Members: []string{"carl@acme.example", "ada@acme.example"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := w.Team(t.Context(), "sales"); keyturn.KindOf(err) != keyturn.NotFound {
		t.Errorf("no such team: %v", err)
	}
	if _, err := w.Team(t.Context(), ""); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("no name: %v", err)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(registry.Member{Directory: "another", Kind: registry.UserMember, ID: "z", Name: "zoe", Active: true}, roster.User{UserName: "zoe"})
	if err := w.Check(t.Context()); keyturn.KindOf(err) != keyturn.NotYet {
		t.Errorf("empty: %v", err)
	}
	w.user("a", "ada@acme.example", true, roster.User{})
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestUnreadable has a document that is none: an error, and nobody is missed.
func TestUnreadable(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(registry.Member{Kind: registry.UserMember, ID: "a", Name: "ada", Email: "ada@acme.example", Active: true}, map[string]any{"emails": "ada"})
	w.add(registry.Member{Kind: registry.GroupMember, ID: "g", Name: "ops", Active: true}, map[string]any{"leads": "ada"})
	if _, err := w.Person(t.Context(), "ada@acme.example"); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("person: %v", err)
	}
	if _, err := w.Team(t.Context(), "ops"); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("team: %v", err)
	}
	n := 0
	for _, err := range w.Everyone(t.Context()) {
		if n++; keyturn.KindOf(err) != keyturn.Invalid {
			t.Errorf("everyone: %v", err)
		}
	}
	if n != 1 {
		t.Errorf("%d yielded", n)
	}
}

func BenchmarkAlias(b *testing.B) {
	w := newWorld(b)
	for i := range 1000 {
		w.user(fmt.Sprintf("u%04d", i), fmt.Sprintf("u%d@acme.example", i), true, roster.User{Emails: []roster.Email{{Value: fmt.Sprintf("alias%d@acme.example", i)}}})
	}
	for b.Loop() {
		if _, err := w.Person(b.Context(), "alias999@acme.example"); err != nil {
			b.Fatal(err)
		}
	}
}
