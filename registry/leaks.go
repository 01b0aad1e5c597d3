package registry

import (
	"context"
	"iter"
	"time"

	"github.com/keyturn/keyturn"
)

// Leaks keeps what leaked, and what was done about it. Leaks are kept for ever. None
// of it is a value, and none is text a stranger wrote at length.
type Leaks interface {
	// Leaked records that a value was found. If a leak of the same Subject was
	// recorded before, however long ago, the hits join it; only else l becomes one,
	// Open, with revision 1, and opened is true. A hit whose Source and Event were
	// recorded before is left out, and fresh counts the others. If all hits were
	// recorded before, the leak of the first of them is returned, whatever its
	// Subject. A leak that lacks ID, Subject, Source, Actor or At, and a hit that lacks
	// Source, Event or At, are Invalid, and so are no hits.
	Leaked(ctx context.Context, l Leak, hits []LeakHit) (leak Leak, opened bool, fresh int, err error)
	// Leak returns one, or a NotFound error.
	Leak(ctx context.Context, id string) (Leak, error)
	// SaveLeak replaces all of a leak but ID, Subject, Source, Actor, At and Hits, if
	// l.Revision is still the stored one; otherwise it is a Conflict. It returns it
	// with its next revision.
	SaveLeak(ctx context.Context, l Leak) (Leak, error)
	// Leaks yields those that match f, newest first.
	Leaks(ctx context.Context, f LeakFilter) iter.Seq2[Leak, error]
	// LeakHits yields where a leak was found, oldest first.
	LeakHits(ctx context.Context, id string) iter.Seq2[LeakHit, error]
	// AddLeakUses records what the vendor says was done with a leaked key. One whose
	// ID is recorded for that leak already is replaced: vendors that count uses by the
	// hour tell of an hour again. One that lacks ID or At is Invalid, and a leak that
	// there is not is NotFound; none is recorded then.
	AddLeakUses(ctx context.Context, id string, uses []LeakUse) error
	// LeakUses yields them, oldest first.
	LeakUses(ctx context.Context, id string) iter.Seq2[LeakUse, error]
	// Marked returns every generation of a key, however long ago it ended, that is
	// known by one of the marks, once for each of them, in the order of keys,
	// generations and marks as given. Save keeps the marks of each generation it sees
	// in a ledger, for ever.
	Marked(ctx context.Context, marks []keyturn.Mark) ([]Marked, error)
}

// A Leak is one value that was found where it should not be.
type Leak struct {
	ID string // opaque: it is in workflow ids and search attributes
	// Subject is what makes two findings the same leak: KeySubject of the generation
	// whose value it is, else a mark of the value.
	Subject string
	// Marks are what the value is known by; see [Leaks.Marked].
	Marks []keyturn.Mark
	// Source is the scanner that told of it first, and Rule its word for what it is.
	Source, Rule string
	Actor        string    // who or what recorded it
	At           time.Time // when it was recorded, to the microsecond, in UTC
	Public       bool      // strangers can see it
	Since        time.Time // when it was exposed first, as far as is known; zero if unknown
	Hits         int       // how many there are; kept by Leaked

	State LeakState
	// Key and Generation say whose value it is, and Match how that is known. Key is
	// empty while nobody knows.
	Key        keyturn.KeyID
	Generation int
	Match      string // value, part, id or vendor
	// Issuer is the account the value is of, and RemoteID the vendor's id of the key,
	// where that is known, with or without an entry.
	Issuer   keyturn.Issuer
	RemoteID string
	// Kept is the version in the store under which the value is kept until the leak is
	// closed, because no entry holds it; empty if it is not.
	Kept keyturn.SecretVersion

	Said     string         // what a scanner said of the value: active, inactive; empty if none did
	Begun    int            // how many rotations were begun for it, and
	BegunAt  time.Time      // when the last was
	Plan     keyturn.OnLeak // what comes first; empty before that is decided
	Alive    string         // what the vendor said of the value last: active, inactive; empty if it cannot be asked
	Stray    bool           // its generation is in no ledger any more, and it works all the same
	LastUsed time.Time      // as the vendor said when it was looked at first; zero if it did not
	Word     LeakWord       // what a person said is to be done
	Worder   string         // who said so, or dismissed it
	// Dismissal is why a person dismissed it: false-positive or accepted.
	Dismissal string

	Triaged  time.Time // when it was first looked at
	KillAt   time.Time // when it is ended if it is not replaced by then; zero if it is not
	Killed   time.Time // when the vendor had ended it ahead of its replacement
	Replaced time.Time // when consumers had another value
	Dead     time.Time // when it was seen to be dead
	Proof    string    // how that was seen, in a sentence
	Used     string    // what is known of its use since Since, in a sentence
	Ticket   keyturn.TicketRef
	Told     string // the loudest that was told of it so far: found, late
	Closed   time.Time
	Outside  int    // of how many hits the scanners' alerts were closed
	Note     string // why it was closed otherwise, or what a person should know
	Revision int64
}

// Works reports whether the value is known to open something: the vendor said so or,
// where it cannot be asked, a scanner did.
func (l *Leak) Works() bool {
	const active = "active"
	return l.Dead.IsZero() && (l.Alive == active || l.Alive == "" && l.Said == active)
}

// A LeakState is how a leak stands. States are stored.
type LeakState string

// The states.
const (
	LeakOpen      LeakState = "open"
	LeakDead      LeakState = "dead"      // the value opens nothing any more
	LeakDismissed LeakState = "dismissed" // a person said that nothing is to be done
)

// A LeakWord is what a person said is to be done about a leak. Words are stored.
type LeakWord string

// The words.
const (
	LeakKill LeakWord = "kill" // end the value now, replaced or not
	LeakHold LeakWord = "hold" // do not end it before it is replaced, however long that takes
)

// A LeakHit is one place and time at which a value was found.
type LeakHit struct {
	Source, Event string
	Alert         string // what the scanner's API calls it; empty if it has none
	Rule          string
	Repo          string
	Place         string // where in it: file, line, commit
	URL           string
	Public        bool
	Since         time.Time // zero if unknown
	Actor         string
	At            time.Time
}

// A LeakUse is one thing that was done with a leaked key.
type LeakUse struct {
	ID    string // the vendor's name for it
	At    time.Time
	From  string // an address
	What  string // the API called
	Agent string
}

// A LeakFilter narrows Leaks. Zero fields match everything.
type LeakFilter struct {
	State   LeakState
	Key     keyturn.KeyID
	Subject string
	Unowned bool // only those whose Key is empty
	Limit   int  // 0 is no limit
}

// A Marked is a generation that a mark names.
type Marked struct {
	Mark       keyturn.Mark
	Key        keyturn.KeyID
	Generation int
	RemoteID   string
}

// KeySubject is the Subject of a leak whose value is that of a generation.
func KeySubject(id keyturn.KeyID, generation int) string {
	return "key:" + keyturn.Label(id, generation)
}
