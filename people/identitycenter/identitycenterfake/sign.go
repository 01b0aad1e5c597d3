package identitycenterfake

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// authenticate returns the code AWS refuses a request with, or "". The signature
// is made anew and compared.
func (s *Store) authenticate(r *http.Request, body []byte) string {
	// AWS4-HMAC-SHA256 Credential=AKIA/20260102/us-east-1/identitystore/aws4_request, SignedHeaders=a;b, Signature=...
	auth := r.Header.Get("Authorization")
	scope := strings.Split(between(auth, "Credential=", ","), "/")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if len(scope) != 5 || err != nil {
		return "MissingAuthenticationTokenException"
	}
	if scope[0] != s.opts.AccessKey || scope[3] != "identitystore" {
		return "UnrecognizedClientException"
	}
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return "IncompleteSignature"
	}
	for name := range strings.SplitSeq(between(auth, "SignedHeaders=", ","), ";") {
		if name == "content-length" {
			again.ContentLength = r.ContentLength
		} else if name != "host" {
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	creds := aws.Credentials{AccessKeyID: scope[0], SecretAccessKey: s.opts.Secret}
	err = v4.NewSigner().SignHTTP(r.Context(), creds, again, hex.EncodeToString(sum[:]), scope[3], scope[2], at)
	if err != nil || again.Header.Get("Authorization") != auth {
		return "InvalidSignatureException"
	}
	return ""
}

// between returns what stands between two marks, or after the first one.
func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}
