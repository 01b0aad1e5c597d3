package simulate

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/twilio/twiliofake"
)

func twilio() kind {
	return kind{
		provider: "twilio",
		account:  twiliofake.Account,
		settle:   time.Second,
		rate:     20,
		fake:     twiliofake.New,
		refuse:   twiliofake.Refuse,
		admins: func() map[string]fake.Admin {
			return map[string]fake.Admin{
				"credentials": {Name: "admin", ID: "SK000000000000000000000000000000ad", Secret: rand.Text()},
			}
		},
		mints:    fake.Rule{Method: http.MethodPost, Path: "/v1/Keys"},
		verifies: fake.Rule{Path: "/2010-04-01/Accounts/"},
		refusal:  http.StatusUnauthorized,
		changes:  func(r *http.Request, _ []byte) string { return unlessRead(r) },
		ends:     lastOfDelete,
	}
}
