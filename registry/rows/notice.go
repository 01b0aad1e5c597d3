package rows

import (
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// known reports whether each of tell is an audience. A notice for any other
// would wait for ever.
func known(tell []registry.Audience) bool {
	for _, to := range tell {
		switch to {
		case registry.ToOwner, registry.ToTeam, registry.ToSecurity:
		default:
			return false
		}
	}
	return true
}

// once drops what is repeated, and leaves tell itself as it is.
func once(tell []registry.Audience) []registry.Audience {
	if len(tell) == 0 {
		return nil
	}
	tell = slices.Clone(tell)
	slices.Sort(tell)
	return slices.Compact(tell)
}

// CheckClaim refuses a claim that could hand out nothing, or that would hold
// nothing.
func CheckClaim(op string, lease time.Duration, limit int) error {
	if limit < 1 || lease < time.Microsecond {
		return keyturn.Errorf(keyturn.Invalid, op, "a claim needs a limit and a lease above zero")
	}
	return nil
}

// A Claimed is a notice that was claimed, its key not yet decoded.
type Claimed struct {
	Notice   registry.Notice
	Revision int64
	Body     []byte
}

// Notices decodes the keys of claimed notices. One whose key cannot be read
// must not keep the others from being told: it is left out, and waits for a
// program that can until its lease is over. The error is for when there is no
// other.
func Notices(op string, claimed []Claimed) ([]registry.Notice, error) {
	var first error
	notices := make([]registry.Notice, 0, len(claimed))
	for _, c := range claimed {
		key, err := Decode(op, c.Body, c.Revision)
		if err != nil {
			first = err
			continue
		}
		c.Notice.Key = key
		notices = append(notices, c.Notice)
	}
	if len(notices) == 0 {
		return nil, first
	}
	return notices, nil
}
