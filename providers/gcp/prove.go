package gcp

import (
	"context"
	"net/url"

	"github.com/keyturn/keyturn"
)

// Verify exchanges the key for an access token, which needs no permission, and
// forgets the token.
func (a accountKeys) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "gcp: verify"
	f, err := readFile(op, secret)
	if err != nil {
		return err
	}
	// The least a token can be for.
	if _, err := a.exchange(ctx, op, f, "https://www.googleapis.com/auth/userinfo.email"); err != nil {
		return err
	}
	if id != "" && f.PrivateKeyID != id {
		return keyturn.Errorf(keyturn.Invalid, op, "the value works, but it is not that of key %s", id)
	}
	return nil
}

// Identify reads the id the file says, and asks IAM whether that key's public
// half belongs to the file's private one. The key itself is not used.
func (a accountKeys) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "gcp: identify"
	stranger := keyturn.Errorf(keyturn.NotFound, op, "the value is no service-account key of project %s", a.project)
	f, err := readFile(op, secret)
	if err != nil || f.ProjectID != a.project {
		return "", stranger
	}
	path, err := a.keyPath(op, f.ClientEmail, f.PrivateKeyID)
	if err != nil {
		return "", stranger
	}
	var k key
	err = a.manage(ctx, request{op: op, host: iam, path: path, query: url.Values{"publicKeyType": {"TYPE_X509_PEM_FILE"}}}, &k)
	if err != nil {
		return "", err
	}
	public, err := readPublic(k.PublicKeyData)
	switch {
	case err != nil || last(k.Name) != f.PrivateKeyID:
		return "", undocumented(op)
	case !f.key.PublicKey.Equal(public):
		return "", stranger
	}
	return f.PrivateKeyID, nil
}
