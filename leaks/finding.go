package leaks

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// A Finding is one value that was found where it should not be, as a scanner tells
// it. It may hold the value, so it is never stored, logged or sent: what is kept of
// it is made by [Finding.Marks] and [Finding.Place].
type Finding struct {
	// Source is the scanner: "gitleaks", or the name of a configured source.
	Source string
	// Event is the scanner's own name for the finding, the same whenever it tells of
	// it again. The pair of Source and Event is recorded once.
	Event string
	// Alert is what the scanner's API calls its incident, so that it can be closed
	// there; empty where it has none.
	Alert string
	Rule  string // the scanner's word for the kind of secret
	// Provider is the vendor the Rule is about, as entries name it; empty if the rule
	// does not say.
	Provider string

	Value keyturn.Secret // zero where the scanner does not tell it
	// Beside is what else was found with it, such as the line it stands in or the id
	// it is used with. It may hold the value, too.
	Beside []keyturn.Secret
	HMSL   string // hex HasMySecretLeaked hash, where the scanner gives that instead
	SHA1   string // hex SHA-1, likewise
	// RemoteID is the vendor's id of the key, where the scanner knows it.
	RemoteID string

	Repo   string // as the scanner names it: "acme/payments", a URL, a directory
	Commit string
	File   string
	Line   int
	URL    string // where a person sees it
	Public bool   // strangers can see it

	Since    time.Time // when it was exposed, as far as is known: the commit's; zero if unknown
	At       time.Time // when the scanner found it; zero if it does not say
	Validity Validity  // what the scanner says; Keyturn asks the vendor itself
}

// A Digest tells findings of different values apart. It stays in memory: it is a plain
// hash of them.
type Digest [sha256.Size]byte

// Digest is of all that says which value was found. Where the scanner does not say, it is
// of what stands beside it and of what the scanner calls it.
func (f Finding) Digest() Digest {
	parts := []string{f.Value.Expose(), f.HMSL, f.SHA1, f.RemoteID}
	if strings.Join(parts, "") == "" {
		parts = append(parts, f.Source, f.Alert, f.Event)
		for _, b := range f.Beside {
			parts = append(parts, b.Expose())
		}
	}
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // a hash takes everything
	}
	return Digest(h.Sum(nil))
}

// Validity is whether a leaked value works. The words are stored.
type Validity string

// The validities.
const (
	Unknown  Validity = ""
	Active   Validity = "active"
	Inactive Validity = "inactive"
)
