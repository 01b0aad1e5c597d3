package stripefake

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"sync"

	"github.com/go-jose/go-jose/v4"

	"github.com/keyturn/keyturn/providers/fake"
)

type api struct {
	l    *fake.Ledger
	live bool

	mu   sync.Mutex
	done map[string]made // by Idempotency-Key
}

// made is a creation that took place: what was asked, and the answer.
type made struct {
	body   []byte
	answer object
}

type draft struct {
	Type, Name, Note string
	Permissions      []string
	Public           *struct {
		ID  string
		PEM struct{ Algorithm, Data string } `json:"pem_key"`
	} `json:"public_key"`
}

// create makes a key once for an Idempotency-Key: asked the same again it
// gives the same answer, asked something else it refuses (API Reference,
// "Idempotent requests").
func (a *api) create(w http.ResponseWriter, r *http.Request, who string) {
	body, err := io.ReadAll(r.Body)
	var in draft
	if err != nil || json.Unmarshal(body, &in) != nil || in.Type != "secret_key" {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	once := r.Header.Get("Idempotency-Key")
	if before, ok := a.done[once]; ok {
		if !bytes.Equal(before.body, body) {
			refuse(w, http.StatusBadRequest, "idempotency_error", "", "another request had this key")
			return
		}
		fake.JSON(w, http.StatusOK, before.answer)
		return
	}
	to := in.recipient()
	if a.live && to == nil {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	k, err := a.l.Mint(who, fake.Draft{Label: in.Note, Permissions: in.Permissions})
	if err != nil {
		Refuse(w, r, http.StatusBadRequest, 0, "")
		return
	}
	out := a.show(k)
	if a.live {
		text, err := Seal(to, jose.RSA_OAEP_256, jose.A256GCM, k.Secret)
		if err != nil {
			Refuse(w, r, http.StatusInternalServerError, 0, "")
			return
		}
		out["secret_key"].(object)["encrypted_secret"] = object{"ciphertext": text, "format": "jwe_compact", "recipient_key_id": in.Public.ID}
	}
	if once != "" {
		a.done[once] = made{body, out}
	}
	fake.JSON(w, http.StatusOK, out)
}

// recipient is the RSA key of a request, if it has one of 2048 bits or more.
func (d draft) recipient() *rsa.PublicKey {
	if d.Public == nil || d.Public.PEM.Algorithm != "RSA" {
		return nil
	}
	block, _ := pem.Decode([]byte(d.Public.PEM.Data))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if to, ok := parsed.(*rsa.PublicKey); ok && err == nil && to.N.BitLen() >= 2048 {
		return to
	}
	return nil
}

// Seal encrypts a value as a compact JWE.
func Seal(to *rsa.PublicKey, alg jose.KeyAlgorithm, enc jose.ContentEncryption, value string) (string, error) {
	e, err := jose.NewEncrypter(enc, jose.Recipient{Algorithm: alg, Key: to}, nil)
	if err != nil {
		return "", err
	}
	jwe, err := e.Encrypt([]byte(value))
	if err != nil {
		return "", err
	}
	return jwe.CompactSerialize()
}

// Recipient reads the RSA key out of a request to create a key, nil if there
// is none.
func Recipient(body []byte) *rsa.PublicKey {
	var in draft
	if json.Unmarshal(body, &in) != nil {
		return nil
	}
	return in.recipient()
}
