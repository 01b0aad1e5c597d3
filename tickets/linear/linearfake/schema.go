package linearfake

import "strings"

// A field is one of a type: what it is of, what it may be given, and where it
// comes from.
type field struct {
	of   string
	args map[string]string
	get  func(w *Workspace, from any, args map[string]any) (any, error)
}

// schema is the part of Linear's that this fake knows. A document that asks for
// more is refused, as Linear refuses what its schema does not have.
type schema struct {
	types  map[string]map[string]field
	inputs map[string]map[string]string
}

// inputs are the input types: each field and its type.
func inputs() map[string]map[string]string {
	comparators := func(fields ...string) map[string]string {
		out := map[string]string{}
		for _, f := range fields {
			name, of, _ := strings.Cut(f, " ")
			out[name] = of
		}
		return out
	}
	return map[string]map[string]string{
		"StringComparator":   comparators("eq String", "eqIgnoreCase String", "in [String!]"),
		"IDComparator":       comparators("eq ID", "in [ID!]"),
		"BooleanComparator":  comparators("eq Boolean"),
		"TeamFilter":         comparators("and [TeamFilter!]", "or [TeamFilter!]", "id IDComparator", "key StringComparator", "name StringComparator"),
		"NullableTeamFilter": comparators("and [NullableTeamFilter!]", "or [NullableTeamFilter!]", "null Boolean", "id IDComparator", "key StringComparator", "name StringComparator"),
		"IssueLabelFilter":   comparators("and [IssueLabelFilter!]", "or [IssueLabelFilter!]", "id IDComparator", "name StringComparator", "isGroup BooleanComparator", "team NullableTeamFilter"),
		"UserFilter":         comparators("and [UserFilter!]", "or [UserFilter!]", "id IDComparator", "email StringComparator"),
		"ProjectFilter":      comparators("and [ProjectFilter!]", "or [ProjectFilter!]", "id IDComparator", "name StringComparator"),
		"IssueCreateInput": comparators("id String", "teamId String!", "title String", "description String", "priority Int", "labelIds [String!]",
			"dueDate TimelessDate", "assigneeId String", "projectId String", "stateId String"),
		"IssueUpdateInput":   comparators("title String", "description String", "priority Int", "dueDate TimelessDate", "stateId String", "trashed Boolean"),
		"CommentCreateInput": comparators("id String", "issueId String", "body String"),
	}
}

// base is a type without its lists and exclamation marks.
func base(of string) string { return strings.Trim(of, "[]!") }

// isScalar reports whether a type has no fields.
func isScalar(of string) bool {
	switch base(of) {
	case "ID", "String", "Int", "Float", "Boolean", "DateTime", "TimelessDate":
		return true
	}
	return false
}
