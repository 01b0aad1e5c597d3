package peopletest

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

// byAddress asks whether a person is found by their address, however it is
// written, and is told apart from others.
func byAddress(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	for _, email := range []string{adaEmail, strings.ToUpper(adaEmail), " Ada.Byron" + domain + " "} {
		p := r.person(t, email)
		if p.ID != ada || p.Email != adaEmail || p.Name != "Ada Byron" || !p.Active {
			t.Errorf("Person(%q) = %+v, want Ada, active, as %s", email, p, adaEmail)
		}
	}
}

// byAlias asks whether a person is found by another address of theirs.
func byAlias(t testing.TB, w World) {
	skip(t, w.NoAliases, "aliases")
	r := w.start(t, 0)
	ada, _ := r.staff()
	for _, email := range []string{adaAlias, strings.ToUpper(adaAlias)} {
		p := r.person(t, email)
		if p.ID != ada || p.Email != adaEmail {
			t.Errorf("Person(%q) = %+v, want Ada with her main address", email, p)
		}
	}
	if p := r.person(t, adaEmail); !p.Has(adaAlias) || slices.Contains(p.Aliases, adaEmail) {
		t.Errorf("Ada's aliases are %q, want %s, and not her main address", p.Aliases, adaAlias)
	}
	for _, a := range r.person(t, adaEmail).Aliases {
		if a != people.Address(a) {
			t.Errorf("the alias %q is not as people.Address writes it", a)
		}
	}
}

// byID asks whether the id that a person has leads back to them.
func byID(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	p, err := r.PersonByID(r.ctx, ada)
	r.want(t, "PersonByID", err, "")
	if p.ID != ada || p.Email != adaEmail || !p.Active {
		t.Errorf("PersonByID = %+v, want Ada", p)
	}
}

// manager asks whether a person's manager is told by their address.
func manager(t testing.TB, w World) {
	skip(t, w.NoManagers, "managers")
	r := w.start(t, 0)
	ada, _ := r.staff()
	byID, err := r.PersonByID(r.ctx, ada)
	r.want(t, "PersonByID", err, "")
	for _, p := range []people.Person{r.person(t, adaEmail), byID} {
		if p.Manager != graceEmail {
			t.Errorf("Ada's manager is %q, want %s", p.Manager, graceEmail)
		}
	}
	if p := r.person(t, graceEmail); p.Manager != "" {
		t.Errorf("Grace's manager is %q, want none", p.Manager)
	}
}

// unknown asks whether somebody whom the directory does not know is NotFound.
func unknown(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	_, err := r.Person(r.ctx, "nobody"+domain)
	r.want(t, "Person of nobody", err, keyturn.NotFound)
	// An id is the vendor's, so one that is written like it, and is no one's.
	other := []byte(ada)
	for i, c := range other {
		if c >= '0' && c <= '8' {
			other[i]++
		}
	}
	if string(other) == ada {
		other = append(other, '0')
	}
	_, err = r.PersonByID(r.ctx, string(other))
	r.want(t, "PersonByID of nobody", err, keyturn.NotFound)
}

// strangeNames asks whether what stands in an address or an id can name somebody
// else, or something else.
func strangeNames(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	for _, email := range []string{
		"", " ", "ada.byron", "a" + adaEmail, adaEmail + "x", strings.TrimSuffix(adaEmail, "e"), "*", "ada.byron*", "%", "ada%2Ebyron" + domain,
		`nobody' or '1' eq '1`, `nobody" or id pr or id eq "`, "nobody\\" + domain, "../users", adaEmail + "?x=1", adaEmail + "#x", adaEmail + "/manager", ".", "..",
	} {
		p, err := r.Person(r.ctx, email)
		r.want(t, "Person("+email+")", err, keyturn.NotFound, keyturn.Invalid)
		if err == nil {
			t.Errorf("Person(%q) found %s", email, p.Email)
		}
	}
	for _, id := range []string{"", " ", ".", "..", "../users", ada + "/", ada + "?x=1", ada + "#x", "*", `' or '1' eq '1`, adaEmail} {
		if p, err := r.PersonByID(r.ctx, id); err == nil && id != adaEmail {
			t.Errorf("PersonByID(%q) found %s", id, p.Email)
		} else if err != nil {
			r.want(t, "PersonByID("+id+")", err, keyturn.NotFound, keyturn.Invalid)
		}
	}
}

// inactive asks whether somebody who may not sign in is found, as just that.
func inactive(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	r.fake.Deactivate(ada)
	byID, err := r.PersonByID(r.ctx, ada)
	r.want(t, "PersonByID", err, "")
	for _, p := range []people.Person{r.person(t, adaEmail), byID} {
		if p.ID != ada || p.Email != adaEmail || p.Active {
			t.Errorf("a deactivated person is %+v, want Ada, not active", p)
		}
	}
	if !r.person(t, graceEmail).Active {
		t.Error("Grace is not active, and nobody deactivated her")
	}
}

// deleted asks whether somebody who was deleted is unknown or not active. One of
// whom the address is still known must have the one they had.
func deleted(t testing.TB, w World) {
	r := w.start(t, 0)
	ada, _ := r.staff()
	r.fake.Delete(ada)
	byEmail, err1 := r.Person(r.ctx, adaEmail)
	r.want(t, "Person of the deleted", err1, "", keyturn.NotFound)
	byID, err2 := r.PersonByID(r.ctx, ada)
	r.want(t, "PersonByID of the deleted", err2, "", keyturn.NotFound)
	if err1 == nil && (byEmail.Active || byEmail.Email != adaEmail) || err2 == nil && (byID.Active || byID.Email != adaEmail) {
		t.Errorf("the deleted Ada is %+v and %+v", byEmail, byID)
	}
}
