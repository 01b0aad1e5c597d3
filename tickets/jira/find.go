package jira

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
)

const (
	// bulk is the most issues one request reads by key ("Bulk fetch issues").
	bulk = 100
	// around is how many issues before and after a new one are read.
	around = bulk / 2
	// behind is how many issues before the newest that the search knows are read
	// as well: it need not learn of them in order.
	behind = 30
	// copies is how many issues with a ticket's label are looked at.
	copies = 20
)

// find returns the issues that were opened under key, oldest first: those the
// search knows by their label, and those it may not know yet.
func (t *tracker) find(ctx context.Context, op, key string) ([]issue, error) {
	labelled, err := t.search(ctx, op, `labels = "`+t.label(key)+`" ORDER BY created ASC`, copies)
	if err != nil {
		return nil, err
	}
	newest, err := t.search(ctx, op, `project = "`+t.Project+`" ORDER BY key DESC`, 1)
	if err != nil {
		return nil, err
	}
	prefix, last := t.Project, 0
	if len(newest) > 0 {
		var ok bool
		if prefix, last, ok = number(newest[0].Key); !ok {
			return nil, undocumented(op)
		}
	}
	names := make([]string, 0, bulk)
	for _, i := range labelled {
		names = append(names, i.ID)
	}
	return t.fetch(ctx, op, append(names, keys(prefix, last+1-behind, bulk-len(names))...), key)
}

// search asks the index, which may not know the issues of the last minutes and
// may know deleted ones.
func (t *tracker) search(ctx context.Context, op, jql string, most int) ([]issue, error) {
	in := map[string]any{"jql": jql, "maxResults": most, "fields": []string{"created"}}
	var out struct{ Issues []issue }
	err := t.call(ctx, op, http.MethodPost, "/search/jql", in, &out)
	switch {
	case keyturn.KindOf(err) == keyturn.Invalid:
		return nil, keyturn.Errorf(keyturn.Invalid, op, "Jira refused the search; check that the setting project names a project the account may browse")
	case err != nil:
		return nil, err
	case out.Issues == nil:
		return nil, undocumented(op)
	}
	return out.Issues[:min(most, len(out.Issues))], nil
}

// fetch reads issues from the database, and returns those that were opened
// under key, oldest first. A name that is none's is left out by Jira.
func (t *tracker) fetch(ctx context.Context, op string, names []string, key string) ([]issue, error) {
	in := map[string]any{"issueIdsOrKeys": names, "fields": []string{"status", "created"}, "properties": []string{property}}
	var out struct {
		Issues []issue
		Errors []struct {
			ID json.RawMessage `json:"id"`
		} `json:"issueErrors"`
	}
	if err := t.call(ctx, op, http.MethodPost, "/issue/bulkfetch", in, &out); err != nil {
		return nil, err
	}
	if out.Issues == nil {
		return nil, undocumented(op)
	}
	for _, e := range out.Errors {
		// A passing failure, reported by the issue's id. What is missing is not
		// reported, and if it were, it has no id.
		if _, err := strconv.ParseUint(strings.Trim(string(e.ID), `"`), 10, 64); err == nil {
			return nil, keyturn.Errorf(keyturn.Unavailable, op, "Jira could not read some issues just now")
		}
	}
	want := brand{Ticket: key, Project: t.Project}
	found := slices.DeleteFunc(out.Issues, func(i issue) bool { return !want.is(i.Properties[property]) })
	slices.SortFunc(found, func(a, b issue) int { // ids are numbers that grow
		return cmp.Or(cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
	return slices.CompactFunc(found, func(a, b issue) bool { return a.ID == b.ID }), nil
}

// keys are n keys of a project, from one number on. There is none below 1.
func keys(prefix string, from, n int) []string {
	out := make([]string, 0, n)
	for i := max(from, 1); i < from+n; i++ {
		out = append(out, prefix+"-"+strconv.Itoa(i))
	}
	return out
}

// number takes a key apart: OPS-12 is the twelfth of OPS.
func number(key string) (prefix string, n int, ok bool) {
	i := strings.LastIndexByte(key, '-')
	if i < 1 {
		return "", 0, false
	}
	n, err := strconv.Atoi(key[i+1:])
	return key[:i], n, err == nil && n > 0
}
