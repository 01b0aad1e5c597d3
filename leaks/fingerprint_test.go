package leaks_test

import (
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// The expected values were computed with Python's hashlib and hmac.
func TestFingerprints(t *testing.T) {
	t.Parallel()
	f := leaks.Fingerprinter{Key: keyturn.NewSecret(strings.Repeat("k", 32))}
	got := f.Of(keyturn.NewSecret("hello-CANARY"))
	want := keyturn.Fingerprints{
		HMAC: "2f33074a5766bdc13b9fc484c1fd750f910cd1f1afc1662c77949d0964767ff4",
		HMSL: "0be4d46555948119a35aad091f8cc82831758fa8b0beca58830be75def61a180",
		SHA1: "ec0d18910852e9b74d4fb0a8edcadac2652b3c77e803032d5796c97cfd276b92", SHA256: "f52c52c207e688c19d964797d2a85bd12ec0d4917fb3a6da33c0c0dcf17fbb6b",
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if (leaks.Fingerprinter{}).Of(keyturn.NewSecret("hello-CANARY")) != (keyturn.Fingerprints{HMSL: want.HMSL}) {
		t.Error("without a key only the public fingerprint is made")
	}
	if f.Of(keyturn.Secret{}) != (keyturn.Fingerprints{}) {
		t.Error("no value has a fingerprint")
	}
}
