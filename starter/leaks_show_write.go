package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// write prints the story for people. Without all only the first places and uses are
// listed.
func (s *leakStory) write(a *app, all bool) func(io.Writer) error {
	return func(w io.Writer) error {
		now := a.now()
		for _, part := range []func(io.Writer, time.Time) error{s.writeHead, s.writeSteps} {
			if err := part(w, now); err != nil {
				return err
			}
		}
		if err := s.writePlaces(w, now, all); err != nil {
			return err
		}
		if err := s.writeUses(w, now, all); err != nil {
			return err
		}
		_, _ = fmt.Fprintln(w, "\nnext: "+clean(s.Next))
		for _, c := range s.Commands {
			_, _ = fmt.Fprintln(w, "  "+clean(c))
		}
		return nil
	}
}

func (s *leakStory) writeHead(w io.Writer, now time.Time) error {
	l := s.leak
	c := newColumns(w)
	c.row("leak", l.ID)
	if strings.HasPrefix(s.HowFar, string(l.State)) {
		c.row("state", s.HowFar)
	} else {
		c.row("state", string(l.State)+": "+s.HowFar)
	}
	if l.Key == "" {
		c.row("key", nobodys)
	} else {
		c.row("key", fmt.Sprintf("%s, generation %d", l.Key, l.Generation))
		c.row("matched", matchText(l.Match))
		c.row("owner", dash(s.Owner.Team)+", "+dash(s.Owner.Person))
	}
	if l.Issuer.Provider != "" || s.Provider != "" {
		c.row("provider", strings.TrimSuffix(s.String(), "/"))
	}
	if l.RemoteID != "" {
		c.row("vendor's id", l.RemoteID)
	}
	for _, x := range s.Consumers {
		c.row("consumer", x)
	}
	c.row("found by", l.Source+s.rule()+", told by "+l.Actor)
	c.row("exposed since", stamp(l.Since, now)+visible(l.Public))
	c.row("works", works(l))
	c.row("last used", stamp(l.LastUsed, now))
	if l.Plan != "" {
		c.row("plan", planText(l.Plan))
	}
	if l.Word != "" && l.State != registry.LeakDismissed {
		c.row("a person said", wordText(l.Word)+", by "+l.Worder)
	}
	if l.Dismissal != "" {
		c.row("dismissed", "as "+l.Dismissal+" by "+l.Worder)
	}
	if l.Proof != "" {
		c.row("proof", l.Proof)
	}
	if l.Used != "" {
		c.row("used", l.Used)
	}
	if l.Kept != "" {
		c.row("value", "kept in the store until the leak is closed")
	}
	if l.Ticket.ID != "" {
		c.row("ticket", strings.TrimSpace(l.Ticket.String()+" "+l.Ticket.URL))
	}
	if l.Note != "" {
		c.row("note", l.Note)
	}
	return c.flush()
}

func (s *leakStory) rule() string {
	if s.Rule == "" {
		return ""
	}
	return " as " + s.Rule
}

func visible(public bool) string {
	if public {
		return ", where strangers see it"
	}
	return ""
}

// works says whether the value opens anything.
func works(l registry.Leak) string {
	switch {
	case !l.Dead.IsZero():
		return "no"
	case l.Alive == string(leaks.Active):
		return "yes, when it was looked at"
	case l.Alive == string(leaks.Inactive):
		return "no: the vendor refuses it"
	case l.Works():
		return "yes, says the scanner"
	}
	return "unknown"
}

func planText(plan keyturn.OnLeak) string {
	return map[keyturn.OnLeak]string{
		keyturn.ReplaceFirst: "replace it first, and end it then, or when that takes too long",
		keyturn.KillFirst:    "end it first, and replace it then",
		keyturn.ReplaceOnly:  "replace it first, and never end it before that",
	}[plan]
}

func wordText(word registry.LeakWord) string {
	if word == registry.LeakKill {
		return "end it now, replaced or not"
	}
	return "do not end it before it is replaced"
}

func (s *leakStory) writeSteps(w io.Writer, now time.Time) error {
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "WHEN", "AFTER", "WHAT")
	for _, step := range s.Timeline {
		t.row(stamp(step.At, now), rough(time.Duration(step.After)), step.What)
	}
	return t.flush()
}

// writePlaces lists where the value was found.
func (s *leakStory) writePlaces(w io.Writer, now time.Time, all bool) error {
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "FOUND BY", "WHERE", "SINCE", "TOLD")
	shown := s.Places
	if !all {
		shown = shown[:min(listed, len(shown))]
	}
	for _, p := range shown {
		var where []string
		for _, text := range []string{p.Repo, p.Place, p.URL} {
			if text != "" {
				where = append(where, text)
			}
		}
		t.row(p.Source, dash(strings.Join(where, ", "))+visible(p.Public), since(p.Since, now), distance(p.At, now))
	}
	return s.more(w, t, len(s.Places)-len(shown))
}

// writeUses lists what was done with the key, as the vendor's log shows.
func (s *leakStory) writeUses(w io.Writer, now time.Time, all bool) error {
	if len(s.Uses) == 0 {
		return nil
	}
	_, _ = fmt.Fprintln(w)
	t := newColumns(w, "USED", "FROM", "WHAT", "AGENT")
	shown := s.Uses
	if !all {
		shown = shown[:min(listed, len(shown))]
	}
	for _, u := range shown {
		t.row(stamp(u.At, now), dash(u.From), dash(u.What), dash(u.Agent))
	}
	return s.more(w, t, len(s.Uses)-len(shown))
}

// more ends a table, and says how much of it was left out.
func (s *leakStory) more(w io.Writer, t *columns, n int) error {
	if err := t.flush(); err != nil || n == 0 {
		return err
	}
	_, err := fmt.Fprintf(w, "and %d more; all of them with: keyturn leaks show %s --all\n", n, s.Leak)
	return err
}
