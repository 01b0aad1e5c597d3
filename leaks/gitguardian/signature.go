package gitguardian

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// maxSkew is how far a delivery's time may be from the worker's. GitGuardian advises a
// few seconds; clocks differ by more, and within this a delivery that is sent again is
// known by its Event.
const maxSkew = 5 * time.Minute

// prove checks that a delivery is signed and of now. The key is the Timestamp header and
// the signature token, one after the other ("How to verify the payload signature").
func (s *source) prove(op string, d leaks.Delivery) error {
	timestamp := d.Header.Get("Timestamp")
	text, ok := strings.CutPrefix(d.Header.Get("Gitguardian-Signature"), "sha256=")
	signature, err := hex.DecodeString(text)
	mac := hmac.New(sha256.New, []byte(timestamp+s.env.WebhookSecret.Expose()))
	mac.Write(d.Body)
	if !hmac.Equal(signature, mac.Sum(nil)) || !ok || err != nil {
		return keyturn.Errorf(keyturn.Denied, op, "Gitguardian-Signature is missing, or was not made of this body and Timestamp with the signature token")
	}
	at, ok := moment(timestamp)
	if skew := s.env.Now().Sub(at); !ok || skew > maxSkew || skew < -maxSkew {
		return keyturn.Errorf(keyturn.Denied, op, "the delivery is more than five minutes old, or from the future, or its Timestamp is none; check the worker's clock")
	}
	return nil
}

// layouts are those of a Timestamp that is no number. GitGuardian's documentation does
// not say how it is written; it is signed in any case.
var layouts = []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05"}

// moment reads a Timestamp: seconds or milliseconds since 1970, or a date.
func moment(text string) (time.Time, bool) {
	if n, err := strconv.ParseFloat(text, 64); err == nil {
		if n >= 1e11 {
			n /= 1000
		}
		if !(n >= 0 && n < 1e10) { // nor NaN
			return time.Time{}, false
		}
		return time.UnixMicro(int64(n * 1e6)), true
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}
