package entra

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// version is the version of Graph this package was written against.
const version = "/v1.0"

// maxAnswer is the longest answer read. A page of 999 users with a dozen
// addresses each is under 2 MiB.
const maxAnswer = 8 << 20

// A request is one call to Graph.
type request struct {
	op, method, path string
	in               any
	// needs are the permissions it takes, to name them when they are lacking.
	needs string
	// indexed asks the index beside the directory, which can answer more, and
	// hears of changes later (Microsoft Graph, "Advanced query capabilities").
	indexed bool
}

// ask makes a call. With out nil, what the answer says is of no interest.
func (d *directory) ask(ctx context.Context, r request, out any) error {
	token, err := d.token(ctx, r.op)
	if err != nil {
		return err
	}
	req, err := exchange.NewRequest(ctx, r.op, r.method, d.at.graph+version+r.path, r.in)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Expose())
	if r.indexed {
		req.Header.Set("ConsistencyLevel", "eventual")
	}
	answer, err := exchange.Ask(ctx, r.op, d.env.HTTP, req, maxAnswer)
	if err != nil {
		return err
	}
	if answer.Status == http.StatusUnauthorized {
		d.tokens.forget(token)
	}
	if err := refused(r, answer); err != nil {
		return err
	}
	if out != nil && json.Unmarshal(answer.Body, out) != nil {
		return undocumented(r.op)
	}
	return nil
}

// undocumented is for an answer that is not what Microsoft documents.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}

// quote writes a string as OData does.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
