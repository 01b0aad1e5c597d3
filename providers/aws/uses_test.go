package aws_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/aws"
	"github.com/keyturn/keyturn/providers/aws/awsfake"
	"github.com/keyturn/keyturn/providers/fake"
)

func (w world) uses(t *testing.T, since time.Time) (out []providers.Use, err error) {
	t.Helper()
	for u, err := range w.Provider.(providers.UseReader).Uses(t.Context(), providers.UseQuery{Principal: "orders", ID: w.key.ID, Since: since}) {
		if err != nil {
			return out, err
		}
		out = append(out, u)
	}
	return out, nil
}

// inRegion matches requests to CloudTrail in one region.
func inRegion(region string) func(*http.Request) bool {
	return func(r *http.Request) bool {
		return strings.Contains(r.Header.Get("Authorization"), "/"+region+"/cloudtrail/")
	}
}

func saying(body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) })
}

// occurred is an event as CloudTrail sends it, with a record in it.
func occurred(id, source, name, record string) string {
	return fmt.Sprintf(`{"EventId":%q,"EventName":%q,"EventSource":%q,"EventTime":1.767323045E9,"CloudTrailEvent":%q}`, id, name, source, record)
}

// TestUsesOfEveryRegion reads two regions, one after the other, and a page that is empty
// although another follows.
func TestUsesOfEveryRegion(t *testing.T) {
	t.Parallel()
	w := open(t, `{"credentials": {"path": "keyturn/aws"}, "cloudtrail_regions": ["us-east-1", "eu-west-1"]}`, awsfake.Account)
	at := time.Unix(1767323045, 0).UTC()
	first := occurred("a", "iam.amazonaws.com", "CreateUser", `{"sourceIPAddress":"203.0.113.7","userAgent":"aws-cli/2.9"}`)
	second := occurred("b", "runtime.sagemaker.amazonaws.com", "InvokeEndpoint", `{"sourceIPAddress":"AWS Internal"}`)
	w.faults.Set(
		fake.Rule{Match: inRegion("us-east-1"), Times: 1, Answer: saying(`{"Events":[],"NextToken":"x"}`)},
		fake.Rule{Match: inRegion("us-east-1"), Answer: saying(`{"Events":[` + first + `]}`)},
		fake.Rule{Match: inRegion("eu-west-1"), Answer: saying(`{"Events":[` + second + `]}`)},
	)
	got, err := w.uses(t, at)
	want := []providers.Use{
		{ID: "a", At: at, From: "203.0.113.7", What: "iam:CreateUser", Agent: "aws-cli/2.9"},
		{ID: "b", At: at, From: "AWS Internal", What: "runtime.sagemaker:InvokeEndpoint"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("uses (-want +got):\n%s, error %v", diff, err)
	}
	w.faults.Set(fake.Rule{Match: inRegion("eu-west-1"), Status: 403})
	if _, err := w.uses(t, at); keyturn.KindOf(err) != keyturn.Denied {
		t.Errorf("a region that may not be read: %v, want Denied", err)
	}
}

// TestWhereUsesAreLookedFor checks the region asked where the settings name none.
func TestWhereUsesAreLookedFor(t *testing.T) {
	t.Parallel()
	for region, want := range map[string]string{
		"": "us-east-1", "eu-central-1": "us-east-1", "cn-northwest-1": "cn-north-1", "us-gov-east-1": "us-gov-west-1",
	} {
		w := open(t, `{"credentials": {"path": "keyturn/aws"}, "region": "`+region+`"}`, awsfake.Account)
		asked := 0
		w.faults.Set(fake.Rule{Status: 500, Match: func(r *http.Request) bool {
			if inRegion(want)(r) {
				asked++
			}
			return false
		}})
		if _, err := w.uses(t, time.Time{}); err != nil || asked != 1 {
			t.Errorf("region %q: %s was asked %d times, error %v", region, want, asked, err)
		}
	}
	for _, bad := range []string{`["us-east-1", "us-east-1"]`, `["us-east-1.example.com"]`, `[""]`} {
		_, err := aws.Factory.New(providers.Env{Decode: decode(`{"credentials": {"path": "x"}, "cloudtrail_regions": ` + bad + `}`)})
		if err == nil || !strings.Contains(err.Error(), "cloudtrail_regions") {
			t.Errorf("cloudtrail_regions %s: %v", bad, err)
		}
	}
}

// TestUsesBeyondTheHistory: CloudTrail refuses times it cannot know of, so it is sent
// none where a story begins before its history does.
func TestUsesBeyondTheHistory(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	var sent string
	w.faults.Set(fake.Rule{Status: 500, Match: func(r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		sent = string(body)
		return false
	}})
	for age, want := range map[time.Duration]bool{24 * time.Hour: true, 89 * 24 * time.Hour: true, 91 * 24 * time.Hour: false} {
		if _, err := w.uses(t, time.Now().Add(-age)); err != nil || strings.Contains(sent, "StartTime") != want {
			t.Errorf("since %v ago: sent %s, error %v", age, sent, err)
		}
	}
}

// TestUsesKeepToThePace: CloudTrail throttles whoever asks for page after page at once.
func TestUsesKeepToThePace(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	now := time.Now()
	for range 101 {
		w.ledger.AddUse(fake.Use{Key: w.key.ID, At: now, What: "sts:GetCallerIdentity"})
	}
	began := time.Now()
	got, err := w.uses(t, now.Add(-time.Hour))
	if took := time.Since(began); len(got) != 101 || err != nil || took < 10*time.Millisecond {
		t.Errorf("%d uses on three pages, error %v, after %v", len(got), err, took)
	}
}

// TestUsesThatCannotBeRead checks events that lack what every event has.
func TestUsesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	for _, event := range []string{
		occurred("", "iam.amazonaws.com", "CreateUser", "{}"), occurred("a", "iam.amazonaws.com", "", "{}"),
		occurred("a", "iam.amazonaws.com", "CreateUser", ""), `{"EventId":"a","EventName":"CreateUser","CloudTrailEvent":"{}"}`,
	} {
		w.faults.Set(fake.Rule{Answer: saying(`{"Events":[` + event + `]}`)})
		if got, err := w.uses(t, time.Time{}); keyturn.KindOf(err) != keyturn.Unavailable || len(got) > 0 {
			t.Errorf("%s: %+v, %v, want Unavailable", event, got, err)
		}
	}
}

