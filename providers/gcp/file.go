package gcp

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"

	"github.com/keyturn/keyturn"
)

var (
	errEnded   = errors.New("the end date has passed")
	errNoKey   = errors.New("no RSA key in PEM")
	errNotText = errors.New("not PEM")
)

// file is a service-account key as Google's libraries read it.
type file struct {
	Type         string `json:"type"`
	ProjectID    string `json:"project_id"`
	PrivateKeyID string `json:"private_key_id"`
	PrivateKey   string `json:"private_key"`
	ClientEmail  string `json:"client_email"`
	ClientID     string `json:"client_id"`
	AuthURI      string `json:"auth_uri"`
	TokenURI     string `json:"token_uri"`
	AuthProvider string `json:"auth_provider_x509_cert_url"`
	ClientCert   string `json:"client_x509_cert_url"`
	Universe     string `json:"universe_domain"`
}

// opened is a file and the private key in it.
type opened struct {
	file
	key *rsa.PrivateKey
}

// readFile reads a value that should be a service-account key. Its addresses
// are not used: a forged one would have the signature sent elsewhere.
func readFile(op string, secret keyturn.Secret) (opened, error) {
	bad := keyturn.Errorf(keyturn.Invalid, op, "the value is no service-account key; store the whole JSON file")
	var f file
	if err := json.Unmarshal([]byte(secret.Expose()), &f); err != nil || f.Type != "service_account" || f.ClientEmail == "" || f.PrivateKeyID == "" {
		return opened{}, bad
	}
	key, err := readPrivate(f.PrivateKey)
	if err != nil {
		return opened{}, bad
	}
	return opened{f, key}, nil
}

func readPrivate(text string) (*rsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errNotText
	}
	if k, err := x509.ParsePKCS1PrivateKey(block.Bytes); err == nil {
		return k, nil
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if k, ok := parsed.(*rsa.PrivateKey); err == nil && ok {
		return k, nil
	}
	return nil, errNoKey
}

// readPublic reads what IAM shows of a key: a certificate around it.
func readPublic(text []byte) (*rsa.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errNotText
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	if k, ok := cert.PublicKey.(*rsa.PublicKey); ok {
		return k, nil
	}
	return nil, errNoKey
}
