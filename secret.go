package keyturn

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// A SecretRef says where a value lives, never what it is.
type SecretRef struct {
	Store string `json:"store"` // the name of a configured secret store
	Path  string `json:"path"`  // the path consumers read
}

// A SecretVersion names one stored version of a SecretRef. For a version
// Keyturn wrote it is the generation's label; for one that was there before,
// it is whatever the store calls it.
type SecretVersion string

// A Secret is a credential's value. It prints as a placeholder, and refuses
// to be encoded, so it cannot reach a log line, an error, a Temporal payload
// or a database column by accident. [Secret.Expose] is the only way out, and
// every call to it is worth a reviewer's time. Secrets are compared with
// [Secret.Equal]: the compiler refuses ==, which would compare addresses.
//
// It holds a pointer because fmt calls no method of what is in an unexported field,
// and would print the value; of a pointer there it prints the address.
type Secret struct {
	_     [0]func() // not comparable
	value *string
}

// NewSecret wraps a value just received from a provider or a secret store.
func NewSecret(value string) Secret { return Secret{value: &value} }

// Expose returns the value.
func (s Secret) Expose() string { return s.text() }

func (s Secret) text() string {
	if s.value == nil {
		return ""
	}
	return *s.value
}

// IsZero reports whether there is no value at all.
func (s Secret) IsZero() bool { return s.text() == "" }

// Equal reports whether two values are the same, in a time that does not depend
// on where they differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.text()), []byte(other.text())) == 1
}

// In reports whether a text contains the value, so that nobody records the value
// as the name of something. No value is in no text.
func (s Secret) In(text string) bool { return !s.IsZero() && strings.Contains(text, s.text()) }

const redacted = "[secret]"

var errSecretEncoded = errors.New("keyturn: a Secret must not be encoded; pass its SecretRef instead")

func (s Secret) String() string                 { return redacted }
func (s Secret) GoString() string               { return redacted }
func (s Secret) Format(f fmt.State, _ rune)     { _, _ = io.WriteString(f, redacted) }
func (s Secret) LogValue() slog.Value           { return slog.StringValue(redacted) }
func (s Secret) MarshalText() ([]byte, error)   { return nil, errSecretEncoded }
func (s Secret) MarshalJSON() ([]byte, error)   { return nil, errSecretEncoded }
func (s Secret) MarshalBinary() ([]byte, error) { return nil, errSecretEncoded }
func (s Secret) GobEncode() ([]byte, error)     { return nil, errSecretEncoded }
