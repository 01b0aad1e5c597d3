package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// LeaverCheck is the name of what is found about leavers.
const LeaverCheck = "offboarding"

// Kinds of findings about leavers.
const (
	lateDeparture  = "late-departure"
	heirlessKeys   = "no-successor"
	sessionsRemain = "sessions-remain"
	unknownOwner   = "unknown-owner"
	manyLeavers    = "too-many-leavers"
)

// tellLate says that a departure is not done within the SLA: as a finding, which
// lists what is open, and to security and the team of each open key, once.
func (a *Leavers) tellLate(ctx context.Context, d registry.Departure, p DepartureProgress, open []keyturn.KeyID) error {
	left := p.Keys - p.Done - p.Settled
	detail := fmt.Sprintf("%d of %d keys that a leaver could have seen are not replaced %s after the departure was heard of", left, p.Keys, a.Rules.SLA)
	names := make([]string, 0, mostNamed)
	for _, id := range open[:min(len(open), mostNamed)] {
		names = append(names, string(id))
	}
	if len(names) > 0 {
		detail += ": " + strings.Join(names, ", ")
	}
	if more := left - len(names); more > 0 && len(names) > 0 {
		detail += fmt.Sprintf(" and %d more", more)
	}
	if err := a.report(ctx, d, lateDeparture, registry.Critical, detail, "see what each waits for: keyturn offboard show "+d.ID); err != nil {
		return err
	}
	for _, id := range open[:min(len(open), mostNamed)] {
		if err := a.tellKey(ctx, d, id); err != nil {
			return err
		}
	}
	return nil
}

// tellKey tells once of a key that is late.
func (a *Leavers) tellKey(ctx context.Context, d registry.Departure, id keyturn.KeyID) error {
	return amend(ctx, a.Registry, registry.Event{
		ID: d.ID + "/" + string(id) + "/late", Key: id, What: registry.Stuck, Actor: DepartureActor(d.ID), At: a.Now().UTC(), Reason: "offboarding",
		Detail: fmt.Sprintf("a leaver could have seen it, and it is not replaced within %s", a.Rules.SLA),
		Tell:   []registry.Audience{registry.ToSecurity, registry.ToTeam}, Urgent: true,
	}, nil)
}

// report records what is found about a departure. It names nobody.
func (a *Leavers) report(ctx context.Context, d registry.Departure, kind string, s registry.Severity, detail, mend string) error {
	_, err := a.Registry.Report(ctx, []registry.Finding{{
		ID: registry.FindingID(LeaverCheck, kind, d.ID, d.ID), Check: LeaverCheck, Kind: kind, Place: d.ID, Subject: d.ID,
		Severity: s, Seen: a.Now().UTC(), Detail: detail, Mend: mend,
	}})
	return err
}

// settle ends what was found about a departure: it is closed.
func (a *Leavers) settle(ctx context.Context, d registry.Departure) error {
	now := a.Now().UTC()
	_, err := a.Registry.Settle(ctx, LeaverCheck, d.ID, now.Add(time.Microsecond), now)
	return err
}
