package smtp_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
)

func message() notices.Message {
	return notices.Message{
		ID: "0123abcd", To: "alice@example.com", Subject: "[Keyturn] payments-s3: due soon", Text: "Grüße\n.\nends",
		At: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC),
	}
}

func TestMail(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	m := message()
	m.Subject, m.Urgent = "Schlüssel läuft ab – 500 ×", true
	if err := r.channel(credentials).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	envelope, got, body := r.only()
	if !envelope.tls || envelope.from != "keyturn@example.com" || envelope.to != "alice@example.com" {
		t.Errorf("the envelope is %+v", envelope)
	}
	for header, want := range map[string]string{
		"From": `"Keyturn" <keyturn@example.com>`, "To": "<alice@example.com>", "Message-Id": "<0123abcd@example.com>",
		"Auto-Submitted": "auto-generated", "Date": "Tue, 24 Nov 2026 10:00:00 +0000", "Importance": "high", "User-Agent": "",
	} {
		if got.Header.Get(header) != want {
			t.Errorf("%s is %q, want %q", header, got.Header.Get(header), want)
		}
	}
	if s := decoded(t, got.Header.Get("Subject")); s != m.Subject {
		t.Errorf("the subject is %q", s)
	}
	if ct := got.Header.Get("Content-Type"); ct != "text/plain; charset=UTF-8" {
		t.Errorf("Content-Type is %q", ct)
	}
	if strings.TrimSpace(body) != m.Text {
		t.Errorf("the text is %q", body)
	}
}

func TestWaysIn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		kind kind
		more string
		mech []string
	}{
		"STARTTLS and PLAIN":   {withSTARTTLS, credentials, []string{"PLAIN"}},
		"STARTTLS and LOGIN":   {withSTARTTLS, credentials, []string{"LOGIN"}},
		"implicit TLS":         {fromTheStart, credentials + `, "tls": "implicit"`, []string{"PLAIN"}},
		"no login":             {withSTARTTLS, "", nil},
		"a relay on this host": {inTheOpen, credentials + `, "tls": "none"`, []string{"PLAIN"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t, c.kind)
			r.mechanisms = c.mech
			if err := r.channel(c.more).Send(t.Context(), message()); err != nil {
				t.Fatal(err)
			}
			if _, m, _ := r.only(); m.Header.Get("Message-Id") != "<0123abcd@example.com>" {
				t.Error("the mail has another id")
			}
		})
	}
}

