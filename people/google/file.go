package google

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"

	"github.com/keyturn/keyturn"
)

// file is what is needed of a service account's key. Its addresses are not used: a
// forged one would have the signature sent elsewhere.
type file struct {
	Type         string `json:"type"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
	ClientEmail  string `json:"client_email"`
	key          *rsa.PrivateKey
}

// readFile reads the JSON file that Google hands out for a service account.
func readFile(secret keyturn.Secret) (file, bool) {
	var f file
	if json.Unmarshal([]byte(secret.Expose()), &f) != nil || f.Type != "service_account" || f.ClientEmail == "" || f.PrivateKeyID == "" {
		return file{}, false
	}
	f.key = readPrivate(f.PrivateKey)
	return f, f.key != nil
}

// readPrivate reads an RSA key in PEM; nil is none.
func readPrivate(text string) *rsa.PrivateKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if k, ok := parsed.(*rsa.PrivateKey); err == nil && ok {
		return k
	}
	return nil
}
