package awsfake_test

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/keyturn/keyturn/providers/aws/awsfake"
	"github.com/keyturn/keyturn/providers/fake"
)

// TestSignaturesAreChecked sends requests that were signed and then changed.
func TestSignaturesAreChecked(t *testing.T) {
	t.Parallel()
	l := fake.NewLedger(fake.Options{})
	l.AddPrincipal("orders")
	l.SetAdmin(fake.Admin{Name: "admin", ID: "AKIAADMIN", Secret: "right"})
	api := awsfake.New(l)
	send := func(secret, signed, sent string, change func(*http.Request)) int {
		r := httptest.NewRequest(http.MethodPost, "http://iam.amazonaws.com/", strings.NewReader(signed))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		sum := sha256.Sum256([]byte(signed))
		err := v4.NewSigner().SignHTTP(t.Context(), aws.Credentials{AccessKeyID: "AKIAADMIN", SecretAccessKey: secret}, r,
			hex.EncodeToString(sum[:]), "iam", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		again := httptest.NewRequest(http.MethodPost, "http://iam.amazonaws.com/", strings.NewReader(sent))
		again.Header = r.Header
		change(again)
		w := httptest.NewRecorder()
		api.ServeHTTP(w, again)
		return w.Code
	}
	const list, create = "Action=ListAccessKeys&UserName=orders", "Action=CreateAccessKey&UserName=orders"
	asIs := func(*http.Request) {}
	for _, c := range []struct {
		what, secret, signed, sent string
		change                     func(*http.Request)
		want                       int
	}{
		{"a sound request", "right", list, list, asIs, 200},
		{"a wrong secret", "wrong", list, list, asIs, 403},
		{"another action than was signed", "right", list, create, asIs, 403},
		{"no signature", "right", list, list, func(r *http.Request) { r.Header.Del("Authorization") }, 403},
		{"a session token nobody gave", "right", list, list, func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }, 403},
		{"an action there is not", "right", "Action=DeleteAccount", "Action=DeleteAccount", asIs, 400},
	} {
		if got := send(c.secret, c.signed, c.sent, c.change); got != c.want {
			t.Errorf("%s: status %d, want %d", c.what, got, c.want)
		}
	}
	if n := len(l.Log()); n != 0 {
		t.Errorf("%d changes were made, want none", n)
	}
}
