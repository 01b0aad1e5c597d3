package jirafake

import (
	"slices"
	"strings"
)

// Issues returns the issues that were not deleted, oldest first.
func (j *Jira) Issues() []Issue {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := make([]Issue, 0, len(j.issues))
	for _, r := range j.issues {
		i := r.Issue
		i.Comments = slices.Clone(i.Comments)
		out = append(out, i)
	}
	return out
}

// Add puts an issue of somebody else's in a project, and returns its id.
func (j *Jira) Add(project string) string {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := &record{Issue: Issue{ID: j.nextID(), Key: j.nextKey(project), Type: "Task", Summary: "Something else", Status: "To Do", Created: j.o.Now()}, indexed: !j.frozen}
	j.issues = append(j.issues, r)
	return r.ID
}

// Put gives an issue another status, as a person would on the board.
func (j *Jira) Put(id, status string) { j.change(id, func(r *record) { r.Status = status }) }

// Label gives an issue labels in place of those it has.
func (j *Jira) Label(id string, labels ...string) {
	j.change(id, func(r *record) { r.Labels = labels })
}

// Move moves an issue to another project, which gives it another key.
func (j *Jira) Move(id, project string) {
	j.change(id, func(r *record) {
		r.past = append(r.past, r.Key)
		r.Key = j.nextKey(project)
	})
}

// Clone copies an issue, properties and all, as some apps do.
func (j *Jira) Clone(id string) {
	j.change(id, func(r *record) {
		project, _, _ := strings.Cut(r.Key, "-")
		c := &record{Issue: r.Issue, indexed: !j.frozen}
		c.ID, c.Key, c.Created, c.Comments = j.nextID(), j.nextKey(project), j.o.Now(), nil
		j.issues = append(j.issues, c)
	})
}

// Delete deletes an issue. Its number is not given out again.
func (j *Jira) Delete(id string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.issues = slices.DeleteFunc(j.issues, func(r *record) bool { return r.ID == id })
}

// Hide makes the search forget an issue until it catches up.
func (j *Jira) Hide(id string) { j.change(id, func(r *record) { r.indexed = false }) }

// Freeze stops the search from learning of new issues; Thaw lets it catch up.
func (j *Jira) Freeze() { j.freeze(true) }

// Thaw is the end of [Jira.Freeze].
func (j *Jira) Thaw() { j.freeze(false) }

func (j *Jira) freeze(on bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.frozen = on
	for _, r := range j.issues {
		r.indexed = r.indexed || !on
	}
}

func (j *Jira) change(id string, f func(*record)) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if r := j.find(id); r != nil {
		f(r)
	}
}