// TestAddressBeyondASCII: SMTPUTF8 (RFC 6531) is asked for where it is needed,
// and nowhere else, because not every relay behind this one has it.
func TestAddressBeyondASCII(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	c := r.channel(credentials)
	m := message()
	for _, to := range []string{"alice@example.com", "ålice@example.com"} {
		m.To = to
		if err := c.Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.mails(); len(got) != 2 || got[0].utf8 || !got[1].utf8 || got[1].to != m.To {
		t.Errorf("got %+v", got)
	}
	r = newRelay(t, fromTheStart)
	fails(t, r.channel(credentials+`, "tls": "implicit"`).Send(t.Context(), m), keyturn.Invalid)
}

func TestSameMessageSameID(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	c := r.channel(credentials)
	for range 2 {
		if err := c.Send(t.Context(), message()); err != nil {
			t.Fatal(err)
		}
	}
	if got := r.mails(); len(got) != 2 || got[0].raw != got[1].raw {
		t.Error("the same message is not the same mail, byte for byte")
	}
}

func TestNothingIsInjected(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	m := message()
	m.Subject = "due\r\nBcc: mallory@example.net\r\n\r\nHello\u2028X: y\x00"
	m.Text = "one\r\n.\r\nMAIL FROM:<mallory@example.net>\r\n\x1b[31mred\rover"
	if err := r.channel(credentials).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	_, got, body := r.only()
	if got.Header.Get("Bcc") != "" || got.Header.Get("X") != "" {
		t.Errorf("a header came in: %v", got.Header)
	}
	if s := decoded(t, got.Header.Get("Subject")); s != "due Bcc: mallory@example.net Hello X: y" {
		t.Errorf("the subject is %q", s)
	}
	if strings.TrimSpace(body) != "one\n.\nMAIL FROM:<mallory@example.net>\n[31mredover" {
		t.Errorf("the text is %q", body)
	}
	c := r.channel(credentials)
	for _, to := range []string{
		"", "alice", "alice@example.com\r\nBcc: m@example.net", "a@b.c, d@e.f", "Alice <alice@example.com>", "<alice@example.com>",
		`"a b"@example.com`, "alice@example.com>", "a@b@c", "alice @example.com", "alice@example.com NOTIFY=NEVER",
	} {
		m := message()
		m.To = to
		if kind := keyturn.KindOf(c.CheckAddress(to)); kind != keyturn.Invalid {
			t.Errorf("%q is %q as an address", to, kind)
		}
		if kind := keyturn.KindOf(c.Send(t.Context(), m)); kind != keyturn.Invalid {
			t.Errorf("sending to %q is %q", to, kind)
		}
	}
	m = message()
	m.ID = "x>\r\nBcc: m@example.net"
	if kind := keyturn.KindOf(c.Send(t.Context(), m)); kind != keyturn.Invalid {
		t.Errorf("an id with a line end is %q", kind)
	}
	if n := len(r.mails()); n != 1 {
		t.Errorf("%d mails arrived, want one", n)
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	say := func(code int, enhanced gosmtp.EnhancedCode) error {
		return &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "CANARY about alice@example.com"}
	}
	for name, c := range map[string]struct {
		command string
		err     error
		want    keyturn.Kind
	}{
		"greylisted":          {"RCPT", say(450, gosmtp.EnhancedCode{4, 7, 1}), keyturn.Unavailable},
		"relay is full":       {"DATA", say(452, gosmtp.EnhancedCode{4, 3, 1}), keyturn.Unavailable},
		"closing down":        {"MAIL", say(421, gosmtp.EnhancedCode{4, 3, 2}), keyturn.Unavailable},
		"no such mailbox":     {"RCPT", say(550, gosmtp.EnhancedCode{5, 1, 1}), keyturn.NotFound},
		"mailbox disabled":    {"RCPT", say(550, gosmtp.EnhancedCode{5, 2, 1}), keyturn.NotFound},
		"not a word more":     {"RCPT", say(550, gosmtp.NoEnhancedCode), keyturn.NotFound},
		"relaying denied":     {"RCPT", say(550, gosmtp.EnhancedCode{5, 7, 1}), keyturn.Denied},
		"sender not owned":    {"MAIL", say(553, gosmtp.EnhancedCode{5, 7, 1}), keyturn.Denied},
		"sender refused":      {"MAIL", say(550, gosmtp.NoEnhancedCode), keyturn.Denied},
		"too large":           {"DATA", say(552, gosmtp.EnhancedCode{5, 3, 4}), keyturn.Invalid},
		"content not liked":   {"DATA", say(554, gosmtp.EnhancedCode{5, 6, 0}), keyturn.Invalid},
		"taken for spam":      {"DATA", say(550, gosmtp.EnhancedCode{5, 7, 1}), keyturn.Denied},
		"mailbox is full, 5x": {"RCPT", say(552, gosmtp.EnhancedCode{5, 2, 2}), keyturn.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRelay(t, withSTARTTLS)
			r.refuse[c.command] = c.err
			fails(t, r.channel(credentials).Send(t.Context(), message()), c.want)
		})
	}
}

// fails checks an error's kind, and that it gives nothing away.
func fails(t *testing.T, err error, want keyturn.Kind) {
	t.Helper()
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != want {
		t.Fatalf("got %v of kind %q, want %q", err, keyturn.KindOf(err), want)
	}
	for _, secret := range []string{"CANARY", "alice"} {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("the error says %s: %v", secret, err)
		}
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	for _, mech := range []string{"PLAIN", "LOGIN"} {
		r := newRelay(t, withSTARTTLS)
		r.mechanisms = []string{mech}
		fails(t, r.channel(`, "username": "keyturn", "password": {"path": "wrong"}`).Send(t.Context(), message()), keyturn.Denied)
	}
	r := newRelay(t, withSTARTTLS)
	fails(t, r.channel("").Send(t.Context(), message()), keyturn.Denied) // it wants a login
	r.mechanisms = []string{"GSSAPI"}
	fails(t, r.channel(credentials).Send(t.Context(), message()), keyturn.Denied)
}

