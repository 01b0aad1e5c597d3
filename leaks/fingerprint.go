// Package leaks joins a value found somewhere to the key it belongs to,
// without any value being stored.
package leaks

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"

	"golang.org/x/crypto/scrypt"

	"github.com/keyturn/keyturn"
)

// A Fingerprinter makes the fingerprints of values. The zero value makes only
// the public one.
type Fingerprinter struct {
	// Key is the installation's own HMAC key. Whoever lacks it can neither
	// make nor test the HMAC fingerprint of a guessed value.
	Key keyturn.Secret
}

// Of returns the fingerprints of a value: the HMAC-SHA-256 under Key, and the
// hash of HasMySecretLeaked, hex(scrypt(value, SHA-256("GitGuardian"), N=2048,
// r=8, p=1, 32 bytes)), as GitGuardian's ggshield computes it.
func (f Fingerprinter) Of(s keyturn.Secret) keyturn.Fingerprints {
	var out keyturn.Fingerprints
	if s.IsZero() {
		return out
	}
	if !f.Key.IsZero() {
		mac := hmac.New(sha256.New, []byte(f.Key.Expose()))
		mac.Write([]byte(s.Expose()))
		out.HMAC = hex.EncodeToString(mac.Sum(nil))
	}
	salt := sha256.Sum256([]byte("GitGuardian"))
	hash, err := scrypt.Key([]byte(s.Expose()), salt[:], 2048, 8, 1, 32)
	if err != nil {
		return out // the parameters are constants and valid; scrypt fails on nothing else
	}
	out.HMSL = hex.EncodeToString(hash)
	return out
}
