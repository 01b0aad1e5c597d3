package identitycenter_test

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/identitycenter"
	"github.com/keyturn/keyturn/people/identitycenter/identitycenterfake"
	"github.com/keyturn/keyturn/people/peopletest"
	"github.com/keyturn/keyturn/providers/fake"
)

const config = `{"identity_store": "` + identitycenterfake.ID + `", "region": "eu-west-1", "credentials": {"store": "vault", "path": "keyturn/aws"}}`

func TestConformance(t *testing.T) {
	t.Parallel()
	peopletest.Run(t, peopletest.World{
		Factory: identitycenter.Factory,
		Config:  config,
		Fake:    newFake,
		Refuse:  identitycenterfake.Refuse,
		NoLeads: true, NoManagers: true,
	})
}

// newFake keeps an alias as the user name, since a user has one e-mail.
func newFake(stage peopletest.Stage) peopletest.Fake {
	s := identitycenterfake.New(identitycenterfake.Options{AccessKey: "AKIAREADER", Secret: "reader-secret", PageSize: stage.PageSize})
	return peopletest.Fake{
		Handler: s, SecretID: "AKIAREADER", Secret: "reader-secret",
		Add: func(h peopletest.Human) string {
			u := identitycenterfake.User{DisplayName: h.Name, UserName: h.Name, Emails: []identitycenterfake.Email{{Value: h.Email, Primary: true}}}
			if len(h.Aliases) > 0 {
				u.UserName = h.Aliases[0]
			}
			return s.Add(u)
		},
		Deactivate: s.Disable, Delete: s.Delete,
		AddTeam: func(team peopletest.Team) { s.AddGroup(team.Name, team.Members...) },
	}
}

// world is a directory before a store.
type world struct {
	people.Directory
	store  *identitycenterfake.Store
	faults *fake.Faults
}

func newWorld(t *testing.T, config string, o identitycenterfake.Options) world {
	t.Helper()
	o.AccessKey, o.Secret = "AKIAREADER", "reader-secret"
	w := world{store: identitycenterfake.New(o), faults: fake.NewFaults(identitycenterfake.Refuse)}
	srv := httptest.NewServer(w.faults.Wrap(w.store))
	t.Cleanup(srv.Close)
	var err error
	w.Directory, err = identitycenter.Factory.New(people.Env{
		HTTP: srv.Client(), BaseURL: srv.URL,
		Decode: func(v any) error { return json.Unmarshal([]byte(config), v) },
		Secret: func(context.Context, keyturn.SecretRef) (string, keyturn.Secret, error) {
			return "AKIAREADER", keyturn.NewSecret("reader-secret"), nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func work(address string) []identitycenterfake.Email {
	return []identitycenterfake.Email{{Value: address, Primary: true}}
}

func TestPersons(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{})
	alice := w.store.Add(identitycenterfake.User{
		UserName: "Alice@Corp.example", Name: &identitycenterfake.Name{GivenName: "Alice", FamilyName: "Liddell"},
		Emails: []identitycenterfake.Email{{Value: "al@example.com"}, {Value: "Alice@Example.com", Primary: true}},
	})
	// A user name that is no address is not one of the person's, and one without
	// an e-mail has the user name.
	bob := w.store.Add(identitycenterfake.User{UserName: "bob", Name: &identitycenterfake.Name{Formatted: "Bob B."}})
	old := w.store.Add(identitycenterfake.User{UserName: "carol.old", DisplayName: "Carol", Emails: work("carol@example.com")})
	w.store.Disable(old)
	carol := w.store.Add(identitycenterfake.User{UserName: "carol@example.com", DisplayName: "Carol again"})

	want := []people.Person{
		{ID: alice, Email: "alice@example.com", Aliases: []string{"al@example.com", "alice@corp.example"}, Name: "Alice Liddell", Active: true},
		{ID: bob, Name: "Bob B.", Active: true},
		{ID: old, Email: "carol@example.com", Name: "Carol"},
		{ID: carol, Email: "carol@example.com", Name: "Carol again", Active: true},
	}
	var got []people.Person
	for p, err := range w.Everyone(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, p)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Everyone (-want +got):\n%s", diff)
	}
	for address, id := range map[string]string{
		"ALICE@example.com": alice, "al@example.com": alice, "alice@corp.example": alice, "carol@example.com": carol,
	} {
		if p, err := w.Person(t.Context(), address); err != nil || p.ID != id {
			t.Errorf("Person(%s) = %+v, %v, want %s", address, p, err, id)
		}
	}
	w.store.Delete(carol)
	if p, err := w.Person(t.Context(), "carol@example.com"); err != nil || p.ID != old || p.Active {
		t.Errorf("Carol, who left, is %+v, %v", p, err)
	}
}

// TestAddressesInAnotherCase finds who is active, whoever is listed last.
func TestAddressesInAnotherCase(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{})
	first := w.store.Add(identitycenterfake.User{UserName: "dave.1", Emails: work("DAVE@example.com")})
	second := w.store.Add(identitycenterfake.User{UserName: "dave.2", Emails: work("Dave@example.com")})
	third := w.store.Add(identitycenterfake.User{UserName: "dave.3", Emails: work("dAVE@example.com")})
	w.store.Disable(first)
	w.store.Disable(third)
	if p, err := w.Person(t.Context(), "dave@example.com"); err != nil || p.ID != second {
		t.Errorf("%+v, %v, want %s", p, err, second)
	}
}

// TestRenamedInBetween reads a user whose address somebody changed since it was
// looked up.
func TestRenamedInBetween(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{})
	id := w.store.Add(identitycenterfake.User{UserName: "alice", Emails: work("alice@example.com")})
	w.faults.Set(fake.Rule{
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".DescribeUser") },
		Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
			fake.JSON(rw, http.StatusOK, map[string]any{"UserId": id, "Emails": work("renamed@example.com")})
		}),
	})
	if p, err := w.Person(t.Context(), "alice@example.com"); err != nil || !p.Has("alice@example.com") {
		t.Errorf("%+v, %v, want who is listed with the address", p, err)
	}
}

