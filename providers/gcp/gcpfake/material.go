package gcpfake

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"sync"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// pair is the key pair of every key that the fake makes: making one takes long,
// and the ids tell the keys apart.
var pair = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic("gcpfake: " + err.Error())
	}
	return k
})

// complete gives a draft an id and a value that name each other.
func complete(prefix string, d *fake.Draft) {
	if d.Principal == APIKeys {
		if d.ID == "" {
			d.ID = "k" + hexID()
		}
		if d.Secret == "" {
			d.Secret = "AIzaSy" + prefix + rand.Text()
		}
		return
	}
	if d.ID == "" {
		d.ID = hexID()
	}
	if d.Secret == "" {
		d.Secret = File(prefix, d.ID, d.Principal)
	}
}

// File is a service account's credentials file for the key called id. Mark
// stands in its private key, where PEM allows a header.
func File(mark, id, email string) string {
	der, err := x509.MarshalPKCS8PrivateKey(pair())
	if err != nil {
		panic("gcpfake: " + err.Error())
	}
	block := &pem.Block{Type: "PRIVATE KEY", Bytes: der, Headers: map[string]string{"Made": mark + rand.Text()}}
	text, err := json.MarshalIndent(object{
		"type": "service_account", "project_id": Project, "private_key_id": id, "private_key": string(pem.EncodeToMemory(block)),
		"client_email": email, "client_id": "104" + number, "auth_uri": "https://accounts.google.com/o/oauth2/auth",
		"token_uri": audience, "auth_provider_x509_cert_url": "https://www.googleapis.com/oauth2/v1/certs",
		"client_x509_cert_url": "https://www.googleapis.com/robot/v1/metadata/x509/" + email, "universe_domain": "googleapis.com",
	}, "", "  ")
	if err != nil {
		panic("gcpfake: " + err.Error())
	}
	return string(text)
}

// Public is what Google is given of an uploaded key, and so what the ledger
// holds as its Secret: the public half of the file's key, in PEM.
func Public(file string) string {
	if k := publicKey(file); k != nil {
		return publicPEM(k)
	}
	return ""
}

// publicKey reads the public key out of a ledger's Secret: a file, or PEM.
func publicKey(secret string) *rsa.PublicKey {
	var f struct {
		Key string `json:"private_key"`
	}
	if json.Unmarshal([]byte(secret), &f) == nil {
		if block, _ := pem.Decode([]byte(f.Key)); block != nil {
			if k, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
				return &k.(*rsa.PrivateKey).PublicKey
			}
		}
		return nil
	}
	if block, _ := pem.Decode([]byte(secret)); block != nil {
		if k, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
			return k.(*rsa.PublicKey)
		}
	}
	return nil
}

func publicPEM(k *rsa.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		panic("gcpfake: " + err.Error())
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))
}

// certificateOf wraps the public half of a Secret in a certificate.
func certificateOf(secret string) []byte {
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "gcpfake"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<32, 0),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, publicKey(secret), pair())
	if err != nil {
		return nil
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// hexID is an id as keys of service accounts have them.
func hexID() string {
	var b [20]byte
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}
