// Package smtp sends notices as mail, through a relay that takes submissions.
package smtp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/mail"
	"os"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
)

// Factory registers this channel.
var Factory = notices.Factory{Name: "smtp", New: open}

type settings struct {
	Host string `json:"host"`           // of the relay
	Port int    `json:"port,omitempty"` // default: 587, with implicit TLS 465, without TLS 25
	// From is the sender: keyturn@example.com or Keyturn <keyturn@example.com>.
	From string `json:"from"`
	// Username and Password log in, where the relay asks for it. Password says
	// where the password is kept.
	Username string             `json:"username,omitempty"`
	Password *keyturn.SecretRef `json:"password,omitempty"`
	// TLS is starttls (the default, and mandatory then), implicit, or none,
	// which is for a relay on this machine or in a development network.
	TLS string `json:"tls,omitempty"`
	// CAFile holds the PEM certificates that sign the relay's. Default: the
	// system's.
	CAFile string `json:"ca_file,omitempty"`
	// Hello is how to greet the relay. Default: the sender's domain.
	Hello string `json:"hello,omitempty"`
	// Timeout bounds one message, from the connection to the last answer.
	// Default 30s.
	Timeout keyturn.Duration `json:"timeout,omitempty"`
}

const (
	starttls = "starttls"
	implicit = "implicit"
	none     = "none"
)

type channel struct {
	settings
	env    notices.Env
	sender mail.Address
	domain string // the sender's
	trust  *tls.Config
}

func open(env notices.Env) (notices.Channel, error) {
	c := &channel{env: env}
	if err := env.Decode(&c.settings); err != nil {
		return nil, fmt.Errorf("smtp: settings: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("smtp: settings: %w", err)
	}
	c.trust = &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("smtp: settings: ca_file: %w", err)
		}
		c.trust.RootCAs = x509.NewCertPool()
		if !c.trust.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("smtp: settings: ca_file: %s holds no certificate in PEM", c.CAFile)
		}
	}
	return c, nil
}

// check completes the settings and refuses what cannot work.
func (c *channel) check() error {
	if c.Host == "" || strings.ContainsAny(c.Host, "/: \t\r\n") && net.ParseIP(c.Host) == nil {
		return fmt.Errorf("host must be the relay's name, such as smtp.example.com, without a port")
	}
	ports := map[string]int{starttls: 587, implicit: 465, none: 25}
	if c.TLS == "" {
		c.TLS = starttls
	}
	usual, ok := ports[c.TLS]
	if !ok {
		return fmt.Errorf("tls must be starttls, implicit or none")
	}
	if c.Port == 0 {
		c.Port = usual
	}
	if c.Port < 1 || c.Port > 65535 {
		return fmt.Errorf("port must be between 1 and 65535")
	}
	sender, err := mail.ParseAddress(c.From)
	if err != nil || c.CheckAddress(sender.Address) != nil || !ascii(sender.Address) || strings.ContainsFunc(sender.Name, control) {
		return fmt.Errorf("from must be an address such as keyturn@example.com or Keyturn <keyturn@example.com>")
	}
	c.sender = *sender
	_, c.domain, _ = strings.Cut(sender.Address, "@")
	if c.Hello == "" {
		c.Hello = c.domain
	}
	if strings.ContainsFunc(c.Hello, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Errorf("hello must be a host name")
	}
	if (c.Username == "") != (c.Password == nil) || c.Password != nil && c.Password.Path == "" {
		return fmt.Errorf("username and password go together; password says where it is kept: {store: default, path: secret/keyturn/smtp}")
	}
	if c.Timeout == 0 {
		c.Timeout = keyturn.Duration(30 * time.Second)
	}
	if c.TLS == none && !nearby(c.Host) {
		return fmt.Errorf("tls: none is for a relay on this machine, or one whose name has no dot; use starttls or implicit")
	}
	if c.TLS == none && c.Password != nil && !loopback(c.Host) {
		return fmt.Errorf("tls: none would show the password to the network; use starttls or implicit")
	}
	return nil
}

// nearby reports whether a host is this machine, or has a name that only a
// network of one's own resolves, such as a service of a compose file.
func nearby(host string) bool {
	return loopback(host) || net.ParseIP(host) == nil && !strings.Contains(host, ".")
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// CheckAddress takes a plain e-mail address, such as alice@example.com. Names
// beside it, quotes and comments are refused: they are legal, and have no place
// in a registry.
func (c *channel) CheckAddress(to string) error {
	strange := func(r rune) bool { return r <= ' ' || r == 0x7f || strings.ContainsRune(`"(),:;<>[\]`, r) }
	parsed, err := mail.ParseAddress(to)
	if err != nil || parsed.Address != to || strings.Count(to, "@") != 1 || strings.ContainsFunc(to, strange) {
		return keyturn.Errorf(keyturn.Invalid, "smtp", "not an e-mail address such as alice@example.com")
	}
	return nil
}

// Send hands one mail to the relay. What the relay does with it later comes
// back to the sender's address, if at all.
func (c *channel) Send(ctx context.Context, m notices.Message) error {
	if err := c.CheckAddress(m.To); err != nil {
		return err
	}
	msg, err := c.compose(m)
	if err != nil {
		return err
	}
	var password keyturn.Secret
	if c.Password != nil {
		if password, err = c.env.Secret(ctx, *c.Password); err != nil {
			return err
		}
	}
	return c.submit(ctx, m.To, msg, password)
}
