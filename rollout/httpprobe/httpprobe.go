// Package httpprobe asks a service over HTTP which generation of a key it
// uses. The convention is one GET that answers JSON:
//
//	{"generations": {"payments-stripe-live-001": "payments-stripe-live-001/g8"}}
//
// The generation is the field of that name that the service read from the
// secret store together with the key. It is not a secret.
package httpprobe

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/rollout"
)

// Kind is the consumer kind this package checks. The consumer's name is the URL.
const Kind = "http_probe"

// A Checker probes services. It is safe for concurrent use.
type Checker struct {
	HTTP *http.Client
}

var _ rollout.Checker = Checker{}

// Kind implements rollout.Checker.
func (Checker) Kind() string { return Kind }

// answer is what a service says. Other fields are its own affair.
type answer struct {
	Generations map[keyturn.KeyID]string `json:"generations"`
}

// maxAnswer bounds what is read of one answer.
const maxAnswer = 1 << 20

// Check implements rollout.Checker. A service that answers but does not name
// the key is Unknown: it does not follow the convention for this key.
func (c Checker) Check(ctx context.Context, consumer keyturn.Consumer, m rollout.Move) (rollout.Report, error) {
	const op = "http probe"
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, consumer.Name, nil)
	if err != nil || req.URL.Host == "" {
		return rollout.Report{}, keyturn.Errorf(keyturn.Invalid, op, "the entry's http_probe is not an absolute URL")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return rollout.Report{}, ctx.Err()
		}
		return rollout.Report{}, keyturn.Errorf(keyturn.Unavailable, op, "no answer from %s", req.URL.Host)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return rollout.Report{}, keyturn.Errorf(keyturn.Unavailable, op, "%s answered %d", req.URL.Host, resp.StatusCode)
	}
	var a answer
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxAnswer)).Decode(&a); err != nil {
		return rollout.Report{Status: rollout.Unknown, Detail: req.URL.Host + " does not answer in the documented form"}, nil
	}
	return judge(a.Generations[m.Key.ID], m), nil
}

func judge(uses string, m rollout.Move) rollout.Report {
	switch uses {
	case "":
		return rollout.Report{Status: rollout.Unknown, Detail: "the service does not say which generation it uses"}
	case keyturn.Label(m.Key.ID, m.New.Generation):
		return rollout.Report{Status: rollout.Moved, Detail: "uses the new generation"}
	}
	return rollout.Report{Status: rollout.Behind, Detail: "uses another generation"}
}