// TestLocateAsksInOrder: IAM is asked about no key of another account, and about no id
// that is none of a user's.
func TestLocateAsksInOrder(t *testing.T) {
	t.Parallel()
	w := open(t, stored, awsfake.Account)
	var asked []string
	w.faults.Set(fake.Rule{Status: 500, Match: func(r *http.Request) bool {
		asked = append(asked, r.FormValue("Action"))
		return false
	}})
	for id, want := range map[string][]string{
		"AKIAIOSFODNN7EXAMPLE": {"GetAccessKeyInfo"},
		"ASIAIOSFODNN7EXAMPLE": nil,
		"AKIA":                 nil,
		w.key.ID:               {"GetAccessKeyInfo", "GetAccessKeyLastUsed", "ListAccessKeys"},
	} {
		asked = nil
		got, err := w.Provider.(providers.Locator).Locate(t.Context(), id)
		if !slices.Equal(asked, want) {
			t.Errorf("%s: asked %v, want %v", id, asked, want)
		}
		if id == w.key.ID {
			if err != nil || got.Principal != "orders" {
				t.Errorf("Locate = %+v, %v", got, err)
			}
		} else if keyturn.KindOf(err) != keyturn.NotFound {
			t.Errorf("%s: %v, want NotFound", id, err)
		}
	}
}
