package google_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/keyturn/keyturn/people/google"
	"github.com/keyturn/keyturn/people/google/googlefake"
	"github.com/keyturn/keyturn/people/peopletest"
)

const config = `{"credentials": {"store": "vault", "path": "keyturn/google"}, "admin": "Admin@acme.example"}`

func TestConforms(t *testing.T) {
	t.Parallel()
	peopletest.Run(t, peopletest.World{
		Factory: google.Factory,
		Config:  config,
		Fake:    newFake,
		Refuse:  googlefake.Refuse,
	})
}

// newFake is the suite's view of the fake.
func newFake(s peopletest.Stage) peopletest.Fake {
	d := googlefake.New(googlefake.Options{Now: s.Now, PageSize: s.PageSize})
	// edit changes a user; one who is not there stays so.
	edit := func(id string, change func(*googlefake.User)) {
		if u, ok := d.User(id); ok {
			change(&u)
			d.Put(u)
		}
	}
	email := func(id string) string {
		u, _ := d.User(id)
		return u.Email
	}
	return peopletest.Fake{
		Handler: d,
		Secret:  googlefake.File(),
		Add: func(h peopletest.Human) string {
			return d.Put(googlefake.User{Email: h.Email, Aliases: h.Aliases, Name: h.Name, Manager: email(h.Manager)})
		},
		Deactivate: func(id string) { edit(id, func(u *googlefake.User) { u.Suspended = true }) },
		Delete:     func(id string) { edit(id, func(u *googlefake.User) { u.Deleted = s.Now() }) },
		AddTeam: func(team peopletest.Team) {
			g := googlefake.Group{Name: team.Name}
			for _, id := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(team.Leads, team.Members)))) {
				m := googlefake.Member{Email: email(id)}
				if slices.Contains(team.Leads, id) {
					m.Role = "OWNER"
				}
				g.Members = append(g.Members, m)
			}
			d.PutGroup(g)
		},
		SignIn: func(id string) {
			edit(id, func(u *googlefake.User) {
				u.Sessions++
				u.Grants = append(u.Grants, "app"+strconv.Itoa(len(u.Grants))+".apps.googleusercontent.com")
				u.Passwords = append(u.Passwords, len(u.Passwords)+1)
			})
		},
		Open: func(id string) int {
			u, _ := d.User(id)
			return u.Sessions + len(u.Grants) + len(u.Passwords)
		},
	}
}
