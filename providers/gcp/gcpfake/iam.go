package gcpfake

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
)

// people are the service accounts.
func (a *api) people() []string {
	return slices.DeleteFunc(a.l.Principals(), func(p string) bool { return p == APIKeys })
}

func account(email string) object {
	return object{
		"name": "projects/" + Project + "/serviceAccounts/" + email, "projectId": Project, "uniqueId": "104" + number,
		"email": email, "displayName": email, "etag": "MDEwMjE5MjA=", "oauth2ClientId": "104" + number,
	}
}

func (a *api) accounts(c call) {
	from, _ := strconv.Atoi(c.r.FormValue("pageToken"))
	size, _ := strconv.Atoi(c.r.FormValue("pageSize"))
	if size == 0 {
		size = 20
	}
	page, next, more := fake.Page(a.people(), from, min(size, 100))
	out := object{}
	if len(page) > 0 {
		var all []object
		for _, email := range page {
			all = append(all, account(email))
		}
		out["accounts"] = all
	}
	if more {
		out["nextPageToken"] = strconv.Itoa(next)
	}
	fake.JSON(c.w, http.StatusOK, out)
}

func (a *api) account(c call) {
	if a.known(c) {
		fake.JSON(c.w, http.StatusOK, account(c.ids[1]))
	}
}

// known reports whether the service account of a call exists, and says so if
// it does not.
func (a *api) known(c call) bool {
	ok := slices.Contains(a.people(), c.ids[1])
	if !ok {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Unknown service account")
	}
	return ok
}

// show is a key as IAM shows it. Fields that are empty are left out.
func show(k fake.Key) object {
	until := time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	if !k.Expires.IsZero() {
		until = k.Expires
	}
	out := object{
		"name": "projects/" + Project + "/serviceAccounts/" + k.Principal + "/keys/" + k.ID, "keyType": "USER_MANAGED",
		"keyAlgorithm": "KEY_ALG_RSA_2048", "keyOrigin": "GOOGLE_PROVIDED", "validAfterTime": stamp(k.Created), "validBeforeTime": stamp(until),
	}
	if !k.Enabled {
		out["disabled"] = true
		out["disableReason"] = "SERVICE_ACCOUNT_KEY_DISABLE_REASON_USER_INITIATED"
	}
	return out
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (a *api) listKeys(c call) {
	if !a.known(c) {
		return
	}
	var keys []object
	for _, k := range a.l.Live(c.ids[1]) {
		keys = append(keys, show(k))
	}
	if !slices.Contains(c.r.URL.Query()["keyTypes"], "USER_MANAGED") {
		own := show(fake.Key{ID: hexID(), Principal: c.ids[1], Created: a.l.Now(), Enabled: true})
		own["keyType"] = "SYSTEM_MANAGED"
		keys = append(keys, own)
	}
	out := object{}
	if len(keys) > 0 {
		out["keys"] = keys
	}
	fake.JSON(c.w, http.StatusOK, out)
}

func (a *api) createKey(c call) {
	var in struct{ PrivateKeyType string }
	if !a.known(c) || !body(c, &in) {
		return
	}
	k, err := a.l.Mint(c.who, fake.Draft{Principal: c.ids[1]})
	if refusedMint(c.w, err) {
		return
	}
	out := show(k)
	out["privateKeyType"], out["privateKeyData"] = "TYPE_GOOGLE_CREDENTIALS_FILE", []byte(k.Secret)
	fake.JSON(c.w, http.StatusOK, out)
}

func (a *api) uploadKey(c call) {
	var in struct{ PublicKeyData []byte }
	if !a.known(c) || !body(c, &in) {
		return
	}
	block, _ := pem.Decode(in.PublicKeyData)
	if block == nil || block.Type != "CERTIFICATE" {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Public key is malformed.")
		return
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil || cert.Version != 3 || cert.NotBefore.After(a.l.Now().Add(time.Minute)) {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Public key is malformed.")
		return
	}
	public, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil {
		problem(c.w, http.StatusBadRequest, "INVALID_ARGUMENT", "Public key is not RSA.")
		return
	}
	k, err := a.l.Mint(c.who, fake.Draft{Principal: c.ids[1], Secret: publicPEM(public), Expires: cert.NotAfter})
	if refusedMint(c.w, err) {
		return
	}
	k.Created = cert.NotBefore
	out := show(k)
	out["keyOrigin"] = "USER_PROVIDED"
	fake.JSON(c.w, http.StatusOK, out)
}

// refusedMint words why there is no new key: Google does not name the limit.
func refusedMint(w http.ResponseWriter, err error) bool {
	if err != nil {
		problem(w, http.StatusBadRequest, "FAILED_PRECONDITION", "Precondition check failed.")
	}
	return err != nil
}

func (a *api) getKey(c call) {
	k, ok := a.l.Find(c.ids[2])
	if !ok || k.Principal != c.ids[1] {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Service account key does not exist.")
		return
	}
	out := show(k)
	if c.r.FormValue("publicKeyType") == "TYPE_X509_PEM_FILE" {
		out["publicKeyData"] = certificateOf(k.Secret)
	}
	fake.JSON(c.w, http.StatusOK, out)
}

func (a *api) deleteKey(c call) { done(c, a.l.Revoke(c.who, c.ids[1], c.ids[2])) }

func (a *api) switchKey(c call) {
	done(c, a.l.SetEnabled(c.who, c.ids[1], c.ids[2], c.verb == "enable"))
}

// done answers with nothing, or with what does not exist.
func done(c call, err error) {
	if err != nil {
		problem(c.w, http.StatusNotFound, "NOT_FOUND", "Service account key does not exist.")
		return
	}
	fake.JSON(c.w, http.StatusOK, object{})
}
