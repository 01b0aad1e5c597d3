package linearfake

import (
	"slices"
	"strings"
	"time"
)

// Issues returns the issues that are not in the trash, oldest first.
func (w *Workspace) Issues() []Issue {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []Issue
	for _, i := range w.issues {
		if !i.Trashed {
			c := *i
			c.Comments = slices.Clone(i.Comments)
			out = append(out, c)
		}
	}
	return out
}

// TeamID is the id of the team with a key.
func (w *Workspace) TeamID(key string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return by(w.teams, func(t *Team) bool { return t.Key == key }).ID
}

// UserID is the id of the user with an email address.
func (w *Workspace) UserID(email string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return by(w.users, func(u *User) bool { return u.Email == email }).ID
}

// Move brings an issue into the state of that name, as a person does by hand.
func (w *Workspace) Move(id, state string) {
	w.change(id, func(i *Issue) {
		i.State = by(w.states, func(s *State) bool { return s.team == i.Team && s.Name == state })
	})
}

// MoveTeam moves an issue to another team, where it gets another identifier
// and the state of the same name.
func (w *Workspace) MoveTeam(id, key string) {
	w.change(id, func(i *Issue) {
		i.Team = by(w.teams, func(t *Team) bool { return t.Key == key })
		i.State = by(w.states, func(s *State) bool { return s.team == i.Team && s.Name == i.State.Name })
		i.Identifier = w.next(i.Team)
	})
}

// RenameState renames a state of every team.
func (w *Workspace) RenameState(from, to string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range w.states {
		if s.Name == from {
			s.Name = to
		}
	}
}

// Archive puts an issue away, as Linear does itself with closed ones.
func (w *Workspace) Archive(id string) {
	w.change(id, func(i *Issue) { i.Archived = w.o.Now() })
}

// Trash deletes an issue as people do: it stays in the trash for 30 days.
func (w *Workspace) Trash(id string) {
	w.change(id, func(i *Issue) { i.Archived, i.Trashed = w.o.Now(), true })
}

// Restore takes an issue out of the trash or the archive.
func (w *Workspace) Restore(id string) {
	w.change(id, func(i *Issue) { i.Archived, i.Trashed = time.Time{}, false })
}

// Hide takes an issue out of the token's sight, as moving it to a private team
// does.
func (w *Workspace) Hide(id string) { w.change(id, func(i *Issue) { i.hidden = true }) }

// Purge deletes an issue for good.
func (w *Workspace) Purge(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.issues = slices.DeleteFunc(w.issues, func(i *Issue) bool { return strings.EqualFold(i.ID, id) })
}

// DeleteComments deletes all comments on an issue. Their ids stay taken.
func (w *Workspace) DeleteComments(id string) {
	w.change(id, func(i *Issue) {
		for _, c := range i.Comments {
			w.gone[c.ID] = true
		}
		i.Comments = nil
	})
}

func (w *Workspace) change(id string, do func(*Issue)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := w.find(id); i != nil {
		do(i)
	}
}
