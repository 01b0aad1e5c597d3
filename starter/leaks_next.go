package main

import (
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// next says what happens now, or what a person has to do.
func (s *leakStory) next(now time.Time) string {
	l := s.leak
	switch {
	case endedLeak(l) && l.Closed.IsZero():
		return "the alert, the ticket and the finding are being closed"
	case endedLeak(l):
		return "nothing"
	case l.Word == registry.LeakKill && l.Killed.IsZero():
		return "it is being ended, replaced or not"
	case l.Stray:
		return "it was ended, and works all the same; nothing ends it by itself: keyturn leaks kill " + l.ID
	case l.Key == "":
		return s.nextUnowned()
	case l.Triaged.IsZero():
		return "a worker finds out whether it works; if that takes longer than a minute: is keyturn-worker running?"
	case l.Plan == keyturn.KillFirst && l.Killed.IsZero() && l.Word != registry.LeakHold && l.Alive != string(leaks.Inactive):
		return "it is being ended ahead of its replacement"
	case !l.Replaced.IsZero():
		return "its consumers have another value; the leaked one is being ended, and tried until it is refused"
	}
	return s.nextReplaced(now)
}

// nextUnowned says what can be done about a value that is no key's.
func (s *leakStory) nextUnowned() string {
	l := s.leak
	if l.RemoteID != "" && l.Issuer.Account != "" {
		return fmt.Sprintf("it is in no ledger, so nothing ends it by itself: a person has it ended, or enters it as a key of %s with the vendor's id %s", l.Issuer, l.RemoteID)
	}
	return "nobody knows whose it is: a person finds out, ends it there, and dismisses the leak; it goes on by itself once a key is known to have the value"
}

// nextReplaced says what a replacement waits for.
func (s *leakStory) nextReplaced(now time.Time) string {
	l := s.leak
	out := "it is being replaced"
	if h := asksFor(s.key, now); h != nil {
		out += fmt.Sprintf(", and waits for a person to %s, due %s", h.What, dueText(h, now))
	}
	if s.Paused != nil {
		out += fmt.Sprintf(", and waits because its account is paused: %s", s.Paused.sentence(now))
	}
	switch {
	case !l.Killed.IsZero():
		return out + "; its consumers stand still until it is"
	case l.Word == registry.LeakHold:
		return out + "; it is not ended before that, because " + l.Worder + " said so"
	case l.Plan == keyturn.ReplaceFirst && !l.KillAt.IsZero() && l.Alive != string(leaks.Inactive):
		return out + "; if it is not by " + l.KillAt.UTC().Format(time.RFC3339) + ", it is ended all the same"
	case l.Plan == keyturn.ReplaceOnly:
		return out + "; it is not ended before that, however long it takes"
	}
	return out
}

// commands are those that may be of use now.
func (s *leakStory) commands() []string {
	l := s.leak
	if endedLeak(l) {
		return []string{}
	}
	out := []string{}
	if l.Key != "" {
		out = append(out, "keyturn watch "+string(l.Key))
	}
	if s.key != nil && s.key.Intent != nil && s.key.Intent.Manual != nil && !s.key.Intent.Manual.Done {
		out = append(out, "keyturn manual show "+string(l.Key))
	}
	if s.Paused != nil {
		out = append(out, "keyturn providers resume "+s.String())
	}
	if mayKill("", l) == nil {
		out = append(out, "keyturn leaks kill "+l.ID)
	}
	if l.Word != registry.LeakHold && mayHold("", l) == nil {
		out = append(out, "keyturn leaks hold "+l.ID)
	}
	if l.Key == "" && l.RemoteID != "" {
		out = append(out, "keyturn adopt KEY --remote-id "+l.RemoteID)
	}
	return append(out, "keyturn leaks dismiss "+l.ID+" --reason REASON --note TEXT")
}
