package fleet

import "time"

const (
	// ActivitiesPerRotation is how many activities of the account's queue a
	// rotation takes: mint, promote, switch off, revoke. Where a vendor cannot
	// switch keys off it is one less.
	ActivitiesPerRotation = 4
	// Load is the share of an account's rate that is planned for. The rest is for
	// retries, and for what cannot be planned.
	Load = 0.8
)

// Gap is the time between the beginnings of two rotations at an account whose
// activities start at rate a second, where load of that is planned for. A rate or
// load that is not above zero has no gap that is long enough: it is a year.
func Gap(rate, load float64) time.Duration {
	if rate <= 0 || load <= 0 {
		return 365 * 24 * time.Hour
	}
	return time.Duration(ActivitiesPerRotation / (load * rate) * float64(time.Second))
}

// TimeFor is how long n rotations take at an account, begun at the Gap of its
// rate and Load. The waits within a rotation come on top.
func TimeFor(n int, rate float64) time.Duration { return time.Duration(n) * Gap(rate, Load) }
