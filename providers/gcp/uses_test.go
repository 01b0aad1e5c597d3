package gcp_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/providers/gcp/gcpfake"
)

func (w *world) uses(t *testing.T, q providers.UseQuery) (out []providers.Use, err error) {
	t.Helper()
	for u, err := range w.p.(providers.UseReader).Uses(t.Context(), q) {
		if err != nil {
			return out, err
		}
		out = append(out, u)
	}
	return out, nil
}

// TestUsesWithoutThePrincipal: whoever finds a value learns its key's id, not always its
// owner.
func TestUsesWithoutThePrincipal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	k, other := w.seed(t, orders, "orders/g1"), w.seed(t, orders, "orders/g2")
	at := time.Date(2026, time.January, 2, 3, 4, 5, 678000000, time.UTC)
	w.l.AddUse(fake.Use{ID: "a", Key: k.ID, At: at, From: "203.0.113.7", What: "iam:google.iam.admin.v1.CreateServiceAccountKey", Agent: "gcloud"})
	w.l.AddUse(fake.Use{ID: "b", Key: other.ID, At: at})
	want := []providers.Use{{ID: "a", At: at, From: "203.0.113.7", What: "iam:google.iam.admin.v1.CreateServiceAccountKey", Agent: "gcloud"}}
	for _, principal := range []string{"", orders} {
		got, err := w.uses(t, providers.UseQuery{Principal: principal, ID: k.ID, Since: at})
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("principal %q: uses (-want +got):\n%s, error %v", principal, diff, err)
		}
	}
	if got, err := w.uses(t, providers.UseQuery{Principal: "billing@acme-prod.iam.gserviceaccount.com", ID: k.ID}); len(got) != 0 || err != nil {
		t.Errorf("another principal's: %+v, %v, want nothing", got, err)
	}
	before := w.asked(":list")
	for _, q := range []providers.UseQuery{{}, {ID: k.ID[:8]}, {ID: ".*" + k.ID[2:]}, {Principal: orders, ID: `x" OR "`}, {Principal: `x" OR "`, ID: k.ID}} {
		_, err := w.uses(t, q)
		wantKind(t, "Uses of "+q.Principal+" "+q.ID, err, keyturn.Invalid)
	}
	if w.asked(":list") != before {
		t.Error("a query that could be about other keys was sent")
	}
	_, err := w.uses(t, providers.UseQuery{Principal: gcpfake.APIKeys, ID: "maps-g1"})
	wantKind(t, "Uses of an API key", err, keyturn.Unsupported)
}

// TestUsesOfAnEmptyPage: Cloud Logging answers with nothing and a token when a search
// takes it long.
func TestUsesOfAnEmptyPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stored)
	k := w.seed(t, orders, "orders/g1")
	const line = `{"insertId":"a","timestamp":"2026-01-02T03:04:05Z","protoPayload":{"serviceName":"storage.googleapis.com","methodName":"storage.objects.get"}}`
	w.faults.Set(
		fake.Rule{Match: at(":list"), Times: 1, Answer: saying(200, `{"nextPageToken":"more"}`)},
		fake.Rule{Match: at(":list"), Answer: saying(200, `{"entries":[`+line+`]}`)},
	)
	got, err := w.uses(t, providers.UseQuery{Principal: orders, ID: k.ID})
	if err != nil || len(got) != 1 || got[0].What != "storage:storage.objects.get" {
		t.Errorf("uses %+v, error %v, want one", got, err)
	}
	for _, broken := range []string{`{"timestamp":"2026-01-02T03:04:05Z","protoPayload":{"methodName":"x"}}`, `{"insertId":"a","protoPayload":{"methodName":"x"}}`, `{"insertId":"a","timestamp":"2026-01-02T03:04:05Z"}`} {
		w.faults.Set(fake.Rule{Match: at(":list"), Answer: saying(200, `{"entries":[`+broken+`]}`)})
		_, err := w.uses(t, providers.UseQuery{Principal: orders, ID: k.ID})
		wantKind(t, broken, err, keyturn.Unavailable)
	}
	w.faults.Set(fake.Rule{Match: at(":list"), Answer: saying(403, `{"error":{"code":403,"status":"PERMISSION_DENIED","details":[{"reason":"SERVICE_DISABLED"}]}}`)})
	_, err = w.uses(t, providers.UseQuery{Principal: orders, ID: k.ID})
	wantKind(t, "without the Logging API", err, keyturn.Denied)
}
