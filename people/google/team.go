package google

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
)

const (
	groupFields  = "id,email,name,aliases,nonEditableAliases"
	memberFields = "kind,nextPageToken,members(email,role,type,status)"
)

// group is a group as the Directory API shows it.
type group struct {
	ID, Email, Name string
	Aliases         []string
	Fixed           []string `json:"nonEditableAliases"`
}

func (g group) has(address string) bool {
	return slices.ContainsFunc(append([]string{g.Email}, append(g.Aliases, g.Fixed...)...),
		func(a string) bool { return people.Address(a) == address })
}

// member is a member of a group: a person, another group, or somebody from
// elsewhere, of whom Google does not say that they are active.
type member struct {
	Email, Role, Type, Status string
}

// Team takes a group's address or its display name, which more than one may have:
// that is an Invalid error. Leads are the owners and managers of the group itself;
// members are those of groups in it as well.
func (d *directory) Team(ctx context.Context, name string) (people.Team, error) {
	const op = "google: team"
	name = strings.TrimSpace(name)
	g, err := d.group(ctx, op, name)
	if err != nil {
		return people.Team{}, err
	}
	t := people.Team{Name: cmp.Or(g.Name, people.Address(g.Email))}
	if t.Leads, err = d.members(ctx, op, g, url.Values{"roles": {"OWNER,MANAGER"}}, "OWNER", "MANAGER"); err != nil {
		return people.Team{}, err
	}
	t.Members, err = d.members(ctx, op, g, url.Values{"includeDerivedMembership": {"true"}}, "OWNER", "MANAGER", "MEMBER")
	if err != nil {
		return people.Team{}, err
	}
	return t, nil
}

func (d *directory) group(ctx context.Context, op, name string) (group, error) {
	if address := people.Address(name); isAddress(address) {
		var g group
		_, err := d.ask(ctx, request{op: op, path: "groups/" + url.PathEscape(address), query: url.Values{"fields": {groupFields}}}, &g)
		if err == nil && (!isID(g.ID) || !g.has(address)) {
			err = undocumented(op)
		}
		return g, err
	}
	found, err := d.named(ctx, op, name)
	switch {
	case err != nil:
		return group{}, err
	case len(found) == 0:
		return group{}, keyturn.Errorf(keyturn.NotFound, op, "Google Workspace has no group of that name")
	case len(found) > 1:
		return group{}, keyturn.Errorf(keyturn.Invalid, op, "Google Workspace has more than one group of that name; name the group by its address")
	}
	return found[0], nil
}

// named finds the groups of a display name, in whatever case.
func (d *directory) named(ctx context.Context, op, name string) ([]group, error) {
	if name == "" {
		return nil, nil
	}
	q := url.Values{"customer": {customer}, "maxResults": {"200"}, "query": {"name=" + quoted(name)}, "fields": {"kind,nextPageToken,groups(" + groupFields + ")"}}
	var found []group
	for page, err := range d.pages(ctx, request{op: op, path: "groups", query: q}, "admin#directory#groups") {
		if err != nil {
			return nil, ofAccount(op, err)
		}
		for _, g := range page.Groups {
			if !isID(g.ID) {
				return nil, undocumented(op)
			}
			if strings.EqualFold(strings.TrimSpace(g.Name), name) {
				found = append(found, g)
			}
		}
	}
	return found, nil
}

// members lists the active people in a group who have one of some roles, each once.
func (d *directory) members(ctx context.Context, op string, g group, query url.Values, roles ...string) ([]string, error) {
	query.Set("maxResults", "200")
	query.Set("fields", memberFields)
	var out []string
	seen := map[string]bool{}
	for page, err := range d.pages(ctx, request{op: op, path: "groups/" + g.ID + "/members", query: query}, "admin#directory#members") {
		if err != nil {
			return nil, err
		}
		for _, m := range page.Members {
			address := people.Address(m.Email)
			if m.Type != "USER" || m.Status != "ACTIVE" || !slices.Contains(roles, m.Role) || address == "" || seen[address] {
				continue
			}
			seen[address] = true
			out = append(out, address)
		}
	}
	return out, nil
}
