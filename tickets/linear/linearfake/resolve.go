package linearfake

import "time"

// types are the object types and their fields.
func types() map[string]map[string]field {
	t := map[string]map[string]field{
		"Query":    queries(),
		"Mutation": mutations(),
		"Issue": {
			"id": of(func(i *Issue) any { return i.ID }), "identifier": of(func(i *Issue) any { return i.Identifier }),
			"title": of(func(i *Issue) any { return i.Title }), "description": of(func(i *Issue) any { return i.Description }),
			"url": of(func(i *Issue) any { return i.URL() }), "priority": of(func(i *Issue) any { return i.Priority }),
			"dueDate": of(func(i *Issue) any { return orNull(i.Due) }),
			"trashed": of(func(i *Issue) any {
				if !i.Trashed {
					return nil // and not false
				}
				return true
			}),
			"archivedAt": of(func(i *Issue) any {
				if i.Archived.IsZero() {
					return nil
				}
				return i.Archived.UTC().Format(time.RFC3339Nano)
			}),
			"state": of(func(i *Issue) any { return i.State }).typed("WorkflowState!"),
			"team":  of(func(i *Issue) any { return i.Team }).typed("Team!"),
		},
		"Team": {
			"id": of(func(t *Team) any { return t.ID }), "key": of(func(t *Team) any { return t.Key }), "name": of(func(t *Team) any { return t.Name }),
			"states": listing("WorkflowState", "", func(w *Workspace, from any) []*State {
				return only(w.states, func(s *State) bool { return s.team == from })
			}),
		},
		"WorkflowState": {
			"id": of(func(s *State) any { return s.ID }), "name": of(func(s *State) any { return s.Name }),
			"type": of(func(s *State) any { return s.Type }), "position": of(func(s *State) any { return s.Position }),
		},
		"IssueLabel": {
			"id": of(func(l *Label) any { return l.ID }), "name": of(func(l *Label) any { return l.Name }), "isGroup": of(func(l *Label) any { return l.Group }),
			"team": of(func(l *Label) any { return nilable(l.Team) }).typed("Team"),
		},
		"User": {"id": of(func(u *User) any { return u.ID }), "email": of(func(u *User) any { return u.Email })},
		"Project": {
			"id": of(func(p *Project) any { return p.ID }), "name": of(func(p *Project) any { return p.Name }),
			"teams": listing("Team", "TeamFilter", func(_ *Workspace, from any) []*Team { return from.(*Project).Teams }),
		},
		"Comment": {"id": of(func(c *Comment) any { return c.ID }), "body": of(func(c *Comment) any { return c.Body })},
	}
	for _, name := range []string{"WorkflowState", "Team", "IssueLabel", "User", "Project"} {
		t[name+"Connection"] = map[string]field{"nodes": of(func(p *page) any { return p.nodes }).typed("[" + name + "!]!"), "pageInfo": of(func(p *page) any { return p }).typed("PageInfo!")}
	}
	t["PageInfo"] = map[string]field{"hasNextPage": of(func(p *page) any { return p.more })}
	for name, fields := range map[string]map[string]field{
		"IssuePayload":        {"issue": of(func(i *Issue) any { return i }).typed("Issue")},
		"IssueArchivePayload": {"entity": of(func(i *Issue) any { return i }).typed("Issue")},
		"CommentPayload":      {"comment": of(func(c *Comment) any { return c }).typed("Comment!")},
	} {
		fields["success"] = field{of: "Boolean!", get: func(*Workspace, any, map[string]any) (any, error) { return true, nil }}
		t[name] = fields
	}
	return t
}

func queries() map[string]field {
	byID := map[string]string{"id": "String!"}
	return map[string]field{
		"viewer": {of: "User!", get: func(w *Workspace, _ any, _ map[string]any) (any, error) { return w.viewer, nil }},
		"issue": {of: "Issue!", args: byID, get: func(w *Workspace, _ any, args map[string]any) (any, error) {
			if i := w.see(text(args, "id")); i != nil {
				return i, nil
			}
			return nil, missing("Issue")
		}},
		"comment": {of: "Comment!", args: map[string]string{"id": "String"}, get: func(w *Workspace, _ any, args map[string]any) (any, error) {
			if c := w.comment(text(args, "id")); c != nil {
				return c, nil
			}
			return nil, missing("Comment")
		}},
		"teams":       listing("Team", "TeamFilter", func(w *Workspace, _ any) []*Team { return w.teams }),
		"issueLabels": listing("IssueLabel", "IssueLabelFilter", func(w *Workspace, _ any) []*Label { return w.labels }),
		"projects":    listing("Project", "ProjectFilter", func(w *Workspace, _ any) []*Project { return w.projects }),
		"users": listing("User", "UserFilter", func(w *Workspace, _ any) []*User {
			return only(w.users, func(u *User) bool { return u.Active })
		}),
	}
}

// of is a scalar field of a *T.
func of[T any](get func(*T) any) field {
	return field{of: "String", get: func(_ *Workspace, from any, _ map[string]any) (any, error) { return get(from.(*T)), nil }}
}

// typed is the field, of another type.
func (f field) typed(of string) field {
	f.of = of
	return f
}

// nilable keeps a pointer to nothing from looking like something.
func nilable[T any](p *T) any {
	if p == nil {
		return nil
	}
	return p
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// text is an argument that is a string; empty where it is not given.
func text(args map[string]any, name string) string {
	s, _ := args[name].(string)
	return s
}
