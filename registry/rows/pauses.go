package rows

import (
	"math"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// The statements on pauses, and on what else is known of an account.
const (
	SetPause = `INSERT INTO pauses (provider, account, reason, actor, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (provider, account) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, at = excluded.at`
	ClearPause = "DELETE FROM pauses WHERE provider = $1 AND account = $2"
	Serve      = `INSERT INTO accounts (provider, account, rate, served_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (provider, account) DO UPDATE SET rate = excluded.rate, served_at = excluded.served_at`
)

// PreparePause checks a pause. Its time is kept to the microsecond, in UTC.
func PreparePause(op string, p registry.Pause) (registry.Pause, error) {
	switch {
	case p.Issuer.Provider == "" || p.Issuer.Account == "":
		return p, keyturn.Errorf(keyturn.Invalid, op, "a pause needs a provider and an account")
	case p.Reason == "" || p.Actor == "" || p.At.IsZero():
		return p, keyturn.Errorf(keyturn.Invalid, op, "the pause of %s needs a reason, an actor and a time", p.Issuer)
	case !storable(p.Issuer.Provider, p.Issuer.Account, p.Reason, p.Actor):
		return p, keyturn.Errorf(keyturn.Invalid, op, "a pause holds text that is not UTF-8, or a NUL character; remove it")
	}
	p.At = p.At.UTC().Truncate(time.Microsecond)
	return p, nil
}

// CheckResume refuses to clear a pause at no time.
func CheckResume(op string, issuer keyturn.Issuer, at time.Time) error {
	if at.IsZero() {
		return keyturn.Errorf(keyturn.Invalid, op, "that %s goes on needs a time", issuer)
	}
	return nil
}

// NoPause says that an account is not paused.
func NoPause(op string, issuer keyturn.Issuer) error {
	return keyturn.Errorf(keyturn.NotFound, op, "%s is not paused", issuer)
}

// CheckServe refuses what says of no account how fast it is served.
func CheckServe(op string, issuer keyturn.Issuer, rate float64, at time.Time) error {
	switch {
	case issuer.Provider == "" || issuer.Account == "":
		return keyturn.Errorf(keyturn.Invalid, op, "an account that is served needs a provider and an account")
	case !storable(issuer.Provider, issuer.Account):
		return keyturn.Errorf(keyturn.Invalid, op, "the name of an account holds text that is not UTF-8, or a NUL character; remove it")
	case rate <= 0 || math.IsNaN(rate) || math.IsInf(rate, 1):
		return keyturn.Errorf(keyturn.Invalid, op, "the rate of %s must be a number above zero, not %v", issuer, rate)
	case at.IsZero():
		return keyturn.Errorf(keyturn.Invalid, op, "that %s is served needs a time", issuer)
	}
	return nil
}
