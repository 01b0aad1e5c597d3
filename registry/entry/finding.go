package entry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// A Finding is one thing wrong with an entry file, and how to mend it. It
// quotes names from the file but no free text, which might be a pasted value.
type Finding struct {
	File    string `json:"file"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1
	Field   string `json:"field,omitempty"`
	Problem string `json:"problem"`
	Mend    string `json:"mend"`
}

// String prints the finding as compilers do, so that editors can jump to it.
func (f Finding) String() string {
	field := f.Field
	if field != "" {
		field += ": "
	}
	return fmt.Sprintf("%s:%d:%d: %s%s; %s", f.File, f.Line, f.Column, field, f.Problem, f.Mend)
}

func sortFindings(findings []Finding) []Finding {
	slices.SortStableFunc(findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return findings
}

// around is the field that holds field: "a.b" for "a.b.c" and for "a.b[1]".
func around(field string) string {
	return field[:max(strings.LastIndexAny(field, ".["), 0)]
}

// nearest is the candidate that a misspelt word most likely means; "" if none
// is near.
func nearest(word string, candidates []string) string {
	best, least := "", max(2, len(word)/3)+1
	for _, c := range candidates {
		if len(word) >= 3 && strings.HasPrefix(c, word) { // "account" for "account_id"
			return c
		}
		if d := distance(word, c, least); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the letters to insert, drop or replace to get from a to b.
// From limit on it does not count on.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			step := diagonal
			if a[i] != b[j] {
				step = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], step
		}
	}
	return row[len(b)]
}

// shown quotes a name from a file, cut to a length that cannot fill a screen.
func shown(name string) string {
	if len(name) > 60 {
		name = strings.ToValidUTF8(name[:60], "") + "…"
	}
	return fmt.Sprintf("%q", name)
}
