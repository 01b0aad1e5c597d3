package okta

import (
	"context"
	"net/url"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

type group struct {
	ID      string `json:"id"`
	Profile struct {
		Name string `json:"name"`
	} `json:"profile"`
}

// An owner is Okta's GroupOwner.
type owner struct {
	ID       string `json:"id"`
	Type     string `json:"type"`     // USER or GROUP
	Resolved *bool  `json:"resolved"` // false while only another application knows the owner
}

// Team reads the group with exactly this name, its members and its owners.
func (d *directory) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "okta: team"
	id, err := d.group(ctx, op, name)
	if err != nil {
		return people.Team{}, err
	}
	team, members := people.Team{Name: name}, map[string]user{}
	for u, err := range pages[user](ctx, d, op, readGroups, groupsPath+"/"+id+"/users", "limit=200") {
		if err == nil && !u.ok() {
			err = undocumented(op)
		}
		if err != nil {
			return people.Team{}, err
		}
		members[u.ID] = u
		if a := u.person().Email; u.active() && a != "" {
			team.Members = append(team.Members, a)
		}
	}
	if team.Leads, err = d.leads(ctx, op, id, members); err != nil {
		return people.Team{}, err
	}
	return team, nil
}

// group is the id of the group with a name. It searches, although a search may
// not know a group of this minute: the parameter q finds all groups that begin
// with the name, and only the first 300 of them (List all groups).
func (d *directory) group(ctx context.Context, op, name string) (string, error) {
	query := url.Values{"limit": {"200"}, "search": {"profile.name eq " + quote(name)}}.Encode()
	var ids []string
	for g, err := range pages[group](ctx, d, op, readGroups, groupsPath, query) {
		if err != nil {
			return "", err
		}
		if g.Profile.Name != name {
			continue // it differs in case
		}
		if !plain(g.ID) {
			return "", undocumented(op)
		}
		ids = append(ids, g.ID)
	}
	switch len(ids) {
	case 0:
		return "", keyturn.Errorf(keyturn.NotFound, op, "Okta knows no group with exactly this name, or does not show it to the token")
	case 1:
		return ids[0], nil
	}
	return "", keyturn.Errorf(keyturn.Invalid, op, "%d groups have this name, as happens with groups that are imported; rename one of them", len(ids))
}

// leads are the owners of a group who are here, each read unless a member. Only
// orgs with Okta Identity Governance have owners (Group Owners), and only roles
// that may see them; how others are refused is not documented, so any of the
// ways is taken for none. An owner who may not be read, who is a group, or whom
// only another application knows, is nobody who could be asked.
func (d *directory) leads(ctx context.Context, op, id string, members map[string]user) ([]string, error) {
	path := groupsPath + "/" + id + "/owners"
	var leads []string
	for o, err := range pages[owner](ctx, d, op, readGroups, path, "limit=200") {
		if kind := keyturn.KindOf(err); lacks(err) || kind == keyturn.NotFound || kind == keyturn.Unsupported {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if o.Type != "USER" || o.Resolved != nil && !*o.Resolved || !plain(o.ID) {
			continue
		}
		u, is := members[o.ID]
		if !is {
			u, err = d.byID(ctx, op, o.ID)
			if lacks(err) || keyturn.KindOf(err) == keyturn.NotFound {
				continue
			}
			if err != nil {
				return nil, err
			}
		}
		if a := u.person().Email; u.active() && a != "" && !slices.Contains(leads, a) {
			leads = append(leads, a)
		}
	}
	return leads, nil
}
