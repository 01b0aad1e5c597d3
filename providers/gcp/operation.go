package gcp

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"time"

	"github.com/keyturn/keyturn"
)

// operation is work that Google does in the background (API Keys API,
// "Operation").
type operation struct {
	Name     string `json:"name"`
	Done     bool   `json:"done"`
	Response shown  `json:"response"`
	Error    *struct {
		Code int `json:"code"`
	} `json:"error"`
}

var operationName = regexp.MustCompile(`^operations/[A-Za-z0-9][A-Za-z0-9._-]*$`)

// patience is how long an operation may take. Google documents no figure; they
// are done within seconds.
const patience = time.Minute

// await asks until the operation is done. While it is not, nobody knows what
// will have happened, so giving up is Unavailable.
func (a apiKeys) await(ctx context.Context, op string, o *operation) error {
	if !operationName.MatchString(o.Name) && !o.Done {
		return undocumented(op)
	}
	path, left := "/v2/"+o.Name, patience
	for pause := 100 * time.Millisecond; !o.Done; pause = min(2*pause, 5*time.Second) {
		if left -= pause; left < 0 {
			return keyturn.Errorf(keyturn.Unavailable, op, "Google is still at it after %v", patience)
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
		*o = operation{}
		if err := a.manage(ctx, request{op: op, host: keysHost, path: path}, o); err != nil {
			return err
		}
		if o.Name == "" {
			return undocumented(op)
		}
	}
	if o.Error == nil {
		return nil
	}
	return keyturn.Errorf(codeKind(o.Error.Code), op, "Google began and then gave up")
}

// codeKind is what a code of google.rpc.Code means everywhere.
func codeKind(code int) keyturn.Kind {
	switch code {
	case 3, 9:
		return keyturn.Invalid
	case 5:
		return keyturn.NotFound
	case 6, 10:
		return keyturn.Conflict
	case 7, 16:
		return keyturn.Denied
	case 8:
		return keyturn.RateLimited
	}
	return keyturn.Unavailable
}

// isObject reports whether an answer is a JSON object.
func isObject(body []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && json.Valid(body)
}
