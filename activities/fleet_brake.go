package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// brakeActor is who an account was paused by when nobody did.
const brakeActor = "brake"

// brakes looks whether an account must stand still, after an operation was rolled
// back there. That must not keep the operation from ending, so an error is
// only logged: the next failure asks again, and so does every sweep.
func (a *Fleet) brakes(ctx context.Context, issuer keyturn.Issuer) {
	status, err := a.status(ctx)
	if err == nil {
		_, err = a.brake(ctx, status[issuer])
	}
	if err != nil {
		activity.GetLogger(ctx).Error("the brake could not be applied; if much fails: keyturn providers pause", "account", issuer.String(), "error", err)
	}
}

// WithBrake has f's brake applied whenever an operation of k was rolled back.
func WithBrake(k *Keys, f *Fleet) { k.failed = f.brakes }

// checkBrakes looks at every account where something failed in the last day or is
// under way, and returns how many it paused.
func (a *Fleet) checkBrakes(ctx context.Context) (paused int, err error) {
	accounts, err := a.Registry.Accounts(ctx, a.Now())
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, s := range accounts {
		if s.Failed+s.Running == 0 {
			continue
		}
		braked, err := a.brake(ctx, s)
		if braked {
			paused++
		}
		errs = append(errs, err)
	}
	return paused, errors.Join(errs...)
}

// brake pauses an account where too much failed: it is recorded first, then
// Temporal is told, then people are. Where a person has paused the account it is
// left to them.
func (a *Fleet) brake(ctx context.Context, s registry.AccountStatus) (braked bool, err error) {
	if s.Paused != nil && s.Paused.Actor != brakeActor {
		return false, nil
	}
	outcomes, err := a.Registry.Outcomes(ctx, s.Issuer, 2*a.Brake.WithDefaults().Last)
	if err != nil {
		return false, err
	}
	why, trips := a.Brake.Trips(outcomes, s.Resumed)
	if !trips {
		return false, nil
	}
	pause := registry.Pause{Issuer: s.Issuer, Actor: brakeActor, Reason: why, At: a.Now().UTC().Truncate(time.Second)}
	fresh, err := a.status(ctx)
	if err != nil {
		return false, err
	}
	if now := fresh[s.Issuer]; now.Resumed.After(s.Resumed) || now.Paused != nil && now.Paused.Actor != brakeActor {
		return false, nil // a person decided meanwhile
	}
	if s.Paused == nil {
		if err := a.Registry.SetPause(ctx, pause); err != nil {
			return false, err
		}
	} else {
		pause = *s.Paused // and Temporal may not have heard of it
	}
	if err := a.Engine.Stop(ctx, s.Issuer, pause.Reason); err != nil {
		return s.Paused == nil, err
	}
	// Somebody may have resumed it meanwhile, and must not find it standing still
	// without a record that says so.
	now, err := a.status(ctx)
	if err != nil {
		return false, err
	}
	if now[s.Issuer].Paused == nil {
		return false, a.Engine.Resume(ctx, s.Issuer)
	}
	return s.Paused == nil, a.tellBraked(ctx, outcomes[0].Key, pause)
}

// tellBraked leaves an urgent notice for those who answer for all keys, with the
// key that failed last.
func (a *Fleet) tellBraked(ctx context.Context, id keyturn.KeyID, p registry.Pause) error {
	e := registry.Event{
		ID: fmt.Sprintf("brake/%s/%d", p.Issuer, p.At.Unix()), Key: id, What: registry.Braked, Actor: p.Actor, At: p.At,
		Detail: fmt.Sprintf("%s is paused: %s; when the cause is mended: keyturn providers resume %[1]s", p.Issuer, p.Reason),
		Tell:   []registry.Audience{registry.ToSecurity}, Urgent: true,
	}
	for {
		key, err := a.Registry.Get(ctx, id)
		if err != nil {
			return err
		}
		if _, err = a.Registry.Save(ctx, key, e); keyturn.KindOf(err) != keyturn.Conflict {
			return err
		}
	}
}
