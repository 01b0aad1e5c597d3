package stripe

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"

	"github.com/go-jose/go-jose/v4"

	"github.com/keyturn/keyturn"
)

// sealed is a new key's value: as it is in test mode, encrypted in live mode.
type sealed struct {
	Token     string `json:"token"`
	Encrypted *struct {
		Ciphertext string `json:"ciphertext"` // a compact JWE
		Recipient  string `json:"recipient_key_id"`
	} `json:"encrypted_secret"`
}

// A box is what Stripe encrypts one value to. It serves one call and is then
// forgotten.
type box struct {
	id      string // tells this box from others
	public  string // PEM
	private *rsa.PrivateKey
}

// newBox makes an RSA key of 2048 bits, the least that the preview takes.
func newBox(op string) (box, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return box{}, keyturn.Errorf(keyturn.Unavailable, op, "no RSA key could be made")
	}
	der, err := x509.MarshalPKIXPublicKey(&private.PublicKey)
	if err != nil {
		return box{}, keyturn.Errorf(keyturn.Unavailable, op, "no RSA key could be made")
	}
	sum := sha256.Sum256(der)
	return box{
		id:      hex.EncodeToString(sum[:8]),
		public:  string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		private: private,
	}, nil
}

// open returns the value of the answer to the call the box was made for. It
// reports false for anything else. Stripe names no algorithm for the wrapped
// key: both forms of RSA-OAEP are read, and A256GCM alone for the value.
func (b box) open(s sealed) (keyturn.Secret, bool) {
	if s.Encrypted == nil {
		return keyturn.NewSecret(s.Token), s.Token != ""
	}
	if s.Encrypted.Recipient != "" && s.Encrypted.Recipient != b.id {
		return keyturn.Secret{}, false
	}
	jwe, err := jose.ParseEncryptedCompact(s.Encrypted.Ciphertext,
		[]jose.KeyAlgorithm{jose.RSA_OAEP, jose.RSA_OAEP_256}, []jose.ContentEncryption{jose.A256GCM})
	if err != nil {
		return keyturn.Secret{}, false
	}
	value, err := jwe.Decrypt(b.private)
	return keyturn.NewSecret(string(value)), err == nil && len(value) > 0
}
