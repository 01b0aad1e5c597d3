package people

import (
	"context"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
)

// A Factory is the one thing a directory's folder exports to the outside.
type Factory struct {
	Name string
	New  func(Env) (Directory, error)
}

// Env is everything a directory may take from the world.
type Env struct {
	HTTP    *http.Client // counted, rate limited, never retried; follows no redirect
	BaseURL string       // where the API is; empty means the vendor's own address
	// Decode reads the directory's own settings, strictly.
	Decode func(any) error
	// Secret reads a credential from the secret store it is kept in. It is read
	// anew whenever it is needed, so that rotating it needs no restart. id is what
	// is stored beside the value; empty where there is none.
	Secret func(ctx context.Context, ref keyturn.SecretRef) (id string, value keyturn.Secret, err error)
	// WebhookSecret proves deliveries; zero where no webhook is set up.
	WebhookSecret keyturn.Secret
	Now           func() time.Time
}
