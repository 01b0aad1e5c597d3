package hmslfake

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// A record is what the service knows of one leaked value, and how it shows it.
type record struct {
	hash    string
	Hint    string `json:"hint"`
	Payload string `json:"payload"`
}

// Leak records that a value with a hash, of 64 hex digits, was seen count times, first
// at url.
func (s *Service) Leak(hash string, count int, url string) {
	text, _ := json.Marshal(map[string]any{"c": count, "l": map[string]string{"u": url}}) // nothing in it cannot be encoded
	s.Record(hash, Seal(hash, text))
}

// Crowd records n leaks of other values, whose hashes begin with prefix.
func (s *Service) Crowd(prefix string, n int) {
	for i := range n {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", prefix, i))
		s.Leak(prefix+hex.EncodeToString(sum[:])[len(prefix):], 1, "https://github.com/somebody/else")
	}
}

// Record has the service answer with a payload for a hash, in place of what it had.
func (s *Service) Record(hash, payload string) {
	sum := sha256.Sum256(decode(hash))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.records = slices.DeleteFunc(s.records, func(r record) bool { return r.hash == hash })
	s.records = append(s.records, record{hash: hash, Hint: hex.EncodeToString(sum[:]), Payload: payload})
}

// Seal makes the payload of a text for a hash.
func Seal(hash string, text []byte) string {
	block, err := aes.NewCipher(decode(hash))
	if err != nil {
		panic(err) // a hash of another length
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	nonce := make([]byte, gcm.NonceSize())
	_, _ = rand.Read(nonce) // it never fails
	return base64.StdEncoding.EncodeToString(gcm.Seal(nonce, nonce, text, nil))
}

func decode(hash string) []byte {
	sum, err := hex.DecodeString(hash)
	if err != nil {
		panic(err) // a test's mistake
	}
	return sum
}
