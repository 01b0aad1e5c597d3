package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// LeakCheck is the name of what is found about leaks.
const LeakCheck = "leak"

// Kinds of findings about leaks.
const (
	unownedLeak = "unowned-leak"
	lateLeak    = "late-leak"
	aliveLeak   = "not-ended"
)

// The loudest that was told of a leak; see registry.Leak.
const (
	toldFound = "found"
	toldLate  = "late"
)

// tellFound tells the owner, the team and security of a leaked key, once.
func (a *Leaks) tellFound(ctx context.Context, l registry.Leak) error {
	detail := fmt.Sprintf("the value of generation %d was found", l.Generation)
	if l.Match == leaks.ByID {
		detail = fmt.Sprintf("the id of generation %d was found, and its value may be near", l.Generation)
	}
	if l.Public {
		detail += " where strangers see it"
	}
	switch l.Alive {
	case string(leaks.Active):
		detail += "; it works"
	case string(leaks.Inactive):
		detail += "; it is dead already"
	}
	if err := a.note(ctx, l, registry.Event{
		ID: "found", What: registry.LeakFound, Detail: detail + "; see: keyturn leaks show " + l.ID,
		Tell: []registry.Audience{registry.ToOwner, registry.ToTeam, registry.ToSecurity}, Urgent: true,
	}, nil); err != nil {
		return err
	}
	if l.Stray {
		return a.report(ctx, l, aliveLeak, registry.Critical, named(l)+" was ended, and its value works", "end it: keyturn leaks kill "+l.ID)
	}
	return a.settle(ctx, l) // it may have been nobody's before
}

// tellUnowned reports a leak that is no key's as a finding, until it is closed.
func (a *Leaks) tellUnowned(ctx context.Context, l registry.Leak) error {
	severity := registry.Warning
	if loud(l) {
		severity = registry.Critical
	}
	detail, mend := unowned(l)
	return a.report(ctx, l, unownedLeak, severity, detail, mend)
}

// loud reports whether somebody is to be woken for a leak: it is a key's, or the value
// is known to work, or strangers see it. Most of what scanners take for secrets is
// none of that.
func loud(l registry.Leak) bool {
	return l.Key != "" || l.Public || l.Works()
}

// unowned says what is known of a leak that is no key's, and what to do.
func unowned(l registry.Leak) (detail, mend string) {
	detail = named(l) + " was found where it should not be"
	if l.Public {
		detail += ", where strangers see it"
	}
	if l.RemoteID == "" || l.Issuer.Account == "" {
		return detail, "find out whose it is, end it there, then: keyturn leaks dismiss " + l.ID
	}
	return detail + "; the vendor's id is " + l.RemoteID, "end it: keyturn leaks kill " + l.ID + "; or enter it: keyturn adopt KEY --remote-id " + l.RemoteID
}

// tellLate notes that a leaked value lives longer than it may, once.
func (a *Leaks) tellLate(ctx context.Context, l registry.Leak) (registry.Leak, error) {
	detail, mend := a.late(l)
	if err := a.report(ctx, l, lateLeak, registry.Critical, detail, mend); err != nil {
		return l, err
	}
	err := a.note(ctx, l, registry.Event{
		ID: "late", What: registry.LeakLate, Detail: detail, Tell: []registry.Audience{registry.ToSecurity, registry.ToTeam}, Urgent: true,
	}, nil)
	if err != nil {
		return l, err
	}
	return a.change(ctx, l.ID, func(l *registry.Leak) { l.Told = toldLate })
}

// late says that a leaked value is alive, and what to do.
func (a *Leaks) late(l registry.Leak) (detail, mend string) {
	detail = fmt.Sprintf("%s is alive %s after it was found", named(l), a.Rules.SLA)
	if !l.KillAt.IsZero() && l.Killed.IsZero() && l.Word != registry.LeakHold {
		detail += "; it is ended, replaced or not, at " + l.KillAt.UTC().Format(time.RFC3339)
	}
	return detail, "see what it waits for: keyturn leaks show " + l.ID + "; end it now, whoever uses it: keyturn leaks kill " + l.ID
}

// tellAlive tells that a leaked value was to be ended and could not be.
func (a *Leaks) tellAlive(ctx context.Context, l registry.Leak, why string) error {
	detail := named(l) + " was to be ended, and could not be: " + why
	if err := a.report(ctx, l, aliveLeak, registry.Critical, detail, "end it at the vendor; see: keyturn leaks show "+l.ID); err != nil || l.Key == "" {
		return err
	}
	return a.note(ctx, l, registry.Event{ID: "alive", What: registry.LeakLate, Detail: detail, Tell: []registry.Audience{registry.ToSecurity, registry.ToTeam}, Urgent: true}, nil)
}

// TellLeak tells of a leak where that takes others: it opens a ticket and, where no
// notice can be left beside a key, tells security at once. It is safe to repeat; a
// message whose answer was lost may come twice.
func (a *Leaks) TellLeak(ctx context.Context, in LeakRef) (LeakView, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil || l.State != registry.LeakOpen || !loud(l) {
		return a.view(l), err
	}
	var paged error
	if l.Key == "" {
		paged = a.pageUnowned(ctx, l)
	}
	return a.view(l), errors.Join(a.openTicket(ctx, l), paged)
}

// pageUnowned tells security of a leak that is no key's: that there is one, and that
// it lives longer than it may.
func (a *Leaks) pageUnowned(ctx context.Context, l registry.Leak) error {
	if a.Page == nil {
		return nil
	}
	say := func(what, subject, detail, mend string) error {
		if err := a.Page(ctx, l.ID+"-"+what, subject+named(l), detail+".\n\nTo mend it: "+mend+"\n"); err != nil {
			return err
		}
		_, err := a.change(ctx, l.ID, func(l *registry.Leak) { l.Told = what })
		return err
	}
	if l.Told == "" {
		detail, mend := unowned(l)
		return say(toldFound, "[Keyturn] Urgent: a leak that is no key's: ", detail, mend)
	}
	if l.Told != toldLate && a.view(l).Late {
		detail, mend := a.late(l)
		return say(toldLate, "[Keyturn] Urgent: a leaked value is alive: ", detail, mend)
	}
	return nil
}

func (a *Leaks) report(ctx context.Context, l registry.Leak, kind string, s registry.Severity, detail, mend string) error {
	_, err := a.Keys.Registry.Report(ctx, []registry.Finding{{
		ID: registry.FindingID(LeakCheck, kind, l.ID, l.ID), Check: LeakCheck, Kind: kind, Place: l.ID, Subject: l.ID, Key: l.Key,
		Severity: s, Seen: a.Keys.Now().UTC(), Detail: detail, Mend: mend,
	}})
	return err
}

// settle ends what was found about a leak.
func (a *Leaks) settle(ctx context.Context, l registry.Leak) error {
	now := a.Keys.Now().UTC()
	_, err := a.Keys.Registry.Settle(ctx, LeakCheck, l.ID, now.Add(time.Microsecond), now)
	return err
}

// mentions reports whether a detail speaks of an id, and not of a longer one.
func mentions(detail, id string) bool {
	for _, word := range strings.FieldsFunc(detail, func(r rune) bool { return r == ' ' || r == ';' || r == ',' }) {
		if word == id {
			return true
		}
	}
	return false
}
