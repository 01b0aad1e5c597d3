// Package slack says notices in a chat, through an incoming webhook as Slack
// has them. Mattermost, Rocket.Chat and Google Chat take the same request.
package slack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
	"github.com/keyturn/keyturn/notices"
)

// Factory registers this channel.
var Factory = notices.Factory{Name: "slack", New: open}

type settings struct {
	// URL says where the webhook's address is kept. Whoever has the address can
	// post, so it is a credential.
	URL keyturn.SecretRef `json:"url"`
	// MaxLength is how many characters a message may have. Default 40,000,
	// after which Slack cuts ("Truncating really long messages"). Mattermost
	// takes 16,383.
	MaxLength int `json:"max_length,omitempty"`
}

const op = "slack: send"

// maxAnswer is the longest answer read. Slack answers with one word.
const maxAnswer = 4 << 10

type channel struct {
	settings
	env    notices.Env
	client *http.Client
}

func open(env notices.Env) (notices.Channel, error) {
	c := &channel{env: env}
	if err := env.Decode(&c.settings); err != nil {
		return nil, fmt.Errorf("slack: settings: %w", err)
	}
	if c.URL.Path == "" {
		return nil, errors.New("slack: settings: url must say where the webhook's address is kept, because it is a credential: {store: default, path: secret/keyturn/chat}")
	}
	if c.MaxLength == 0 {
		c.MaxLength = 40_000
	}
	if c.MaxLength < 1000 {
		return nil, errors.New("slack: settings: max_length must be at least 1000")
	}
	c.client = env.Unredirected()
	return c, nil
}

// CheckAddress takes no address: a webhook leads to one channel of the chat.
func (c *channel) CheckAddress(to string) error {
	if to != "" {
		return keyturn.Errorf(keyturn.Invalid, "slack", "a chat's webhook leads to one place; leave the address out")
	}
	return nil
}

// Send posts one message.
func (c *channel) Send(ctx context.Context, m notices.Message) error {
	if err := c.CheckAddress(m.To); err != nil {
		return err
	}
	stored, err := c.env.Secret(ctx, c.URL)
	if err != nil {
		return err
	}
	address := strings.TrimSpace(stored.Expose())
	if !notices.Postable(address) {
		return keyturn.Errorf(keyturn.Invalid, op, "what is kept as the webhook's address is not one; it begins with https://")
	}
	text := m.Text
	if m.Subject != "" {
		text = m.Subject + "\n\n" + text
	}
	req, err := exchange.NewRequest(ctx, op, http.MethodPost, address, map[string]string{"text": plain(text, c.MaxLength)})
	if err != nil {
		return err
	}
	answer, err := exchange.Ask(ctx, op, c.client, req, maxAnswer)
	if err != nil {
		return err
	}
	return explain(answer.Err(op))
}

// explain says what Slack's statuses mean here ("Handling errors from incoming
// webhooks"). Which of its words came with one is not asked: other chats have
// others.
func explain(err error) error {
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Kind {
	case keyturn.NotFound:
		e.Message = "the webhook, or the channel it leads to, is gone; store the address of another"
	case keyturn.Denied:
		e.Message = "the chat does not let this webhook post"
	case keyturn.Unavailable:
		if strings.HasPrefix(e.Message, "redirected") {
			e.Message = "redirected; store the address that it leads to"
		}
	}
	return e
}
