package entra_test

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/entra/entrafake"
	"github.com/keyturn/keyturn/providers/fake"
)

// ada signs in with one name and gets mail under another.
func (w *world) ada() string {
	return w.tenant.Add(entrafake.User{
		Principal: "Ada@corp.example", Mail: "Ada.Byron@acme.example", Name: "Ada Byron",
		Proxies: []string{"SMTP:Ada.Byron@acme.example", "smtp:o'ada@acme.example", "SIP:ada@sip.example", "x500:/o=acme"},
		Others:  []string{"ada@home.example"},
	})
}

func TestEveryAddressOfOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := people.Person{
		ID: w.ada(), Email: "ada.byron@acme.example", Aliases: []string{"ada@corp.example", "o'ada@acme.example"}, Name: "Ada Byron", Active: true,
	}
	for _, email := range []string{"ada@corp.example", "ADA.byron@acme.example", "O'Ada@acme.example"} {
		got, err := w.Person(t.Context(), email)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("Person(%s): %v (-want +got):\n%s", email, err, diff)
		}
	}
	// Nobody checked these, and an administrator's account names its owner's.
	for _, email := range []string{"ada@home.example", "ada@sip.example"} {
		_, err := w.Person(t.Context(), email)
		wantKind(t, "Person by "+email, err, keyturn.NotFound)
	}
	w.tenant.Change(want.ID, func(u *entrafake.User) { u.Mail = "" })
	if got, err := w.PersonByID(t.Context(), want.ID); err != nil || got.Email != "ada@corp.example" {
		t.Errorf("without a mailbox: %+v, %v; want the name Ada signs in with", got, err)
	}
}

func TestAddressOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ada()
	w.tenant.Add(entrafake.User{Principal: "other@corp.example", Mail: "ada.byron@acme.example", Name: "Other"})
	_, err := w.Person(t.Context(), "ada.byron@acme.example")
	wantKind(t, "an address that two have", err, keyturn.Invalid)
}

// The index hears of a change later than the directory.
func TestIndexBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	w.faults.Set(fake.Rule{Match: filtered, Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fake.JSON(rw, http.StatusOK, map[string]any{"value": []any{map[string]string{"id": id}}})
	})})
	_, err := w.Person(t.Context(), "formerly.adas@acme.example")
	wantKind(t, "an address that was taken from her", err, keyturn.NotFound)
}

func filtered(r *http.Request) bool { return r.URL.Query().Has("$filter") }

func TestDeleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.ada()
	w.tenant.Delete(id)
	got, err := w.PersonByID(t.Context(), id)
	want := people.Person{ID: id, Email: "ada.byron@acme.example", Aliases: []string{"ada@corp.example"}, Name: "Ada Byron"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("PersonByID of the deleted: %v (-want +got):\n%s", err, diff)
	}
	w.tenant.Change(id, func(u *entrafake.User) { u.Mail = "" })
	if got, err := w.PersonByID(t.Context(), id); err != nil || got.Email != "ada@corp.example" {
		t.Errorf("without a mailbox: %+v, %v; want the name Ada signed in with", got, err)
	}
	_, err = w.Person(t.Context(), "ada@corp.example")
	wantKind(t, "Person of the deleted", err, keyturn.NotFound)
	w.tenant.Purge(id)
	_, err = w.PersonByID(t.Context(), id)
	wantKind(t, "PersonByID of the purged", err, keyturn.NotFound)
	w.faults.Set(fake.Rule{Path: "/v1.0/directory/", Answer: http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		fake.JSON(rw, http.StatusOK, map[string]any{"@odata.type": "#microsoft.graph.group", "id": id, "mail": "all@acme.example"})
	})})
	_, err = w.PersonByID(t.Context(), id)
	wantKind(t, "PersonByID of a deleted group", err, keyturn.NotFound)
}
