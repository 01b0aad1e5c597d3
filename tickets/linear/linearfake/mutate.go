package linearfake

import (
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"
)

func mutations() map[string]field {
	type resolver = func(w *Workspace, args map[string]any) (any, error)
	mutation := func(of string, args map[string]string, do resolver) field {
		return field{of: of, args: args, get: func(w *Workspace, _ any, args map[string]any) (any, error) { return do(w, args) }}
	}
	return map[string]field{
		"issueCreate":    mutation("IssuePayload!", map[string]string{"input": "IssueCreateInput!"}, (*Workspace).createIssue),
		"issueUpdate":    mutation("IssuePayload!", map[string]string{"id": "String!", "input": "IssueUpdateInput!"}, (*Workspace).updateIssue),
		"issueUnarchive": mutation("IssueArchivePayload!", map[string]string{"id": "String!"}, (*Workspace).unarchiveIssue),
		"commentCreate":  mutation("CommentPayload!", map[string]string{"input": "CommentCreateInput!"}, (*Workspace).createComment),
	}
}

// chosen is the id a client chose, or a new one. Linear wants the form of
// version 4.
func chosen(input map[string]any) (string, error) {
	id, given := input["id"].(string)
	if !given {
		return uuid.NewString(), nil
	}
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(id) {
		return "", unfit("id must be a UUID.")
	}
	return id, nil
}

func (w *Workspace) createIssue(args map[string]any) (any, error) {
	input, _ := args["input"].(map[string]any)
	id, err := chosen(input)
	if err != nil {
		return nil, err
	}
	team := by(w.teams, func(t *Team) bool { return t.ID == input["teamId"] })
	switch {
	case team == nil:
		return nil, missing("Team")
	case text(input, "title") == "":
		return nil, unfit("title should not be empty.")
	case w.find(id) != nil:
		return nil, taken("Issue", id)
	case w.o.Full:
		return nil, &fault{status: 400, code: "USAGE_LIMIT_EXCEEDED", kind: "usage limit exceeded", message: "usage limit exceeded", forPersons: "Upgrade to add issues."}
	}
	i := &Issue{ID: id, Team: team, State: by(w.states, func(s *State) bool { return s.team == team && s.Type == "backlog" })}
	if err := w.fill(i, input); err != nil {
		return nil, err
	}
	i.Identifier = w.next(team)
	w.issues = append(w.issues, i)
	return i, nil
}

// fill writes an input into an issue, or says what does not fit and may have
// written some of it: give it a copy.
func (w *Workspace) fill(i *Issue, input map[string]any) error {
	if s, ok := input["title"].(string); ok {
		i.Title = s
	}
	if s, ok := input["description"].(string); ok {
		i.Description = s
	}
	if n, ok := input["priority"].(float64); ok {
		if i.Priority = int(n); i.Priority < 0 || i.Priority > 4 {
			return unfit("priority must not be greater than 4.")
		}
	}
	if due, given := input["dueDate"]; given {
		i.Due, _ = due.(string)
		if _, err := time.Parse(time.DateOnly, i.Due); err != nil && i.Due != "" {
			return unfit("dueDate must be a date.")
		}
	}
	if id := text(input, "stateId"); id != "" {
		if i.State = by(w.states, func(s *State) bool { return s.ID == id && s.team == i.Team }); i.State == nil {
			return missing("WorkflowState")
		}
	}
	if id := text(input, "assigneeId"); id != "" {
		if i.Assignee = by(w.users, func(u *User) bool { return u.ID == id && u.Active }); i.Assignee == nil {
			return missing("User")
		}
	}
	if id := text(input, "projectId"); id != "" {
		if i.Project = by(w.projects, func(p *Project) bool { return p.ID == id && slices.Contains(p.Teams, i.Team) }); i.Project == nil {
			return missing("Project")
		}
	}
	ids, _ := input["labelIds"].([]any)
	for _, id := range ids {
		l := by(w.labels, func(l *Label) bool { return l.ID == id && !l.Group && (l.Team == nil || l.Team == i.Team) })
		if l == nil {
			return missing("IssueLabel")
		}
		i.Labels = append(i.Labels, l)
	}
	return nil
}

// changeable is an issue that can be changed. One in the archive cannot, people
// report; the trash is a part of it.
func (w *Workspace) changeable(id string) (*Issue, error) {
	i := w.see(id)
	switch {
	case i == nil:
		return nil, missing("Issue")
	case !i.Archived.IsZero():
		return nil, unfit("The issue is archived.")
	}
	return i, nil
}

func (w *Workspace) updateIssue(args map[string]any) (any, error) {
	i, err := w.changeable(text(args, "id"))
	if err != nil {
		return nil, err
	}
	input, _ := args["input"].(map[string]any)
	changed := *i
	if err := w.fill(&changed, input); err != nil {
		return nil, err
	}
	*i = changed
	return i, nil
}

func (w *Workspace) unarchiveIssue(args map[string]any) (any, error) {
	i := w.see(text(args, "id"))
	if i == nil {
		return nil, missing("Issue")
	}
	i.Archived, i.Trashed = time.Time{}, false
	return i, nil
}

func (w *Workspace) createComment(args map[string]any) (any, error) {
	input, _ := args["input"].(map[string]any)
	id, err := chosen(input)
	if err != nil {
		return nil, err
	}
	on, err := w.changeable(text(input, "issueId"))
	if err != nil {
		return nil, err
	}
	if text(input, "body") == "" {
		return nil, unfit("body should not be empty.")
	}
	if w.gone[id] || w.comment(id) != nil {
		return nil, taken("Comment", id)
	}
	on.Comments = append(on.Comments, Comment{id, text(input, "body")})
	return &on.Comments[len(on.Comments)-1], nil
}
