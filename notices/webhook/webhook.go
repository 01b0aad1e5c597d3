// Package webhook posts notices as JSON to any address, signed as Standard
// Webhooks says (https://www.standardwebhooks.com), for machines that act on
// them.
package webhook

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/notices"
)

// Factory registers this channel.
var Factory = notices.Factory{Name: "webhook", New: open}

type settings struct {
	// URL is where to post. It is no secret: what it needs to know that a
	// message is Keyturn's is in the signature.
	URL string `json:"url"`
	// Secret says where the signing secret is kept: whsec_ and 24 to 64 bytes
	// in base64.
	Secret keyturn.SecretRef `json:"secret"`
	// Former says where the secret before it is kept, while the receiver may
	// still go by that one. Messages carry a signature of each then.
	Former *keyturn.SecretRef `json:"former_secret,omitempty"`
}

const op = "webhook: send"

// maxAnswer is the longest answer read. What it says is not looked at.
const maxAnswer = 4 << 10

type channel struct {
	settings
	env    notices.Env
	client *http.Client
}

func open(env notices.Env) (notices.Channel, error) {
	c := &channel{env: env}
	if err := env.Decode(&c.settings); err != nil {
		return nil, fmt.Errorf("webhook: settings: %w", err)
	}
	if !notices.Postable(c.URL) {
		return nil, errors.New("webhook: settings: url must be an https:// address without a user or password; http:// is for this machine only")
	}
	if c.Secret.Path == "" || c.Former != nil && c.Former.Path == "" {
		return nil, errors.New("webhook: settings: secret must say where the signing secret is kept: {store: default, path: secret/keyturn/webhook}")
	}
	c.client = env.Unredirected()
	return c, nil
}

// CheckAddress takes no address: a webhook leads to one place.
func (c *channel) CheckAddress(to string) error {
	if to != "" {
		return keyturn.Errorf(keyturn.Invalid, "webhook", "a webhook leads to one place; leave the address out")
	}
	return nil
}

// body is what is posted. It is wire format: added to, never renamed.
type body struct {
	ID      string           `json:"id"`
	Subject string           `json:"subject"`
	Text    string           `json:"text"`
	Urgent  bool             `json:"urgent"`
	Notices []notices.Notice `json:"notices"`
}

// Send posts one message. webhook-id is the message's, so it is the same when
// the message is sent again; any 2xx is taken for received.
func (c *channel) Send(ctx context.Context, m notices.Message) error {
	if err := c.CheckAddress(m.To); err != nil {
		return err
	}
	keys, err := c.keys(ctx)
	if err != nil {
		return err
	}
	list := m.Notices
	if list == nil {
		list = []notices.Notice{}
	}
	req, err := exchange.NewRequest(ctx, op, http.MethodPost, c.URL, body{m.ID, m.Subject, m.Text, m.Urgent, list})
	if err != nil {
		return err
	}
	if err := c.sign(req, m.ID, keys); err != nil {
		return err
	}
	answer, err := exchange.Ask(ctx, op, c.client, req, maxAnswer)
	if err != nil {
		return err
	}
	err = answer.Err(op)
	if e := (*keyturn.Error)(nil); errors.As(err, &e) && strings.HasPrefix(e.Message, "redirected") {
		e.Message = "redirected; set url to where it leads"
	}
	return err
}

// sign adds the three headers of Standard Webhooks. What is signed is what is
// sent, byte for byte.
func (c *channel) sign(req *http.Request, id string, keys [][]byte) error {
	sent, err := req.GetBody()
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the message cannot be read back to be signed")
	}
	payload, err := io.ReadAll(sent)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the message cannot be read back to be signed")
	}
	at := strconv.FormatInt(c.env.Now().Unix(), 10)
	var signatures []string
	for _, key := range keys {
		signatures = append(signatures, signature(key, id, at, payload))
	}
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", at)
	req.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	return nil
}
