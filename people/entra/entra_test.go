package entra_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn/people/entra"
	"github.com/keyturn/keyturn/people/entra/entrafake"
	"github.com/keyturn/keyturn/people/peopletest"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	peopletest.Run(t, peopletest.World{
		Factory: entra.Factory,
		Config:  config,
		Refuse:  entrafake.Refuse,
		Fake: func(s peopletest.Stage) peopletest.Fake {
			f := entrafake.New(entrafake.Options{Now: s.Now, PageSize: s.PageSize})
			return peopletest.Fake{
				Handler: f.Handler(), SecretID: entrafake.ClientID, Secret: f.Secret,
				Add: func(h peopletest.Human) string {
					u := entrafake.User{Principal: h.Email, Mail: h.Email, Proxies: []string{"SMTP:" + h.Email}, Name: h.Name, Manager: h.Manager}
					for _, a := range h.Aliases {
						u.Proxies = append(u.Proxies, "smtp:"+a)
					}
					return f.Add(u)
				},
				Deactivate: f.Disable, Delete: f.Delete, SignIn: f.SignIn, Open: f.Open,
				AddTeam: func(team peopletest.Team) { f.AddGroup(team.Name, team.Leads, team.Members) },
			}
		},
	})
}

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for settings, want := range map[string]string{
		`{"tenant": "contoso.example", "credentials": {"path": "p"}, "cloud": "china"}`: "",
		`{"credentials": {"path": "p"}}`:                                                "tenant",
		`{"tenant": "common", "credentials": {"path": "p"}}`:                            "tenant",
		`{"tenant": "a/b", "credentials": {"path": "p"}}`:                               "tenant",
		`{"tenant": "contoso.example"}`:                                                 "credentials",
		`{"tenant": "contoso.example", "credentials": {"path": "p"}, "cloud": "mars"}`:  "cloud",
	} {
		_, err := entra.Factory.New(w.env(settings, hook))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want an error about %q", settings, err, want)
		}
	}
}