// TestWithoutStatus reads users as they were before they had a status.
func TestWithoutStatus(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{NoStatus: true})
	id := w.store.Add(identitycenterfake.User{UserName: "alice", Emails: work("alice@example.com")})
	if p, err := w.PersonByID(t.Context(), id); err != nil || !p.Active {
		t.Errorf("%+v, %v, want somebody who is active", p, err)
	}
}

// TestNoOneIsGoneByAccident wants a NotFound only where AWS says so of a person.
func TestNoOneIsGoneByAccident(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{})
	id := w.store.Add(identitycenterfake.User{UserName: "alice", Emails: work("alice@example.com")})
	w.faults.Set(fake.Rule{Answer: http.NotFoundHandler()})
	if _, err := w.PersonByID(t.Context(), id); keyturn.KindOf(err) != keyturn.Unavailable {
		t.Errorf("a proxy's 404 is %v, want Unavailable", err)
	}
	w.faults.Set(fake.Rule{Status: http.StatusForbidden})
	if _, err := w.Person(t.Context(), "alice@example.com"); keyturn.KindOf(err) != keyturn.Denied || !strings.Contains(err.Error(), "README") {
		t.Errorf("a missing permission is %v, want Denied, and where the policy is", err)
	}
	other := newWorld(t, strings.Replace(config, identitycenterfake.ID, "d-9999999999", 1), identitycenterfake.Options{})
	if _, err := other.PersonByID(t.Context(), id); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("a person of another identity store is %v, want Invalid", err)
	}
	if err := other.Check(t.Context()); keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), "identity_store") {
		t.Errorf("Check of another identity store: %v, want Invalid", err)
	}
}

// TestCheckNeedsEveryAction refuses one action after another.
func TestCheckNeedsEveryAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{})
	if err := w.Check(t.Context()); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("Check of an empty store: %v, want Invalid", err)
	}
	w.store.Add(identitycenterfake.User{UserName: "alice", Emails: work("alice@example.com")})
	for _, action := range []string{"ListUsers", "DescribeUser", "GetUserId", "GetGroupId", "ListGroupMemberships"} {
		w.faults.Set(fake.Rule{Status: http.StatusForbidden, Match: func(r *http.Request) bool {
			return strings.HasSuffix(r.Header.Get("X-Amz-Target"), "."+action)
		}})
		if err := w.Check(t.Context()); keyturn.KindOf(err) != keyturn.Denied {
			t.Errorf("Check without %s: %v, want Denied", action, err)
		}
	}
}

// TestTeamSurvivesADeletedMember deletes a member after the page was read.
func TestTeamSurvivesADeletedMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t, config, identitycenterfake.Options{PageSize: 2})
	var ids []string
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		ids = append(ids, w.store.Add(identitycenterfake.User{UserName: name, Emails: work(name + "@example.com")}))
	}
	w.store.AddGroup("orders", ids...)
	w.faults.Set(fake.Rule{Body: ids[3], Answer: http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		fake.JSON(rw, http.StatusBadRequest, map[string]string{"__type": "ResourceNotFoundException", "ResourceType": "USER"})
	})})
	got, err := w.Team(t.Context(), "orders")
	want := []string{"a@example.com", "b@example.com", "c@example.com", "e@example.com"}
	if err != nil || !slices.Equal(got.Members, want) {
		t.Errorf("%+v, %v, want %v", got, err, want)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, ok := range map[string]bool{
		config: true,
		`{"identity_store": "11111111-2222-3333-4444-555555555555", "region": "cn-north-1", "credentials": {"path": "p"}}`: true,
		`{"identity_store": "ssoins-123", "region": "eu-west-1", "credentials": {"path": "p"}}`:                            false,
		`{"identity_store": "d-1234567890", "credentials": {"path": "p"}}`:                                                 false,
	} {
		_, err := identitycenter.Factory.New(people.Env{HTTP: http.DefaultClient, Decode: func(v any) error { return json.Unmarshal([]byte(settings), v) }})
		if (err == nil) != ok {
			t.Errorf("%s: error %v, want accepted = %t", settings, err, ok)
		}
	}
}
