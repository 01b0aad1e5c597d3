package rows

import (
	"context"
	"fmt"
	"iter"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A HitName is what a hit is recorded once by.
type HitName struct{ Source, Event string }

// A Hit is a hit as it is written.
type Hit struct {
	HitName
	Body string
}

// PrepareHits checks hits. It returns each once, the first one there is.
func PrepareHits(op string, hits []registry.LeakHit) ([]Hit, error) {
	if len(hits) == 0 {
		return nil, keyturn.Errorf(keyturn.Invalid, op, "a leak needs at least one hit")
	}
	seen := map[HitName]bool{}
	var each []Hit
	for _, h := range hits {
		if h.Source == "" || h.Event == "" || h.At.IsZero() {
			return nil, keyturn.Errorf(keyturn.Invalid, op, "hit %q of %q needs a source, an event and a time", h.Event, h.Source)
		}
		toMicroseconds(&h.At, &h.Since)
		body, err := encode(op, fmt.Sprintf("hit %q of %q", h.Event, h.Source), h)
		if err != nil {
			return nil, err
		}
		name := HitName{h.Source, h.Event}
		if !seen[name] {
			seen[name] = true
			each = append(each, Hit{name, body})
		}
	}
	return each, nil
}

// FreshHits are those that are not known.
func FreshHits(hits []Hit, known []HitName) (fresh []Hit) {
	recorded := map[HitName]bool{}
	for _, name := range known {
		recorded[name] = true
	}
	for _, h := range hits {
		if !recorded[h.HitName] {
			fresh = append(fresh, h)
		}
	}
	return fresh
}

// SelectHits reads one page of a leak's hits. Its arguments are the leak and the
// sequence number of the last hit seen.
var SelectHits = fmt.Sprintf("SELECT seq, body FROM leak_hits WHERE leak = $1 AND seq > $2 ORDER BY seq LIMIT %d", pageSize)

// A StoredHit is a hit and its place in the order they were recorded in.
type StoredHit struct {
	Seq int64
	registry.LeakHit
}

// DecodeHit reads the body of a hit.
func DecodeHit(op string, seq int64, body string) (StoredHit, error) {
	s := StoredHit{Seq: seq}
	if err := strict([]byte(body), &s.LeakHit); err != nil {
		return s, unreadable(op, "hit of a leak")
	}
	return s, nil
}

// LeakHits follows pages, oldest first.
func LeakHits(ctx context.Context, page func(after int64) ([]StoredHit, error)) iter.Seq2[registry.LeakHit, error] {
	return pages(ctx, 0, func(after int64) (hits []registry.LeakHit, next int64, more bool, err error) {
		stored, err := page(after)
		for _, s := range stored {
			hits, next = append(hits, s.LeakHit), s.Seq
		}
		return hits, next, len(hits) == pageSize, err
	})
}
