package gcp

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Mint makes a key of the service account req.Principal. Unless settings say
// otherwise the pair is made here and only its public half is sent, in a
// certificate that ends when req.Expires says. A key made by Google ends when
// the organisation's policy says, else never.
//
// It reads the account first, since some of Google's libraries want its number
// in the file.
func (a accountKeys) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "gcp: mint"
	path, err := a.accountPath(op, req.Principal)
	if err != nil {
		return providers.Minted{}, err
	}
	var account struct{ Email, UniqueID string }
	if err := a.manage(ctx, request{op: op, host: iam, path: path}, &account); err != nil {
		return providers.Minted{}, err
	}
	switch {
	case account.Email == "":
		return providers.Minted{}, undocumented(op)
	case !strings.EqualFold(account.Email, req.Principal):
		return providers.Minted{}, keyturn.Errorf(keyturn.Invalid, op, "name the service account by its e-mail address, not by a number")
	}
	if a.settings.Mint == byCreate {
		m, why, err := a.create(ctx, op, path, req)
		return m, full(op, why, err)
	}
	m, why, err := a.upload(ctx, op, path, account.UniqueID, req)
	if why == uploadForbidden && a.settings.Mint == "" {
		m, why, err = a.create(ctx, op, path, req) // the upload was refused, so there is no key yet
	}
	return m, full(op, why, err)
}

// full knows what Google means by a failed precondition it does not explain:
// that is its answer to the eleventh key, in place of RESOURCE_EXHAUSTED.
func full(op string, why why, err error) error {
	if why == preconditionFailed {
		return keyturn.Errorf(keyturn.Exhausted, op, "Google refuses another key; if the service account holds ten, delete one that is no longer needed")
	}
	return err
}

// upload makes a key pair and gives Google the public half of it.
func (a accountKeys) upload(ctx context.Context, op, path, number string, req providers.MintRequest) (providers.Minted, why, error) {
	pair, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return providers.Minted{}, "", keyturn.Errorf(keyturn.Unavailable, op, "a key pair cannot be made here")
	}
	cert, err := certificate(pair, req.Label, a.env.Now(), req.Expires)
	if err != nil {
		return providers.Minted{}, "", keyturn.Errorf(keyturn.Invalid, op, "a certificate cannot be made; is the end date in the future?")
	}
	var k key
	why, err := a.ask(ctx, request{
		op: op, method: http.MethodPost, host: iam, path: path + "/keys:upload",
		in: map[string][]byte{"publicKeyData": cert},
	}, &k)
	if err != nil {
		return providers.Minted{}, why, err
	}
	id := last(k.Name)
	secret, err := newFile(pair, a.project, id, req.Principal, number)
	if id == "" || err != nil {
		return providers.Minted{}, "", undocumented(op)
	}
	return providers.Minted{Key: a.remote(k, req.Principal), Secret: secret}, "", nil
}

// create has Google make the pair.
func (a accountKeys) create(ctx context.Context, op, path string, req providers.MintRequest) (providers.Minted, why, error) {
	var k key
	why, err := a.ask(ctx, request{
		op: op, method: http.MethodPost, host: iam, path: path + "/keys",
		in: map[string]string{"privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE", "keyAlgorithm": "KEY_ALG_RSA_2048"},
	}, &k)
	if err != nil {
		return providers.Minted{}, why, err
	}
	secret := keyturn.NewSecret(string(k.PrivateKeyData))
	if f, err := readFile(op, secret); err != nil || last(k.Name) == "" || f.PrivateKeyID != last(k.Name) {
		return providers.Minted{}, "", undocumented(op)
	}
	return providers.Minted{Key: a.remote(k, req.Principal), Secret: secret}, "", nil
}

// certificate wraps a public key as Google wants it. Certificates of service
// accounts can be read by anyone, so the subject is a generic one and the label
// is only hinted at: the serial number is 4B, the first 8 bytes of the label's
// SHA-256, and 8 random ones.
func certificate(pair *rsa.PrivateKey, label string, now, expires time.Time) ([]byte, error) {
	sum := sha256.Sum256([]byte(label))
	serial := append([]byte{0x4b}, sum[:8]...)
	serial = append(serial, rand.Text()[:8]...)
	if expires.IsZero() {
		expires = time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC) // RFC 5280, 4.1.2.5: no end
	}
	t := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial),
		Subject:      pkix.Name{CommonName: "keyturn"},
		NotBefore:    now.UTC().Truncate(time.Second), // Google tells it back as when the key was made
		NotAfter:     expires.UTC(),
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	if !t.NotAfter.After(t.NotBefore) {
		return nil, errEnded
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &pair.PublicKey, pair)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), err
}

// newFile writes the credentials file that Google would have made.
func newFile(pair *rsa.PrivateKey, project, id, email, number string) (keyturn.Secret, error) {
	der, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		return keyturn.Secret{}, err
	}
	text, err := json.MarshalIndent(file{
		Type: "service_account", ProjectID: project, PrivateKeyID: id,
		PrivateKey:  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
		ClientEmail: email, ClientID: number,
		AuthURI: "https://accounts.google.com/o/oauth2/auth", TokenURI: audience,
		AuthProvider: "https://www.googleapis.com/oauth2/v1/certs",
		ClientCert:   "https://www.googleapis.com/robot/v1/metadata/x509/" + strings.ReplaceAll(email, "@", "%40"),
		Universe:     "googleapis.com",
	}, "", "  ")
	return keyturn.NewSecret(string(text)), err
}
