package gitlab

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/keyturn/keyturn"
)

// vendors begin the names of the two headers of a signed delivery. Whose keys count the
// setting public_keys_url says, and not the header.
var vendors = []string{"Gitlab", "Github"}

// verify checks a signature: ECDSA over the SHA-256 of the body, in ASN.1 and base64,
// with the key that a header names.
func (s *source) verify(ctx context.Context, op string, h http.Header, body []byte) error {
	for _, vendor := range vendors {
		id := h.Get(vendor + "-Public-Key-Identifier")
		signature, err := base64.StdEncoding.DecodeString(h.Get(vendor + "-Public-Key-Signature"))
		if id == "" || err != nil || len(signature) == 0 {
			continue
		}
		key, err := s.keys.key(ctx, op, id)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		if !ecdsa.VerifyASN1(key, sum[:], signature) {
			return keyturn.Errorf(keyturn.Denied, op, "the signature is not of this body by the key that the delivery names")
		}
		return nil
	}
	return keyturn.Errorf(keyturn.Denied, op, "the delivery has no signature and key identifier")
}
