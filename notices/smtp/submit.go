package smtp

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"strings"
	"time"

	mail "github.com/wneessen/go-mail"
	wire "github.com/wneessen/go-mail/smtp"

	"github.com/keyturn/keyturn"
)

// submit holds one conversation with the relay (RFC 5321, 6409). It is over
// when the relay has answered the message, whatever becomes of QUIT.
func (c *channel) submit(ctx context.Context, to string, msg *mail.Msg, password keyturn.Secret) error {
	limited, cancel := context.WithTimeout(ctx, time.Duration(c.Timeout))
	defer cancel()
	conn, err := c.dial(limited)
	if err != nil {
		return c.failed(ctx, dialing, err)
	}
	// The conversation itself knows no context; closing the connection ends it.
	stop := context.AfterFunc(limited, func() { _ = conn.Close() })
	defer func() {
		stop()
		_ = conn.Close()
	}()
	client, err := wire.NewClient(conn, c.Host)
	if err != nil {
		return c.failed(ctx, greeting, err)
	}
	if err := client.Hello(c.Hello); err != nil {
		return c.failed(ctx, greeting, err)
	}
	if err := c.secure(ctx, client); err != nil {
		return err
	}
	if err := c.logIn(ctx, client, password); err != nil {
		return err
	}
	if err := c.deliver(ctx, client, to, msg); err != nil {
		return err
	}
	_ = client.Quit()
	return nil
}

func (c *channel) dial(ctx context.Context) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port)))
	if err != nil || c.TLS != implicit {
		return conn, err
	}
	secured := tls.Client(conn, c.trust)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secured, nil
}

// secure turns to TLS. A relay that offers none gets nothing: whoever sits in
// between can take the offer out.
func (c *channel) secure(ctx context.Context, client *wire.Client) error {
	if c.TLS != starttls {
		return nil
	}
	if offered, _ := client.Extension("STARTTLS"); !offered {
		return keyturn.Errorf(keyturn.Denied, string(securing), "the relay offers no STARTTLS; if it listens for TLS from the start, set tls: implicit")
	}
	if err := client.StartTLS(c.trust); err != nil {
		return c.failed(ctx, securing, err)
	}
	return nil
}

func (c *channel) logIn(ctx context.Context, client *wire.Client, password keyturn.Secret) error {
	if c.Password == nil {
		return nil
	}
	_, offered := client.Extension("AUTH")
	var auth wire.Auth
	switch mechanisms := " " + strings.ToUpper(offered) + " "; {
	case strings.Contains(mechanisms, " PLAIN "):
		auth = wire.PlainAuth("", c.Username, password.Expose(), c.Host, c.TLS == none)
	case strings.Contains(mechanisms, " LOGIN "):
		auth = wire.LoginAuth(c.Username, password.Expose(), c.Host, c.TLS == none)
	default:
		return keyturn.Errorf(keyturn.Denied, string(authenticating), "the relay offers neither PLAIN nor LOGIN")
	}
	if err := client.Auth(auth); err != nil {
		return c.failed(ctx, authenticating, err)
	}
	return nil
}

func (c *channel) deliver(ctx context.Context, client *wire.Client, to string, msg *mail.Msg) error {
	// SMTPUTF8 is asked for only where an address needs it: a mail that has it
	// cannot pass on through a relay that has not.
	if offered, _ := client.Extension("SMTPUTF8"); !offered && !ascii(to) {
		return keyturn.Errorf(keyturn.Invalid, string(addressing), "the relay takes no addresses beyond ASCII")
	}
	client.SkipSMTPUTF8(ascii(to))
	if err := client.Mail("<" + c.sender.Address + ">"); err != nil {
		return c.failed(ctx, introducing, err)
	}
	if err := client.Rcpt("<" + to + ">"); err != nil {
		return c.failed(ctx, addressing, err)
	}
	data, err := client.Data()
	if err != nil {
		return c.failed(ctx, writing, err)
	}
	if _, err := msg.WriteTo(data); err != nil {
		return c.failed(ctx, writing, err)
	}
	if err := data.Close(); err != nil {
		return c.failed(ctx, writing, err)
	}
	return nil
}