func TestNoTLSNoPassword(t *testing.T) {
	t.Parallel()
	r := newRelay(t, inTheOpen)
	fails(t, r.channel(credentials).Send(t.Context(), message()), keyturn.Denied)
	if len(r.mails()) != 0 {
		t.Error("a mail went out in the open")
	}
	// A certificate nobody vouches for.
	r = newRelay(t, withSTARTTLS)
	r.caFile = newRelay(t, withSTARTTLS).caFile
	fails(t, r.channel(credentials).Send(t.Context(), message()), keyturn.Denied)
	r = newRelay(t, fromTheStart)
	r.caFile = newRelay(t, withSTARTTLS).caFile
	fails(t, r.channel(credentials+`, "tls": "implicit"`).Send(t.Context(), message()), keyturn.Denied)
}

func TestConnectionBreaks(t *testing.T) {
	t.Parallel()
	r := newRelay(t, withSTARTTLS)
	r.hangUp = true
	fails(t, r.channel(credentials).Send(t.Context(), message()), keyturn.Unavailable)
	if len(r.mails()) != 1 {
		t.Error("the relay should have it all the same")
	}
	c, err := open(`{"host": "127.0.0.1", "port": 1, "tls": "none", "from": "k@example.com"}`)
	if err != nil {
		t.Fatal(err)
	}
	fails(t, c.Send(t.Context(), message()), keyturn.Unavailable)
}

// TestSilentRelay has a relay that takes the connection and says nothing.
func TestSilentRelay(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	r := &relay{t: t, addr: l.Addr().(*net.TCPAddr)}
	_, r.caFile = selfSigned(t)
	fails(t, r.channel(`, "timeout": "50ms"`).Send(t.Context(), message()), keyturn.Unavailable)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := r.channel("").Send(ctx, message()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the caller's own deadline", err)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	for settings, want := range map[string]string{
		`{"host": "relay.example.com", "from": "k@example.com"}`:                                   "",
		`{"host": "mailpit", "port": 1025, "tls": "none", "from": "k@example.com"}`:                "",
		`{"host": "relay.example.com", "from": "k@example.com", "colour": 1}`:                      "colour",
		`{"from": "k@example.com"}`:                                                                "host must be",
		`{"host": "relay.example.com:25", "from": "k@example.com"}`:                                "without a port",
		`{"host": "relay.example.com"}`:                                                            "from must be",
		`{"host": "relay.example.com", "from": "a@example.com\r\nBcc: b@example.com"}`:             "from must be",
		`{"host": "relay.example.com", "from": "k@example.com", "tls": "maybe"}`:                   "tls must be",
		`{"host": "relay.example.com", "from": "k@example.com", "tls": "none"}`:                    "tls: none is for",
		`{"host": "10.0.0.1", "from": "k@example.com", "tls": "none"}`:                             "tls: none is for",
		`{"host": "relay", "from": "k@example.com", "tls": "none"` + credentials + `}`:             "show the password",
		`{"host": "relay.example.com", "from": "k@example.com", "username": "k"}`:                  "go together",
		`{"host": "relay.example.com", "from": "k@example.com", "port": 70000}`:                    "port must be",
		`{"host": "relay.example.com", "from": "k@example.com", "hello": "a b"}`:                   "hello must be",
		`{"host": "relay.example.com", "from": "k@example.com", "ca_file": "/nowhere/ca.pem"}`:     "ca_file",
		`{"host": "relay.example.com", "from": "k@example.com", "ca_file": "relay_test.go"}`:       "no certificate",
		`{"host": "relay.example.com", "from": "k@example.com", "username": "k", "password": "p"}`: "password",
	} {
		_, err := open(settings)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s\ngot  %v\nwant %q", settings, err, want)
		}
	}
}
