package activities

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// WatchStuckInput says how long an operation may take.
type WatchStuckInput struct {
	// After is how long an operation may take beyond the waits of its key's
	// policy. Default 7d.
	After keyturn.Duration `json:"after,omitempty"`
}

// WatchStuckResult counts what was found.
type WatchStuckResult struct {
	Underway int `json:"underway"` // operations that are old enough to be looked at
	Resumed  int `json:"resumed"`  // whose workflow was gone, and which go on now
	Stuck    int `json:"stuck"`    // which take too long; each is a finding
	Braked   int `json:"braked"`   // accounts that were paused, because too much failed there
}

// stuckCheck is the name of the check in findings.
const stuckCheck = "stuck-watch"

// young is how old an operation must be to be looked at: those that have just
// begun are not interesting, and there may be many.
const young = time.Hour

// WatchStuck looks at every operation under way. One whose workflow is gone, as
// after a terminate, is started again and goes on where it was cut off. One that
// takes too long becomes a finding. It is safe to repeat.
func (a *Fleet) WatchStuck(ctx context.Context, in WatchStuckInput) (WatchStuckResult, error) {
	if in.After == 0 {
		in.After = keyturn.Duration(7 * 24 * time.Hour)
	}
	var res WatchStuckResult
	var found []registry.Finding
	began := a.Now().UTC()
	for k, err := range a.Registry.Find(ctx, registry.Filter{Busy: true}) {
		if err != nil {
			return res, err
		}
		if k.Intent == nil || began.Sub(k.Intent.Began) < young {
			continue
		}
		res.Underway++
		resumed, err := a.resume(ctx, k.ID)
		switch {
		case err != nil:
			return res, err
		case resumed:
			res.Resumed++
		case tooLong(&k, began, time.Duration(in.After)):
			found = append(found, stuckFinding(&k, began))
		}
	}
	res.Stuck = len(found)
	if _, err := a.Registry.Report(ctx, found); err != nil {
		return res, err
	}
	if _, err := a.Registry.Settle(ctx, stuckCheck, "all", began, began); err != nil {
		return res, err
	}
	var err error
	res.Braked, err = a.checkBrakes(ctx)
	return res, err
}

// resume starts an operation again whose workflow is gone. The key is read
// before Temporal is asked: a workflow that is closed changes no key any more, so
// an intent read before that is one that nobody works on.
func (a *Fleet) resume(ctx context.Context, id keyturn.KeyID) (bool, error) {
	k, err := a.Registry.Get(ctx, id)
	if err != nil || k.Intent == nil {
		return false, err
	}
	underway, err := a.Engine.Underway(ctx, id)
	if err != nil || underway {
		return false, err
	}
	var of registry.Batch // the zero one asks for nothing
	if k.Intent.Batch != "" {
		if of, err = a.Registry.Batch(ctx, k.Intent.Batch); err != nil && keyturn.KindOf(err) != keyturn.NotFound {
			return false, err
		}
	}
	begun, err := a.Engine.Begin(ctx, Start{
		Operation: k.Intent.Operation, Key: &k, Now: k.Intent.Now, Batch: k.Intent.Batch, Overlap: of.Overlap, Urgent: of.Urgent,
		Cause: Cause{Reason: cmp.Or(k.Intent.Reason, "resumed"), Note: "its workflow was gone", Actor: stuckCheck},
	})
	return begun.What == Started, err
}

// tooLong leaves out the time a key's own policy lets an operation wait, and
// those that wait for a person, whom reminders go to.
func tooLong(k *keyturn.Key, now time.Time, after time.Duration) bool {
	if m := k.Intent.Manual; m != nil && !m.Done {
		return false
	}
	p := k.Policy.WithDefaults()
	waits := time.Duration(p.ConsumerDeadline+p.DisabledSoak) + 2*time.Duration(p.Overlap)
	return now.Sub(k.Intent.Began) > after+waits
}

func stuckFinding(k *keyturn.Key, now time.Time) registry.Finding {
	return registry.Finding{
		ID:    registry.FindingID(stuckCheck, "stuck-operation", "all", string(k.ID)),
		Check: stuckCheck, Kind: "stuck-operation", Place: "all", Subject: string(k.ID), Key: k.ID, Owner: k.Owner,
		Severity: registry.Warning, Found: now, Seen: now,
		Detail: fmt.Sprintf("a %s has been under way since %s", k.Intent.Operation, k.Intent.Began.UTC().Format(time.DateOnly)),
		Mend:   "see what it waits for: keyturn watch " + string(k.ID),
	}
}
