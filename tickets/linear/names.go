package linear

import (
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets"
)

// teamOf is the team the settings name.
func (t *tracker) teamOf(op string, found []team) (team, error) {
	switch {
	case found == nil:
		return team{}, undocumented(op)
	case len(found) == 0:
		return team{}, keyturn.Errorf(keyturn.Invalid, op, "there is no team %s, or the token may not see it; check the setting team, and that the token's user belongs to it", t.Team)
	case len(found) > 1 || !isUUID(found[0].ID):
		return team{}, undocumented(op)
	}
	return found[0], nil
}

// labelIDs are the ids of the labels. A label of the team goes before one of
// the workspace.
func (t *tracker) labelIDs(op, team string, found []label) ([]string, error) {
	var ids []string
	for _, name := range t.Labels {
		var best *label
		for i, l := range found {
			if strings.EqualFold(l.Name, name) && (best == nil || l.Team != nil && l.Team.ID == team) {
				best = &found[i]
			}
		}
		switch {
		case found == nil:
			return nil, undocumented(op)
		case best == nil:
			return nil, keyturn.Errorf(keyturn.Invalid, op, "team %s has no label %q; make it in Linear, or take it out of the setting labels", t.Team, name)
		case best.IsGroup:
			return nil, keyturn.Errorf(keyturn.Invalid, op, "the label %q is a group of labels; name one of its labels in the setting labels", name)
		case best.ID == "":
			return nil, undocumented(op)
		}
		if !slices.Contains(ids, best.ID) {
			ids = append(ids, best.ID)
		}
	}
	return ids, nil
}

// assigneeID is the id of a user. Those who have left are not found.
func (t *tracker) assigneeID(op string, found []struct{ ID string }) (string, error) {
	switch {
	case t.Assignee == "":
		return "", nil
	case found == nil:
		return "", undocumented(op)
	case len(found) == 0:
		return "", keyturn.Errorf(keyturn.Invalid, op, "nobody active in the workspace is what the setting assignee names; name a member, by email address or UUID")
	case len(found) > 1 || found[0].ID == "":
		return "", undocumented(op)
	}
	return found[0].ID, nil
}

// projectID is the id of a project the team takes part in.
func (t *tracker) projectID(op string, found []project) (string, error) {
	switch {
	case t.Project == "":
		return "", nil
	case found == nil:
		return "", undocumented(op)
	case len(found) == 0:
		return "", keyturn.Errorf(keyturn.Invalid, op, "there is no project %q, or the token may not see it; check the setting project", t.Project)
	case len(found) > 1:
		return "", keyturn.Errorf(keyturn.Invalid, op, "several projects are named %q; give the UUID of one in the setting project", t.Project)
	case len(found[0].Teams.Nodes) == 0:
		return "", keyturn.Errorf(keyturn.Invalid, op, "the project %q is not one of team %s; add the team to it in Linear", t.Project, t.Team)
	case found[0].ID == "":
		return "", undocumented(op)
	}
	return found[0].ID, nil
}

// states sees that the team can open and close tickets as the settings say,
// and returns the state to open them in, if the settings name one.
func (t *tracker) states(op string, all []state) (string, error) {
	for _, want := range []struct {
		setting, name string
		s             tickets.State
	}{{"open_state", t.OpenState, tickets.Open}, {"done_state", t.DoneState, tickets.Closed}} {
		to, ok := t.target(all, want.s)
		switch {
		case !ok:
			return "", keyturn.Errorf(keyturn.Invalid, op, "team %s has no state that is %s; add one to its workflow", t.Team, want.s)
		case want.name != "" && !strings.EqualFold(to.Name, want.name):
			return "", keyturn.Errorf(keyturn.Invalid, op, "team %s has no state %q that is %s; name one of its states in the setting %s", t.Team, want.name, want.s, want.setting)
		}
	}
	if t.OpenState == "" {
		return "", nil
	}
	to, _ := t.target(all, tickets.Open)
	return to.ID, nil
}
