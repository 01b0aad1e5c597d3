package registry

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// Findings keeps what checks found wrong, until a later check no longer finds
// it. A finding holds no value and no text a stranger wrote at length.
type Findings interface {
	// Report records findings in one transaction. One whose ID is known is
	// refreshed: Seen, Key, Owner, Severity, Detail and Mend become the new ones,
	// and it is open again if it was settled. An accepted one stays accepted as long
	// as it is not settled and its Severity is the same. Of two with one ID the last
	// one counts. It returns how many were not open before. One that lacks ID, Check,
	// Kind, Subject, Severity or Seen is Invalid, and none is recorded then.
	Report(ctx context.Context, findings []Finding) (opened int, err error)
	// Settle ends every finding of a check and place that was last seen before
	// seen, accepted ones included, and returns how many those were. It is what a
	// check calls when it has looked at the whole of the place. No time is Invalid.
	Settle(ctx context.Context, check, place string, seen, at time.Time) (int, error)
	// Accept records that somebody knows of a finding and lives with it. A
	// finding that is unknown or settled is a NotFound error; no actor and no time
	// are Invalid.
	Accept(ctx context.Context, id, actor, note string, at time.Time) (Finding, error)
	// Finding returns one, or a NotFound error.
	Finding(ctx context.Context, id string) (Finding, error)
	// Findings yields the findings that match f in ID order, reading pages as
	// Find does.
	Findings(ctx context.Context, f FindingFilter) iter.Seq2[Finding, error]
}

// A Finding is one thing that is not as it should be.
type Finding struct {
	// ID is the same whenever the same thing is found: FindingID of the check,
	// the kind, the place and the subject.
	ID       string
	Check    string        // what found it: reconcile, watch
	Kind     string        // a word for what is wrong
	Place    string        // where the check looked: a provider account or a store
	Subject  string        // what it is about: a provider's key id, a store path
	Key      keyturn.KeyID // the entry it is about; empty where there is none
	Owner    keyturn.Owner // who is to mend it; empty where nobody is known
	Severity Severity
	Detail   string    // what was seen, in a sentence
	Mend     string    // what to do: a command, or a sentence
	Found    time.Time // first: the Seen of its first report
	Seen     time.Time // last
	Settled  time.Time // when it was no longer found; zero while it is open
	// AcceptedBy is who accepts it, with Note; empty if nobody does.
	AcceptedBy string
	Note       string
	Accepted   time.Time
}

// A Severity says how soon somebody should look.
type Severity string

// The severities.
const (
	Info     Severity = "info"
	Warning  Severity = "warning"
	Critical Severity = "critical"
)

// A FindingFilter narrows Findings. Zero fields match everything, except that
// settled findings are left out unless they are asked for.
type FindingFilter struct {
	After    string // only ids greater than this one
	Limit    int    // 0 is no limit
	Check    string
	Kind     string
	Place    string
	Team     string
	Key      keyturn.KeyID
	Severity Severity
	Settled  bool // settled ones instead of open ones
	Accepted bool // accepted ones besides those that nobody accepts
}

// FindingID names a finding: the same check, kind, place and subject are the
// same finding, whenever they are found.
func FindingID(check, kind, place, subject string) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{check, kind, place, subject}, "\x00")))
	return hex.EncodeToString(sum[:8])
}
