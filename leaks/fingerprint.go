// Package leaks joins a value found somewhere to the key it belongs to, without any
// value being stored, and defines what a scanner has to tell.
package leaks

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // detect-secrets keeps SHA-1; it is never kept here but under a key
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"golang.org/x/crypto/scrypt"

	"github.com/keyturn/keyturn"
)

// A Fingerprinter makes the fingerprints of values. The zero value makes only
// the public one.
type Fingerprinter struct {
	// Key is the installation's own HMAC key. Whoever lacks it can neither
	// make nor test the other fingerprints of a guessed value.
	Key keyturn.Secret
}

// Of returns the fingerprints of a value: the HMAC-SHA-256 under Key, that of its
// plain hashes, and the hash of HasMySecretLeaked, hex(scrypt(value,
// SHA-256("GitGuardian"), N=2048, r=8, p=1, 32 bytes)), as GitGuardian's ggshield
// computes it.
func (f Fingerprinter) Of(s keyturn.Secret) keyturn.Fingerprints {
	if s.IsZero() {
		return keyturn.Fingerprints{}
	}
	out := f.quick(s)
	salt := sha256.Sum256([]byte("GitGuardian"))
	hash, err := scrypt.Key([]byte(s.Expose()), salt[:], 2048, 8, 1, 32)
	if err != nil {
		return out // the parameters are constants and valid; scrypt fails on nothing else
	}
	out.HMSL = hex.EncodeToString(hash)
	return out
}

// quick is Of without the hash that takes milliseconds.
func (f Fingerprinter) quick(s keyturn.Secret) keyturn.Fingerprints {
	if f.Key.IsZero() {
		return keyturn.Fingerprints{}
	}
	value := []byte(s.Expose())
	one, two := sha1.Sum(value), sha256.Sum256(value) //nolint:gosec // see above
	return keyturn.Fingerprints{
		HMAC:   f.under(s.Expose()),
		SHA1:   f.under(hex.EncodeToString(one[:])),
		SHA256: f.under(base64.StdEncoding.EncodeToString(two[:])),
	}
}

// under is the hex HMAC-SHA-256 of a text; empty without a key.
func (f Fingerprinter) under(text string) string {
	if f.Key.IsZero() {
		return ""
	}
	mac := hmac.New(sha256.New, []byte(f.Key.Expose()))
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil))
}
