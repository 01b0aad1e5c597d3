package activities

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// takeEnd tries the values of the keys a person was asked to end. Each must be
// refused; one that cannot be tried is accepted and listed as unproven. For the
// vendor's settling time after the claim a value that still works is no
// contradiction.
func (b *bench) takeEnd(ctx context.Context, step keyturn.ManualStep, at time.Time) (why string, err error) {
	var ended, unproven []string
	for _, i := range b.toEnd(step) {
		refused, tried, err := b.refused(ctx, i)
		switch {
		case err != nil:
			return "", err
		case refused:
		case !tried:
			unproven = append(unproven, i.RemoteID)
		default:
			if left := at.Add(b.info.Settle).Sub(b.Now()); left > 0 {
				return "", b.notYet(min(left, 5*time.Second), "%s still accepts key %s", b.info.Title, i.RemoteID)
			}
			return fmt.Sprintf("key %s still works: its value was tried and accepted", i.RemoteID), nil
		}
		ended = append(ended, i.RemoteID)
	}
	detail := strings.Join(ended, " ") + " ended by hand"
	if len(unproven) > 0 {
		detail += "; not tried, because nothing can: " + strings.Join(unproven, " ")
	}
	n := note{name: registry.Confirmed + "/" + string(step), what: registry.Confirmed, detail: detail}
	return "", b.save(ctx, n, func(k *keyturn.Key) error {
		k.Intent.Manual.Done, k.Intent.Manual.Unproven = true, unproven
		return nil
	})
}

// toEnd lists the keys a step is about.
func (b *bench) toEnd(step keyturn.ManualStep) []keyturn.Issued {
	var out []keyturn.Issued
	for _, i := range b.key.Ledger {
		isNew := b.run.Operation != keyturn.Revoke && i.Generation == b.key.Intent.Generation
		if isNew == (step == keyturn.EndNew) {
			out = append(out, i)
		}
	}
	return out
}
