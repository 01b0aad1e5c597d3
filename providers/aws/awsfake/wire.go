package awsfake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/keyturn/keyturn/providers/fake"
)

// authenticate returns the access key a request was signed with, or the code
// AWS refuses it with. The signature is made anew and compared.
func authenticate(l *fake.Ledger, r *http.Request, body []byte) (id, fault string) {
	// AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/iam/aws4_request, SignedHeaders=a;b, Signature=...
	auth := r.Header.Get("Authorization")
	scope := strings.Split(between(auth, "Credential=", ","), "/")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if len(scope) != 5 || err != nil {
		return "", "MissingAuthenticationToken"
	}
	id = scope[0]
	secret, session := "", ""
	if a, ok := l.AdminByID(id); ok {
		secret = a.Secret
		if strings.HasPrefix(id, "ASIA") {
			session = token(id)
		}
	} else if k, ok := l.FindSecret(l.Value(id)); ok {
		secret = k.Secret
	}
	if secret == "" || r.Header.Get("X-Amz-Security-Token") != session {
		return id, "InvalidClientTokenId"
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return id, "IncompleteSignature"
	}
	for name := range strings.SplitSeq(between(auth, "SignedHeaders=", ","), ";") {
		if name == "content-length" {
			again.ContentLength = r.ContentLength
		} else if name != "host" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	creds := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: session}
	err = v4.NewSigner().SignHTTP(r.Context(), creds, again, hex.EncodeToString(sum[:]), scope[3], scope[2], at)
	if err != nil || again.Header.Get("Authorization") != auth {
		return id, "SignatureDoesNotMatch"
	}
	if _, admin := l.AdminByID(id); !admin {
		if _, ok := l.Use(id); !ok {
			return id, "InvalidClientTokenId"
		}
	}
	return id, ""
}

// token is the session token that goes with a session's access key.
func token(id string) string { return "session-" + id }

// between returns what stands between two marks, or after the first one.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// Refuse is a [fake.Refusal] in AWS's words: throttling is a 400 that does
// not say how long to wait, and an invalid request is a 400 too.
func Refuse(w http.ResponseWriter, r *http.Request, status int, _ time.Duration, text string) {
	code := "ServiceFailure"
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		status, code = http.StatusBadRequest, "ValidationError"
	case http.StatusUnauthorized:
		code = "AuthFailure"
	case http.StatusForbidden:
		code = "AccessDenied"
	case http.StatusNotFound:
		code = "NoSuchEntity"
	case http.StatusConflict:
		code = "EntityAlreadyExists"
	case http.StatusTooManyRequests:
		status, code = http.StatusBadRequest, "Throttling"
	case http.StatusServiceUnavailable:
		code = "ServiceUnavailable"
	}
	refusal(r)(w, status, code, text)
}

// refusal is how the API that r is for words its errors.
func refusal(r *http.Request) func(w http.ResponseWriter, status int, code, message string) {
	if isTrail(r) {
		return refuseJSON
	}
	return refuse
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	answer(w, status, node("ErrorResponse", node("Error", leaf("Type", "Sender"), leaf("Code", code), leaf("Message", message)),
		leaf("RequestId", "00000000-0000-0000-0000-000000000000")))
}

func answer(w http.ResponseWriter, status int, doc string) {
	w.Header().Set("Content-Type", "text/xml")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(doc))
}

func node(name string, kids ...string) string {
	return "<" + name + ">" + strings.Join(kids, "") + "</" + name + ">"
}

func leaf(name, text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text))
	return node(name, b.String())
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
