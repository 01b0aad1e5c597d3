// Package gitlabfake publishes keys and makes the deliveries that are signed with
// them, as the partner programmes of GitLab and GitHub do, and those of GitLab's Token
// Revocation API.
package gitlabfake

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"sync"

	"github.com/keyturn/keyturn/providers/fake"
)

// KeysPath is where keys are published.
const KeysPath = "/meta/public_keys/secret_scanning"

// A Vendor signs deliveries. It is safe for concurrent use.
type Vendor struct {
	name string

	mu        sync.Mutex
	published []published
	keys      map[string]*ecdsa.PrivateKey
}

type published struct {
	ID      string `json:"key_identifier"`
	PEM     string `json:"key"`
	Current bool   `json:"is_current"`
}

// New returns a vendor without keys. Its name, "Gitlab" or "Github", begins the names
// of its headers.
func New(name string) *Vendor {
	return &Vendor{name: name, keys: map[string]*ecdsa.PrivateKey{}}
}

// ServeHTTP publishes the keys.
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if r.Method != http.MethodGet || r.URL.Path != KeysPath {
		fake.Refuse(w, r, http.StatusNotFound, 0, "")
		return
	}
	fake.JSON(w, http.StatusOK, map[string]any{"public_keys": v.published})
}

// AddKey makes a key and publishes it.
func (v *Vendor) AddKey(id string) {
	v.Publish(id, v.MakeKey(id))
}

// MakeKey makes a key that signs, does not publish it, and returns its public half.
func (v *Vendor) MakeKey(id string) string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err) // there is no randomness
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.keys[id] = key
	return encode(&key.PublicKey)
}

// Publish publishes a text as a key, which is the current one.
func (v *Vendor) Publish(id, text string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for i := range v.published {
		v.published[i].Current = false
	}
	v.published = append(v.published, published{ID: id, PEM: text, Current: true})
}

// Withdraw publishes no key any more.
func (v *Vendor) Withdraw() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.published = nil
}

// Sign returns the headers of a delivery, signed by a key.
func (v *Vendor) Sign(id string, body []byte) http.Header {
	v.mu.Lock()
	defer v.mu.Unlock()
	sum := sha256.Sum256(body)
	signature, err := ecdsa.SignASN1(rand.Reader, v.keys[id], sum[:])
	if err != nil {
		panic(err) // there is no randomness
	}
	h := http.Header{"Content-Type": {"application/json"}}
	h.Set(v.name+"-Public-Key-Identifier", id)
	h.Set(v.name+"-Public-Key-Signature", base64.StdEncoding.EncodeToString(signature))
	return h
}

// A Token is one that was found.
type Token struct {
	Type, Token, Where string
}

// Partner is the body of a partner programme's delivery.
func Partner(tokens ...Token) []byte {
	list := []map[string]string{}
	for _, t := range tokens {
		list = append(list, map[string]string{"token": t.Token, "type": t.Type, "url": t.Where, "source": "content"})
	}
	return body(list)
}

// Instance is the body of what a GitLab instance sends to its Token Revocation API.
func Instance(tokens ...Token) []byte {
	list := []map[string]any{}
	for _, t := range tokens {
		list = append(list, map[string]any{"type": t.Type, "token": t.Token, "location": t.Where, "vulnerability": nil})
	}
	return body(list)
}

func body(list any) []byte {
	out, _ := json.Marshal(list) // texts can be encoded
	return out
}

func encode(key any) string {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		panic(err) // it is a public key
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}
