package linear

import "context"

// A place is where tickets are opened: what the settings name, as Linear's ids.
type place struct {
	team     string
	labels   []string
	assignee string
	project  string
	state    string // what a ticket is opened in; empty leaves it to the team
}

// A team and the others are what placeQuery asks for.
type team struct {
	ID     string
	States list[state]
}

type label struct {
	ID, Name string
	IsGroup  bool
	Team     *struct{ ID string } // nil for a label of the whole workspace
}

type project struct {
	ID    string
	Teams list[struct{ ID string }]
}

type list[T any] struct{ Nodes []T }

// place finds what the settings name, in one request. It is asked anew for
// every ticket: there are few, and names move. With states it looks at the
// team's workflow too.
func (t *tracker) place(ctx context.Context, op string, states bool) (place, error) {
	var found struct {
		Viewer      struct{ ID string }
		Teams       list[team]
		IssueLabels list[label]
		Users       list[struct{ ID string }]
		Projects    list[project]
	}
	err := t.ask(ctx, op, placeQuery, map[string]any{
		"team": t.teamFilter(), "labels": t.labelFilter(), "users": either("email", t.Assignee), "projects": either("name", t.Project),
		"teamOfProject": t.teamFilter(), "withStates": states, "withLabels": len(t.Labels) > 0, "withAssignee": t.Assignee != "", "withProject": t.Project != "",
	}, &found)
	if err != nil {
		return place{}, err
	}
	if found.Viewer.ID == "" {
		return place{}, undocumented(op)
	}
	team, err := t.teamOf(op, found.Teams.Nodes)
	if err != nil {
		return place{}, err
	}
	p := place{team: team.ID}
	if p.labels, err = t.labelIDs(op, team.ID, found.IssueLabels.Nodes); err != nil {
		return place{}, err
	}
	if p.assignee, err = t.assigneeID(op, found.Users.Nodes); err != nil {
		return place{}, err
	}
	if p.project, err = t.projectID(op, found.Projects.Nodes); err != nil {
		return place{}, err
	}
	if states {
		p.state, err = t.states(op, team.States.Nodes)
	}
	return p, err
}

// teamFilter finds the team. Keys are compared as people write them.
func (t *tracker) teamFilter() map[string]any { return either("key", t.Team) }

// either finds by id what is named by a UUID, and else by what name says. It
// is no filter at all where there is nothing to find.
func either(name, value string) map[string]any {
	if value == "" {
		return nil
	}
	if isUUID(value) {
		return map[string]any{"id": map[string]any{"eq": value}}
	}
	return map[string]any{name: map[string]any{"eqIgnoreCase": value}}
}

// labelFilter finds labels by name, those of the team and of the workspace.
func (t *tracker) labelFilter() map[string]any {
	if len(t.Labels) == 0 {
		return nil
	}
	var names []any
	for _, l := range t.Labels {
		names = append(names, map[string]any{"name": map[string]any{"eqIgnoreCase": l}})
	}
	return map[string]any{"and": []any{
		map[string]any{"or": names},
		map[string]any{"or": []any{
			map[string]any{"team": map[string]any{"null": true}},
			map[string]any{"team": t.teamFilter()},
		}},
	}}
}

// Check asks who we are and looks up all that the settings name. Whether the
// token may write, only writing would show.
func (t *tracker) Check(ctx context.Context) error {
	_, err := t.place(ctx, "linear: check", true)
	return err
}
