package gitlab

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxKeys is the longest answer read. A key has 300 bytes, and there are a few.
const maxKeys = 1 << 20

// fetch reads the published keys. One that is no P-256 key is left out.
func (r *ring) fetch(ctx context.Context, op string) (map[string]*ecdsa.PublicKey, error) {
	req, err := exchange.NewRequest(ctx, op, http.MethodGet, r.address, nil)
	if err != nil {
		return nil, err
	}
	got, err := exchange.Ask(ctx, op, r.http, req, maxKeys)
	if err != nil {
		return nil, err
	}
	if err := unpublished(got.Err(op)); err != nil {
		return nil, err
	}
	var answer struct {
		Keys []struct {
			ID  string `json:"key_identifier"`
			PEM string `json:"key"`
		} `json:"public_keys"`
	}
	if json.Unmarshal(got.Body, &answer) != nil {
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "what is at public_keys_url is no list of keys")
	}
	keys := map[string]*ecdsa.PublicKey{}
	for _, k := range answer.Keys {
		if key := parse(k.PEM); key != nil && k.ID != "" {
			keys[k.ID] = key
		}
	}
	if len(keys) == 0 {
		return nil, keyturn.Errorf(keyturn.Unavailable, op, "what is at public_keys_url holds no ECDSA key on P-256")
	}
	return keys, nil
}

func parse(text string) *ecdsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	key, ok := parsed.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil
	}
	return key
}

// unpublished explains a refusal.
func unpublished(err error) error {
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case keyturn.NotFound:
		e.Message = "there are no keys at public_keys_url"
	case keyturn.Denied:
		e.Message = "the keys at public_keys_url are not published to everybody, or too many were read from here"
	}
	return e
}
