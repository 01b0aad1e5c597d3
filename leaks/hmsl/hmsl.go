// Package hmsl asks GitGuardian's HasMySecretLeaked which values were seen where
// strangers can read them, without telling it a value or a value's whole hash.
//
// It sends the first five hex digits of a hash, gets the records of everything that
// was seen and begins alike, and opens those that only somebody with the whole hash
// can open.
package hmsl

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// Vendor is where HasMySecretLeaked is, and whom its tokens are made for.
const Vendor = "https://api.hasmysecretleaked.com"

// MostHashes is how many hashes one request may look up.
const MostHashes = 10

const (
	prefixLength = 5 // hex digits: a millionth of all hashes begins with the same
	// maxAnswer is the longest answer read. Ten prefixes of a service that knows of a
	// hundred million leaks bring a thousand records, each of some hundred bytes.
	maxAnswer = 8 << 20
)

// A Client looks hashes up. It is safe for concurrent use; its fields must not change
// once it is in use.
type Client struct {
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // empty means Vendor
	// Token returns the bearer token of a request; see [Exchange.Token]. Nil asks
	// without one, and is allowed less.
	Token func(context.Context) (keyturn.Secret, error)
}

// A Result is what one request brought.
type Result struct {
	Matches []Match // of hashes that have leaked, each hash once
	Quota   Quota   // what is left after it
}

// Look looks up to MostHashes hashes up, as [keyturn.Fingerprints] have them under HMSL,
// with one request. It looks up nothing, costs nothing and says what is left of the
// quota if there are none. A hash without a match is not known to have leaked.
//
// Errors are *keyturn.Error values that name no hash, except that a cancelled ctx
// comes back as ctx.Err(). A quota that is used up is RateLimited, with the time
// until it is renewed. Nothing is remembered between calls, and repeating one is
// harmless but for its price.
func (c *Client) Look(ctx context.Context, hashes []string) (Result, error) {
	const op = "hasmysecretleaked: look"
	if len(hashes) > MostHashes {
		return Result{}, keyturn.Errorf(keyturn.Invalid, op, "%d hashes are too many for one request; give at most %d", len(hashes), MostHashes)
	}
	wanted := map[string]sought{}
	prefixes := []string{} // an empty list must not become null
	for _, hash := range hashes {
		s, ok := seek(hash)
		if !ok {
			return Result{}, keyturn.Errorf(keyturn.Invalid, op, "a hash is not 64 lower-case hex digits")
		}
		wanted[s.hint()] = s
		prefixes = append(prefixes, hash[:prefixLength])
	}
	slices.Sort(prefixes)
	got, err := c.ask(ctx, op, slices.Compact(prefixes))
	if err != nil {
		return Result{}, err
	}
	records, ok := read(got.Body)
	if !ok {
		return Result{}, keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
	}
	result := Result{Quota: quota(got.Header)}
	for _, r := range records {
		s, ok := wanted[r.Hint]
		if !ok {
			continue // another value's, with the same prefix
		}
		m, ok := s.open(r.Payload)
		if !ok {
			return Result{}, keyturn.Errorf(keyturn.Unavailable, op, "the record of a hash cannot be opened with it")
		}
		delete(wanted, r.Hint)
		result.Matches = append(result.Matches, m)
	}
	return result, nil
}

// ask sends prefixes and refuses what the service refuses.
func (c *Client) ask(ctx context.Context, op string, prefixes []string) (exchange.Answer, error) {
	base := c.BaseURL
	if base == "" {
		base = Vendor
	}
	req, err := exchange.NewRequest(ctx, op, http.MethodPost, base+"/v1/prefixes", map[string][]string{"prefixes": prefixes})
	if err != nil {
		return exchange.Answer{}, err
	}
	if c.Token != nil {
		token, err := c.Token(ctx)
		switch {
		case err != nil:
			return exchange.Answer{}, err
		case !plain(token):
			return exchange.Answer{}, keyturn.Errorf(keyturn.Invalid, op, "the token is empty or contains a space, a line break or the like")
		}
		req.Header.Set("Authorization", "Bearer "+token.Expose())
	}
	got, err := exchange.Ask(ctx, op, c.HTTP, req, maxAnswer)
	if err != nil {
		return exchange.Answer{}, err
	}
	return got, c.refusal(op, got)
}

// refusal is the error of an answer, with the mend where it is known.
func (c *Client) refusal(op string, got exchange.Answer) error {
	err := got.Err(op)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case keyturn.Denied:
		e.Message = "HasMySecretLeaked does not take the token"
		if c.Token == nil {
			e.Message = "HasMySecretLeaked wants a token; configure an API key of GitGuardian"
		}
	case keyturn.NotFound: // of an address, and not of a leak
		e.Kind, e.Message = keyturn.Unavailable, "HasMySecretLeaked is not there; is its address right?"
	case keyturn.RateLimited:
		left := quota(got.Header)
		if left.Remaining >= 0 && left.Remaining < price {
			e.Message = "today's quota is used up"
		}
		if e.RetryAfter == 0 {
			e.RetryAfter = left.Reset
		}
	}
	return e
}

// read takes the records out of an answer. One that has none says so.
func read(body []byte) ([]record, bool) {
	var answer struct {
		Matches []record `json:"matches"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Matches == nil {
		return nil, false
	}
	odd := func(r record) bool { return len(r.Hint) != 64 || r.Payload == "" }
	return answer.Matches, !slices.ContainsFunc(answer.Matches, odd)
}

// plain reports whether a value fits into a header.
func plain(s keyturn.Secret) bool {
	return !s.IsZero() && !strings.ContainsFunc(s.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f })
}
