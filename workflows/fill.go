package workflows

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// FillInput says whose fingerprints are to be made, and how far FillFingerprints is.
type FillInput struct {
	Page activities.FillFingerprintsInput `json:"page"`
	So   FillResult                       `json:"so"`
}

// A FillResult counts what FillFingerprints did.
type FillResult struct {
	Keys   int `json:"keys"`   // looked at
	Filled int `json:"filled"` // of them, those that lacked some
	// Unread are those whose value cannot be read; some of them are named.
	Unread int             `json:"unread"`
	Some   []keyturn.KeyID `json:"some,omitempty"`
}

func (r *FillResult) add(page activities.FillFingerprintsResult) {
	r.Keys += page.Keys
	r.Filled += page.Filled
	r.Unread += page.Unread
	r.Some = append(r.Some, page.Some...)
	r.Some = r.Some[:min(len(r.Some), 20)]
}

func (r *FillResult) String() string {
	return fmt.Sprintf("%d keys looked at; %d lacked fingerprints; the value of %d cannot be read", r.Keys, r.Filled, r.Unread)
}

// fillPages is how many pages one run works on, which keeps its history short.
const fillPages = 100

// FillFingerprints makes the fingerprints that keys lack, page after page.
func FillFingerprints(ctx workflow.Context, in FillInput) (FillResult, error) {
	for page := 0; ; page++ {
		if page == fillPages {
			return in.So, workflow.NewContinueAsNewError(ctx, FillFingerprints, in)
		}
		out, err := call(ctx, patient(ctx, "make the fingerprints that are lacking"), leaked.FillFingerprints, in.Page)
		if err != nil {
			return in.So, err
		}
		in.So.add(out)
		workflow.SetCurrentDetails(ctx, in.So.String())
		if in.Page.After = out.Next; out.Next == "" {
			return in.So, nil
		}
	}
}
