package linear

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// maxAnswer is the longest answer read. The longest is that to placeQuery, some
// 50 KiB.
const maxAnswer = 1 << 20

// ask sends one document and reads its data into out.
func (t *tracker) ask(ctx context.Context, op, document string, variables map[string]any, out any) error {
	req, err := exchange.NewRequest(ctx, op, http.MethodPost, t.env.BaseURL+"/graphql",
		map[string]any{"query": document, "variables": variables})
	if err != nil {
		return err
	}
	if err := t.sign(ctx, op, req); err != nil {
		return err
	}
	got, err := exchange.Ask(ctx, op, t.env.HTTP, req, maxAnswer)
	if err != nil {
		return err
	}
	return t.read(op, got, out)
}

// sign reads the token and puts it on a request. A personal API key goes
// without Bearer, an access token with it (developers/graphql,
// "Authentication").
func (t *tracker) sign(ctx context.Context, op string, req *http.Request) error {
	token, err := t.env.Secret(ctx, t.Token)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound: // it must not pass for a missing ticket
		return keyturn.Errorf(keyturn.Denied, op, "the secret that the setting token names does not exist")
	case err != nil:
		return err
	case token.IsZero() || strings.ContainsFunc(token.Expose(), func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return keyturn.Errorf(keyturn.Invalid, op, "the secret that the setting token names is empty or contains a space, a line break or the like; store the token alone")
	}
	if t.Auth == "oauth" {
		req.Header.Set("Authorization", "Bearer "+token.Expose())
	} else {
		req.Header.Set("Authorization", token.Expose())
	}
	return nil
}

// read takes an answer apart. Linear says what is wrong in errors[], with 200,
// 400 or another status, so the body comes first.
func (t *tracker) read(op string, got exchange.Answer, out any) error {
	var body struct {
		Data   json.RawMessage
		Errors []fault
	}
	understood := json.Unmarshal(got.Body, &body) == nil
	switch {
	case understood && len(body.Errors) > 0:
		return t.refusal(op, got, body.Errors)
	case got.Status/100 != 2:
		return t.status(op, got)
	case !understood || len(body.Data) == 0 || string(body.Data) == "null":
		return undocumented(op)
	case json.Unmarshal(body.Data, out) != nil:
		return undocumented(op)
	}
	return nil
}

// undocumented is for an answer that is not what Linear documents. What was to
// be made may have been made.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
