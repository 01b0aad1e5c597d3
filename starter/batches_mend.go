package main

import (
	"strings"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/registry"
)

// takenOver reports whether a key failed only because another batch took it: it is
// that one's to rotate.
func takenOver(state registry.BatchState, why string) bool {
	return state == registry.BatchFailed && strings.HasPrefix(why, activities.TakenOver)
}

// mendOf says what to do about a key that failed or was skipped.
func mendOf(k registry.BatchKey) string {
	switch {
	case takenOver(k.State, k.Why):
		return "nothing here; see: keyturn batches show " + clean(strings.TrimPrefix(k.Why, activities.TakenOver))
	case k.State == registry.BatchFailed && (k.Why == "aborted" || k.Why == "cancelled"):
		return "a person called it off; see: keyturn keys history KEY"
	case k.State == registry.BatchFailed:
		return "everything is as it was before; find the cause with: keyturn keys history KEY"
	}
	switch k.Why {
	case activities.SkipEnded:
		return "nothing is left to replace"
	case activities.SkipUnissued:
		return "begin with: keyturn issue KEY"
	case activities.SkipReplaced:
		return "nothing, unless the new key is to be replaced, too: keyturn rotate KEY"
	case activities.SkipBusy:
		return "see how far that is: keyturn watch KEY; cut its waits short: keyturn expedite KEY"
	case activities.SkipPaused:
		return "end the pause: keyturn providers resume PROVIDER/ACCOUNT"
	case activities.SkipUnserved:
		return "start a worker that has the account in its configuration"
	case activities.SkipRefused:
		return "the worker's log says what it does not take"
	case activities.SkipStopped:
		return "nothing, unless they are to be rotated after all"
	}
	return "see: keyturn keys show KEY"
}
