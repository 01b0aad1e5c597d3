package webhook

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/keyturn/keyturn"
)

// keys reads the signing keys, the newer one first.
func (c *channel) keys(ctx context.Context) ([][]byte, error) {
	refs := []keyturn.SecretRef{c.Secret}
	if c.Former != nil {
		refs = append(refs, *c.Former)
	}
	var keys [][]byte
	for _, ref := range refs {
		stored, err := c.env.Secret(ctx, ref)
		if err != nil {
			return nil, err
		}
		key, err := decode(stored)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// decode reads a secret as Standard Webhooks writes it: "whsec_" and base64,
// "between 24 bytes (192 bits) and 64 bytes (512 bits)".
func decode(stored keyturn.Secret) ([]byte, error) {
	text, ok := strings.CutPrefix(strings.TrimSpace(stored.Expose()), "whsec_")
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < 24 || len(key) > 64 {
		return nil, keyturn.Errorf(keyturn.Invalid, op, `the stored signing secret is not whsec_ and 24 to 64 bytes in base64; make one with: printf 'whsec_%%s\n' "$(head -c 32 /dev/urandom | base64)"`)
	}
	return key, nil
}

// signature is one entry of webhook-signature: the version, and the HMAC-SHA256
// of id.timestamp.body in base64.
func signature(key []byte, id, at string, payload []byte) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "."))
	mac.Write(payload)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
