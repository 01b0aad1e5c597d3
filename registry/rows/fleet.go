package rows

import (
	"cmp"
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

// LeavesOutcome reports whether the change ends an operation, or says that it
// cannot end.
func (c *Change) LeavesOutcome() bool {
	switch c.Event.What {
	case registry.Completed, registry.RolledBack, registry.Failing:
		return true
	}
	return false
}

// Began is when the operation began whose end the change is; nil if that is not
// known.
func (c *Change) Began() *time.Time { return stamp(c.Event.Began) }

// SelectAccounts reads the accounts. Its arguments are now, a moment
// [registry.OverdueAfter] before, and one a day before. What is in service is
// counted from an index alone, and what else is asked of keys is asked only of
// the few that are due or busy. byHand is the condition on a body that waits for
// a person; an index on it would make every Save write to every index of keys.
func SelectAccounts(byHand string) string {
	return `WITH kept AS (
	SELECT provider, account, count(*) AS keys FROM keys WHERE retired_at IS NULL GROUP BY provider, account
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
), listed AS (
	SELECT provider, account FROM kept UNION SELECT provider, account FROM pauses
)
SELECT provider, account, coalesce(keys, 0), coalesce(due, 0), coalesce(overdue, 0),
	coalesce(running, 0), coalesce(by_hand, 0), coalesce(failed, 0), coalesce(succeeded, 0),
	pauses.reason, pauses.actor, pauses.at, coalesce(rate, 0), served_at, resumed_at
FROM listed
LEFT JOIN kept USING (provider, account) LEFT JOIN late USING (provider, account)
LEFT JOIN opened USING (provider, account) LEFT JOIN ended USING (provider, account)
LEFT JOIN pauses USING (provider, account) LEFT JOIN accounts USING (provider, account)`
}

// SelectOutcomes reads the last outcomes of an account. Its arguments are the
// provider, the account, and how many.
const SelectOutcomes = "SELECT key_id, what, why, at, began FROM outcomes WHERE provider = $1 AND account = $2 ORDER BY at DESC, seq DESC LIMIT $3"

// SortAccounts puts accounts in order. It is not left to the database, because
// servers sort texts by the language they were set up for.
func SortAccounts(accounts []registry.AccountStatus) {
	slices.SortFunc(accounts, func(a, b registry.AccountStatus) int { return compare(a.Issuer, b.Issuer) })
}

func compare(a, b keyturn.Issuer) int {
	return cmp.Or(strings.Compare(a.Provider, b.Provider), strings.Compare(a.Account, b.Account))
}

// CheckNumber refuses to look for none of something.
func CheckNumber(op, of string, n int) error {
	if n < 1 {
		return keyturn.Errorf(keyturn.Invalid, op, "the number of %s must be above zero, not %d", of, n)
	}
	return nil
}
