package rows

import (
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// KeepOutcomes is how long outcomes are kept.
const KeepOutcomes = 30 * 24 * time.Hour

// PruneOutcomes is the most that writing one outcome forgets of those that are
// too old; see [PruneDeliveries].
const PruneOutcomes = 100

// LeavesOutcome reports whether the change ends an operation.
func (c *Change) LeavesOutcome() bool {
	return c.Event.What == registry.Completed || c.Event.What == registry.RolledBack
}

// SelectAccounts reads the accounts. Its arguments are now, a moment
// [registry.OverdueAfter] before, and one a day before. What is in service is
// counted from an index alone, and what else is asked of keys is asked only of
// the few that are due or busy. byHand is the condition on a body that waits for
// a person; an index on it would make every Save write to every index of keys.
func SelectAccounts(byHand string) string {
	return `WITH served AS (
	SELECT provider, account, count(*) AS kept FROM keys WHERE retired_at IS NULL GROUP BY provider, account
), late AS (
	SELECT provider, account, count(*) AS due, count(CASE WHEN due_at < $2 THEN 1 END) AS overdue
	FROM keys WHERE retired_at IS NULL AND due_at <= $1 GROUP BY provider, account
), opened AS (
	SELECT provider, account, count(*) AS running, count(CASE WHEN ` + byHand + ` THEN 1 END) AS by_hand
	FROM keys WHERE busy GROUP BY provider, account
), ended AS (
	SELECT provider, account, count(CASE WHEN what = '` + registry.RolledBack + `' THEN 1 END) AS failed,
		count(CASE WHEN what = '` + registry.Completed + `' THEN 1 END) AS succeeded
	FROM outcomes WHERE at > $3 AND at <= $1 GROUP BY provider, account
), accounts AS (
	SELECT provider, account FROM served UNION SELECT provider, account FROM pauses
)
SELECT provider, account, coalesce(kept, 0), coalesce(due, 0), coalesce(overdue, 0),
	coalesce(running, 0), coalesce(by_hand, 0), coalesce(failed, 0), coalesce(succeeded, 0),
	pauses.reason, pauses.actor, pauses.at
FROM accounts
LEFT JOIN served USING (provider, account) LEFT JOIN late USING (provider, account)
LEFT JOIN opened USING (provider, account) LEFT JOIN ended USING (provider, account)
LEFT JOIN pauses USING (provider, account)`
}

// SelectOutcomes reads the last outcomes of an account. Its arguments are the
// provider, the account, and how many.
const SelectOutcomes = "SELECT key_id, what, at FROM outcomes WHERE provider = $1 AND account = $2 ORDER BY at DESC, seq DESC LIMIT $3"

// The statements on pauses.
const (
	SetPause = `INSERT INTO pauses (provider, account, reason, actor, at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (provider, account) DO UPDATE SET reason = excluded.reason, actor = excluded.actor, at = excluded.at`
	ClearPause = "DELETE FROM pauses WHERE provider = $1 AND account = $2"
)

// SortAccounts puts accounts in order. It is not left to the database, because
// servers sort texts by the language they were set up for.
func SortAccounts(accounts []registry.AccountStatus) {
	slices.SortFunc(accounts, func(a, b registry.AccountStatus) int {
		if c := strings.Compare(a.Issuer.Provider, b.Issuer.Provider); c != 0 {
			return c
		}
		return strings.Compare(a.Issuer.Account, b.Issuer.Account)
	})
}

// CheckOutcomes refuses to look for no outcomes.
func CheckOutcomes(op string, n int) error {
	if n < 1 {
		return keyturn.Errorf(keyturn.Invalid, op, "the number of outcomes must be above zero, not %d", n)
	}
	return nil
}

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

// NoPause says that an account is not paused.
func NoPause(op string, issuer keyturn.Issuer) error {
	return keyturn.Errorf(keyturn.NotFound, op, "%s is not paused", issuer)
}
