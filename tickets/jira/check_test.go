package jira_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/tickets/jira/jirafake"
)

// TestCheckSaysTheMend spoils one thing at a time.
func TestCheckSaysTheMend(t *testing.T) {
	t.Parallel()
	without := func(id string) []jirafake.Field {
		return slices.DeleteFunc(jirafake.Screen(), func(f jirafake.Field) bool { return f.ID == id })
	}
	more := func(f jirafake.Field) []jirafake.Field { return append(jirafake.Screen(), f) }
	for _, c := range []struct {
		name, settings string
		site           jirafake.Options
		want           keyturn.Kind
		says           string
	}{
		{"all is well", config, jirafake.Options{}, "", ""},
		{"all is well, page by page", with(`"urgent_priority": "High"`), jirafake.Options{PageSize: 2}, "", ""},
		{"another account", strings.Replace(config, "keyturn@", "someone@", 1), jirafake.Options{}, keyturn.Denied, "email and token"},
		{"no such project", strings.Replace(config, `"OPS"`, `"SRE"`, 1), jirafake.Options{}, keyturn.NotFound, "setting project"},
		{"permissions", config, jirafake.Options{Lacks: []string{"ADD_COMMENTS", "SCHEDULE_ISSUES"}}, keyturn.Denied, "Schedule issues, Add comments"},
		{"no such type", with(`"issue_type": "Chore"`), jirafake.Options{PageSize: 1}, keyturn.Invalid, "issue_type"},
		{"a subtask", with(`"issue_type": "Sub-task"`), jirafake.Options{}, keyturn.Invalid, "subtasks"},
		{"no due date", config, jirafake.Options{Fields: without("duedate")}, keyturn.Invalid, "does not take duedate"},
		{"no labels", config, jirafake.Options{Fields: without("labels")}, keyturn.Invalid, "does not take labels"},
		{"project is not listed", config, jirafake.Options{Fields: without("project")}, "", ""},
		{"a field more", config, jirafake.Options{Fields: more(jirafake.Field{ID: "customfield_10042", Required: true})}, keyturn.Invalid, "customfield_10042"},
		{"a field with a strange name", config, jirafake.Options{Fields: more(jirafake.Field{ID: "<b>", Required: true})}, keyturn.Invalid, "of an unknown name"},
		{"a field with a default", config, jirafake.Options{Fields: more(jirafake.Field{ID: "customfield_10042", Required: true, Default: true})}, "", ""},
		{"no such priority", with(`"urgent_priority": "P0"`), jirafake.Options{}, keyturn.Invalid, "urgent_priority"},
		{"no priorities", with(`"urgent_priority": "High"`), jirafake.Options{Fields: without("priority")}, keyturn.Invalid, "does not take priority"},
		{"no priorities and none wanted", config, jirafake.Options{Fields: without("priority")}, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, c.settings, c.site)
			err := w.Check(t.Context())
			if keyturn.KindOf(err) != c.want || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("Check: %v, want %q and %q", err, c.want, c.says)
			}
			if n := len(w.site.Issues()); n != 0 {
				t.Errorf("Check left %d issues", n)
			}
		})
	}
}
