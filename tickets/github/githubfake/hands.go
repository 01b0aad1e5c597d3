package githubfake

import (
	"slices"
	"strconv"
)

// An Issue is one as a person sees it.
type Issue struct {
	ID          string // its number
	Title, Body string
	User        string
	State       string // open or closed
	Reason      string // completed, not_planned, duplicate, reopened or empty
	Labels      []string
	Assignees   []string
	Type        string
	Comments    []string // oldest first
}

// Issues returns the issues there are, oldest first.
func (f *Fake) Issues() (out []Issue) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, i := range f.issues {
		if i.gone || i.elsewhere || i.pull {
			continue
		}
		one := Issue{
			ID: strconv.Itoa(i.number), Title: i.title, Body: i.body, User: i.user, State: i.state,
			Labels: slices.Clone(i.labels), Assignees: slices.Clone(i.assignees), Type: i.kind,
		}
		one.Reason, _ = i.reason.(string)
		for _, c := range i.comments {
			one.Comments = append(one.Comments, c.body)
		}
		out = append(out, one)
	}
	return out
}

// hand does something to an issue that exists.
func (f *Fake) hand(id string, do func(*issue)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n, err := strconv.Atoi(id); err == nil && n > 0 && n <= len(f.issues) {
		do(f.issues[n-1])
	}
}

// Move opens or closes an issue as a person does, for a reason.
func (f *Fake) Move(id, state, reason string) {
	f.hand(id, func(i *issue) { f.move(i, state, reason) })
}

// Edit changes an issue's body.
func (f *Fake) Edit(id string, edit func(body string) string) {
	f.hand(id, func(i *issue) { i.body = edit(i.body) })
}

// Delete deletes an issue.
func (f *Fake) Delete(id string) { f.hand(id, func(i *issue) { i.gone = true }) }

// Transfer moves an issue to another repository.
func (f *Fake) Transfer(id string) { f.hand(id, func(i *issue) { i.elsewhere = true }) }

// Say comments as somebody.
func (f *Fake) Say(id, user, body string) { f.hand(id, func(i *issue) { f.say(i, user, body) }) }

// Put opens an issue as somebody, or a pull request, with labels. It returns
// its number.
func (f *Fake) Put(user, title, body string, pull bool, labels ...string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	i := f.add(issue{title: title, body: body, user: user, labels: labels, pull: pull})
	return strconv.Itoa(i.number)
}
