package activities

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// CloseLeak closes a leak whose value is dead, or that a person dismissed, and what is
// found about it with it. A value that was kept is destroyed. It is safe to repeat.
func (a *Leaks) CloseLeak(ctx context.Context, in LeakRef) (LeakView, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil {
		return LeakView{}, err
	}
	if l.State == registry.LeakOpen && l.Dead.IsZero() {
		return a.view(l), nil
	}
	text := endOf(l)
	kept := l.Kept
	if err := a.Keep.drop(ctx, l.ID); err == nil {
		kept = ""
	} else if keyturn.KindOf(err).Retryable() {
		return LeakView{}, err
	} else if l.Note == "" { // a store that refuses must not keep the leak open
		l.Note = "its value could not be destroyed (" + words(err) + "); destroy it at " + a.Keep.ref(l.ID).Path
	}
	note := l.Note
	if err := a.settle(ctx, l); err != nil {
		return LeakView{}, err
	}
	if l.Key != "" && !l.Triaged.IsZero() {
		if err := a.note(ctx, l, registry.Event{ID: "closed", What: registry.LeakClosed, Detail: text, Tell: []registry.Audience{registry.ToOwner, registry.ToSecurity}}, nil); err != nil {
			return LeakView{}, err
		}
	}
	now := a.Keys.Now().UTC()
	l, err = a.change(ctx, l.ID, func(l *registry.Leak) {
		l.Kept, l.Note = kept, note
		if l.State == registry.LeakOpen {
			l.State = registry.LeakDead
		}
		if l.Closed.IsZero() {
			l.Closed = now
		}
	})
	return a.view(l), err
}

// CloseOutside closes what others keep of a leak that is closed: its ticket and the
// scanners' alerts. A leak that was answered before its ticket was opened has one all
// the same, for the record. It is safe to repeat.
func (a *Leaks) CloseOutside(ctx context.Context, in LeakRef) (LeakView, error) {
	l, err := a.Keys.Registry.Leak(ctx, in.ID)
	if err != nil || l.State == registry.LeakOpen {
		return a.view(l), err
	}
	text := endOf(l)
	closed, err := a.closeAlerts(ctx, l, text)
	errs := []error{a.settleTicket(ctx, l, text), err}
	if err := first(errs); err != nil && !keyturn.KindOf(err).Retryable() {
		_, noting := a.change(ctx, l.ID, func(l *registry.Leak) { l.Note = "not closed outside: " + words(err) })
		return a.view(l), errors.Join(err, noting)
	}
	if err := first(errs); err != nil || closed <= l.Outside {
		return a.view(l), err
	}
	l, err = a.change(ctx, l.ID, func(l *registry.Leak) { l.Outside = closed })
	return a.view(l), err
}

// endOf says how a leak ended.
func endOf(l registry.Leak) string {
	if l.State == registry.LeakDismissed {
		return "dismissed by " + l.Worder + ": " + l.Note
	}
	text := "the value is dead"
	if l.Proof != "" {
		text += " (" + l.Proof + ")"
	}
	if !l.Replaced.IsZero() {
		text += ", and consumers have another"
	}
	if !l.Dead.IsZero() {
		text += fmt.Sprintf("; %s after it was told of", l.Dead.Sub(l.At).Round(time.Second))
	}
	if l.Used != "" {
		text += "; " + l.Used
	}
	return text
}

// closeAlerts closes the alerts of the scanners that told of a leak, and returns of how
// many hits.
func (a *Leaks) closeAlerts(ctx context.Context, l registry.Leak, text string) (hits int, err error) {
	why := leaks.Revoked
	if l.State == registry.LeakDismissed {
		why = cmp.Or(leaks.Closing(l.Dismissal), leaks.Accepted)
	}
	var errs []error
	done := map[string]bool{}
	for h, err := range a.Keys.Registry.LeakHits(ctx, l.ID) {
		if err != nil {
			return hits, err
		}
		hits++
		c, ok := a.Sources[h.Source].(leaks.Closer)
		if !ok || h.Alert == "" || done[h.Source+"\x00"+h.Alert] {
			continue
		}
		done[h.Source+"\x00"+h.Alert] = true
		if err := c.Close(ctx, h.Alert, why, "Keyturn, "+l.ID+": "+text); err != nil {
			errs = append(errs, err)
		}
	}
	return hits, first(errs)
}
