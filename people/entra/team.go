package entra

import (
	"context"
	"net/http"
	"net/url"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const needsGroups = "GroupMember.Read.All and User.Read.All"

// Team is the group with that display name, in whatever case. Its leads are its
// owners who are active. Members of groups within the group are none of its own.
func (d *directory) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "entra: team"
	if name == "" {
		return people.Team{}, keyturn.Errorf(keyturn.NotFound, op, "a team without a name is none")
	}
	q := url.Values{"$select": {"id,displayName"}, "$top": {"2"}, "$filter": {"displayName eq " + quote(name)}}
	var page struct {
		Value []struct {
			ID string `json:"id"`
		} `json:"value"`
	}
	err := d.ask(ctx, request{op: op, method: http.MethodGet, path: "/groups?" + q.Encode(), needs: needsGroups}, &page)
	switch {
	case err != nil:
		return people.Team{}, err
	case page.Value == nil || len(page.Value) > 0 && !guid.MatchString(page.Value[0].ID):
		return people.Team{}, undocumented(op)
	case len(page.Value) == 0:
		return people.Team{}, keyturn.Errorf(keyturn.NotFound, op, "the tenant has no group with this name")
	case len(page.Value) > 1: // Entra allows it
		return people.Team{}, keyturn.Errorf(keyturn.Invalid, op, "several groups of the tenant have this name; rename all but one, or set the team's group to another")
	}
	t := people.Team{Name: name}
	path := "/groups/" + page.Value[0].ID
	if t.Members, err = d.active(ctx, op, path+"/members"); err != nil {
		return people.Team{}, err
	}
	if t.Leads, err = d.active(ctx, op, path+"/owners"); err != nil {
		return people.Team{}, err
	}
	return t, nil
}

// active are the addresses of a group's users who may sign in. The path's last
// part keeps devices and the like out; only the index can do that for all of
// Graph's lists.
func (d *directory) active(ctx context.Context, op, path string) ([]string, error) {
	q := url.Values{"$select": {fields}, "$top": {pageSize}, "$count": {"true"}}
	var out []string
	r := request{op: op, method: http.MethodGet, path: path + "/microsoft.graph.user?" + q.Encode(), needs: needsGroups, indexed: true}
	for u, err := range pages[user](ctx, d, r) {
		if err != nil {
			return nil, err
		}
		p, err := u.person(op)
		if err != nil {
			return nil, err
		}
		if p.Active {
			out = append(out, p.Email)
		}
	}
	return out, nil
}
