package dial

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"
	"google.golang.org/protobuf/proto"
)

const (
	encoding    = "encoding"
	encrypted   = "binary/encrypted-aes-256-gcm"
	keyIDHeader = "keyturn-key-id"
)

// A Ring encrypts payloads with one key and decrypts with any of several, so
// that the active key can change while old histories stay readable. It is a
// converter.PayloadCodec, safe for concurrent use.
type Ring struct {
	active string
	keys   map[string]cipher.AEAD
}

var _ converter.PayloadCodec = (*Ring)(nil)

// NewRing makes a ring of AES-256 keys, 32 bytes each, by id.
func NewRing(active string, keys map[string][]byte) (*Ring, error) {
	r := &Ring{active: active, keys: map[string]cipher.AEAD{}}
	for id, key := range keys {
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("payload key %q: %w", id, err)
		}
		if r.keys[id], err = cipher.NewGCM(block); err != nil {
			return nil, fmt.Errorf("payload key %q: %w", id, err)
		}
	}
	if r.keys[active] == nil {
		return nil, fmt.Errorf("temporal.encryption: the active key %q is not among the keys", active)
	}
	return r, nil
}

// Encode implements converter.PayloadCodec.
func (r *Ring) Encode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		plain, err := proto.Marshal(p)
		if err != nil {
			return nil, err
		}
		gcm := r.keys[r.active]
		nonce := make([]byte, gcm.NonceSize(), gcm.NonceSize()+len(plain)+gcm.Overhead())
		if _, err := rand.Read(nonce); err != nil {
			return nil, err
		}
		out[i] = &commonpb.Payload{
			Metadata: map[string][]byte{encoding: []byte(encrypted), keyIDHeader: []byte(r.active)},
			Data:     gcm.Seal(nonce, nonce, plain, []byte(r.active)),
		}
	}
	return out, nil
}

// Decode implements converter.PayloadCodec. Payloads it did not encrypt pass
// through, so that encryption can be switched on while workflows run.
func (r *Ring) Decode(in []*commonpb.Payload) ([]*commonpb.Payload, error) {
	out := make([]*commonpb.Payload, len(in))
	for i, p := range in {
		if string(p.GetMetadata()[encoding]) != encrypted {
			out[i] = p
			continue
		}
		id := string(p.GetMetadata()[keyIDHeader])
		gcm := r.keys[id]
		if gcm == nil {
			return nil, fmt.Errorf("a payload is encrypted with key %q, which temporal.encryption.keys lacks", id)
		}
		n := gcm.NonceSize()
		if len(p.GetData()) < n {
			return nil, fmt.Errorf("a payload encrypted with key %q is cut short", id)
		}
		plain, err := gcm.Open(nil, p.GetData()[:n], p.GetData()[n:], []byte(id))
		if err != nil {
			return nil, fmt.Errorf("a payload does not open with key %q: %w", id, err)
		}
		out[i] = new(commonpb.Payload)
		if err := proto.Unmarshal(plain, out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
