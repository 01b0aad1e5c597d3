package registrytest

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// member is a user with every field set, as it is stored first.
func member(id, name string) registry.Member {
	return registry.Member{
		Directory: "okta", Kind: registry.UserMember, ID: id, Name: name, ExternalID: "00u" + id, Email: "alice@example.com",
		Active: true, Document: json.RawMessage(`{"b": 1,  "a": "kept as it came"}`), Version: 1, Created: start(), Changed: start(),
	}
}

func mustAddMember(t *testing.T, s registry.Store, m registry.Member) registry.Member {
	t.Helper()
	stored, err := s.AddMember(t.Context(), m)
	if err != nil {
		t.Fatalf("AddMember %s: %v", m.ID, err)
	}
	return stored
}

func wantMember(t *testing.T, s registry.Store, what string, want registry.Member) {
	t.Helper()
	got, err := s.Member(t.Context(), want.Directory, want.Kind, want.ID)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	diff(t, what, got, want)
}

// membersLive follows one from the first to the last.
func membersLive(t *testing.T, s registry.Store) {
	m := member("1", "Alice")
	m.Version, m.Created = 7, time.Time{} // neither is for the caller to say
	m.Changed = m.Changed.Add(123456789).In(time.FixedZone("", 3600))
	want := member("1", "Alice")
	want.Created = start().Add(123456 * time.Microsecond)
	want.Changed = want.Created
	diff(t, "as added", mustAddMember(t, s, m), want)
	wantMember(t, s, "as stored", want)

	next := registry.Member{
		Directory: "okta", Kind: registry.UserMember, ID: "1", Name: "ALICE", Document: json.RawMessage(`{}`), Version: 1, Changed: start().Add(time.Hour),
	}
	want = next
	want.Version, want.Created = 2, start().Add(123456*time.Microsecond)
	saved, err := s.SaveMember(t.Context(), next)
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "as saved", saved, want)
	_, err = s.SaveMember(t.Context(), next)
	wantKind(t, err, keyturn.Conflict)
	wantMember(t, s, "after a save of a stale version", want)

	wantKind(t, s.RemoveMember(t.Context(), "okta", registry.UserMember, "1", 1), keyturn.Conflict)
	wantKind(t, s.RemoveMember(t.Context(), "okta", registry.UserMember, "1", 1<<40), keyturn.Conflict)
	wantKind(t, s.RemoveMember(t.Context(), "okta", registry.GroupMember, "1", 0), keyturn.NotFound)
	wantMember(t, s, "after removals that were refused", want)
	if err := s.RemoveMember(t.Context(), "okta", registry.UserMember, "1", 2); err != nil {
		t.Fatal(err)
	}
	_, err = s.Member(t.Context(), "okta", registry.UserMember, "1")
	wantKind(t, err, keyturn.NotFound)
	wantKind(t, s.RemoveMember(t.Context(), "okta", registry.UserMember, "1", 2), keyturn.NotFound)
	_, err = s.SaveMember(t.Context(), saved)
	wantKind(t, err, keyturn.NotFound)
	mustAddMember(t, s, member("2", "alice")) // its name is free again
	if err := s.RemoveMember(t.Context(), "okta", registry.UserMember, "2", 0); err != nil {
		t.Errorf("RemoveMember of whatever version: %v", err)
	}
}

// memberNames are of one member of a directory and kind each, in whatever case.
func memberNames(t *testing.T, s registry.Store) {
	mustAddMember(t, s, member("1", "Éva"))
	bob := mustAddMember(t, s, member("2", "bob"))
	_, err := s.AddMember(t.Context(), member("3", "éVA"))
	wantKind(t, err, keyturn.Conflict)
	_, err = s.AddMember(t.Context(), member("1", "carol"))
	wantKind(t, err, keyturn.Conflict)
	stolen := bob
	stolen.Name = "ÉVA"
	_, err = s.SaveMember(t.Context(), stolen)
	wantKind(t, err, keyturn.Conflict)
	wantMember(t, s, "after a save under the name of another", bob)

	elsewhere, group := member("1", "éva"), member("1", "éva")
	elsewhere.Directory, group.Kind = "entra", registry.GroupMember
	mustAddMember(t, s, elsewhere)
	mustAddMember(t, s, group)
	wantMember(t, s, "of another directory", elsewhere)
	wantMember(t, s, "of another kind", group)
}

// membersAtOnce: of many of one name one is added, and of many saves of one
// version one is made.
func membersAtOnce(t *testing.T, s registry.Store) {
	const n = 8
	one := mustAddMember(t, s, member("one", "one"))
	var added, saved atomic.Int32
	count := func(won *atomic.Int32, err error) {
		if err == nil {
			won.Add(1)
		} else if keyturn.KindOf(err) != keyturn.Conflict {
			t.Errorf("error is %v, want success or a conflict", err)
		}
	}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := s.AddMember(t.Context(), member(string(rune('a'+i)), []string{"Raced", "raced"}[i%2]))
			count(&added, err)
			_, err = s.SaveMember(t.Context(), one)
			count(&saved, err)
		})
	}
	wg.Wait()
	if added.Load() != 1 || saved.Load() != 1 {
		t.Errorf("%d were added and %d were saved, want one of each", added.Load(), saved.Load())
	}
}

// badMembers are refused, and leave nothing.
func badMembers(t *testing.T, s registry.Store) {
	good := mustAddMember(t, s, member("good", "good"))
	for name, spoil := range map[string]func(*registry.Member){
		"no directory":  func(m *registry.Member) { m.Directory = "" },
		"no kind":       func(m *registry.Member) { m.Kind = "" },
		"no such kind":  func(m *registry.Member) { m.Kind = "robot" },
		"no id":         func(m *registry.Member) { m.ID = "" },
		"no name":       func(m *registry.Member) { m.Name = "" },
		"no document":   func(m *registry.Member) { m.Document = nil },
		"not JSON":      func(m *registry.Member) { m.Document = json.RawMessage("{") },
		"never changed": func(m *registry.Member) { m.Changed = time.Time{} },
		"NUL":           func(m *registry.Member) { m.ExternalID = "nu\x00l" },
		"not UTF-8":     func(m *registry.Member) { m.Email = "caf\xe9" },
	} {
		bad := member("bad", "bad")
		spoil(&bad)
		_, err := s.AddMember(t.Context(), bad)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
		bad = good
		spoil(&bad)
		_, err = s.SaveMember(t.Context(), bad)
		wantKind(t, err, keyturn.Invalid)
	}
	wantMember(t, s, "after saves that were refused", good)
	diff(t, "who is there", memberIDs(t, s, registry.MemberFilter{Directory: "okta", Kind: registry.UserMember}), []string{"good"})
}
