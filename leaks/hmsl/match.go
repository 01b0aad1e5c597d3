package hmsl

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
)

// A Match says that a value with a hash has leaked.
type Match struct {
	Hash  string // as it was given
	Count int    // how often the value was seen; 0 where the record does not say
	URL   string // the first place; empty where the record does not say
}

// A record is what the service knows of one leaked value.
type record struct {
	Hint    string `json:"hint"`    // hex SHA-256 of the hash
	Payload string `json:"payload"` // base64 of nonce and ciphertext, AES-256-GCM under the hash
}

// sought is a hash that is looked up.
type sought struct {
	text string
	sum  [32]byte
}

// seek takes a hash in the one form the service keeps them in.
func seek(hash string) (sought, bool) {
	s := sought{text: hash}
	if len(hash) != hex.EncodedLen(len(s.sum)) {
		return s, false
	}
	_, err := hex.Decode(s.sum[:], []byte(hash))
	return s, err == nil && hex.EncodeToString(s.sum[:]) == hash
}

func (s sought) hint() string {
	sum := sha256.Sum256(s.sum[:])
	return hex.EncodeToString(sum[:])
}

// open reads a payload. That it opens proves that whoever made it knew the hash; so
// what it lacks inside is left empty, and does not hide the leak.
func (s sought) open(payload string) (Match, bool) {
	sealed, err := base64.StdEncoding.DecodeString(payload)
	if err != nil {
		return Match{}, false
	}
	block, err := aes.NewCipher(s.sum[:])
	if err != nil {
		return Match{}, false
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(sealed) < gcm.NonceSize() {
		return Match{}, false
	}
	text, err := gcm.Open(nil, sealed[:gcm.NonceSize()], sealed[gcm.NonceSize():], nil)
	if err != nil {
		return Match{}, false
	}
	var seen struct {
		Count    int `json:"c"`
		Location struct {
			URL string `json:"u"`
		} `json:"l"`
	}
	if json.Unmarshal(text, &seen) != nil {
		return Match{Hash: s.text}, true
	}
	return Match{Hash: s.text, Count: max(seen.Count, 0), URL: seen.Location.URL}, true
}
