package activities

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// EndSessionsResult says what was ended.
type EndSessionsResult struct {
	Ended []string `json:"ended,omitempty"` // in a few words each
}

// EndSessions signs a leaver out at every directory that can, and takes back what
// applications were granted in their name. One that fails keeps the others from
// nothing, and has it tried again. It is safe to repeat.
func (a *Leavers) EndSessions(ctx context.Context, in Departure) (EndSessionsResult, error) {
	d, err := a.Registry.Departure(ctx, in.ID)
	if err != nil || !d.Sessions.IsZero() {
		return EndSessionsResult{Ended: d.Ended}, err
	}
	var res EndSessionsResult
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(a.Directories)) {
		ended, err := a.endSessions(ctx, name, d.Email)
		for _, what := range ended {
			res.Ended = append(res.Ended, name+": "+what)
		}
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return res, first(errs)
	}
	_, err = a.change(ctx, d.ID, func(d *registry.Departure) {
		d.Sessions, d.Ended = a.Now().UTC(), res.Ended
	})
	return res, err
}

func (a *Leavers) endSessions(ctx context.Context, name, email string) ([]string, error) {
	ender, ok := a.Directories[name].(people.SessionEnder)
	if !ok {
		return nil, nil
	}
	p, err := a.Directories[name].Person(ctx, email)
	if keyturn.KindOf(err) == keyturn.NotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return ender.EndSessions(ctx, p)
}

// first is the first error there is, with its kind.
func first(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
