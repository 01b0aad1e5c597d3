package okta_test

import (
	"testing"

	"github.com/keyturn/keyturn/people/okta"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/people/peopletest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, auth := range map[string]string{"API token": "ssws", "access token": "oauth"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peopletest.Run(t, peopletest.World{
				Factory: okta.Factory,
				Config:  `{"domain": "acme.okta.com", "token": {"store": "vault", "path": "keyturn/okta"}, "auth": "` + auth + `"}`,
				Refuse:  oktafake.Refuse,
				Fake: func(s peopletest.Stage) peopletest.Fake {
					return stage(oktafake.New(oktafake.Options{OAuth: auth == "oauth", Governance: true, PageSize: s.PageSize}))
				},
			})
		})
	}
}

// stage gives the suite an org. The first alias is the secondary email.
func stage(org *oktafake.Org) peopletest.Fake {
	return peopletest.Fake{
		Handler: org,
		Secret:  "00token",
		Add: func(h peopletest.Human) string {
			p := map[string]string{"login": h.Email, "displayName": h.Name, "managerId": h.Manager}
			if len(h.Aliases) > 0 {
				p["secondEmail"] = h.Aliases[0]
			}
			return org.Add(oktafake.User{Profile: p})
		},
		Deactivate: func(id string) { org.Set(id, "DEPROVISIONED") },
		Delete:     org.Delete,
		AddTeam: func(team peopletest.Team) {
			g := oktafake.Group{Name: team.Name, Members: team.Members}
			for _, id := range team.Leads {
				g.Owners = append(g.Owners, oktafake.Owner{ID: id})
			}
			org.AddGroup(g)
		},
		SignIn: org.SignIn,
		Open: func(id string) int {
			sessions, tokens, grants := org.Held(id)
			return sessions + tokens + grants
		},
	}
}
