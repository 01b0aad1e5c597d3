package smtp_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/smtp"
)

const (
	user     = "keyturn"
	password = "CANARY-password"
)

// letter is a mail the relay took.
type letter struct {
	from, to string
	utf8     bool // SMTPUTF8 was asked for
	tls      bool
	raw      string
}

// relay is a real SMTP server that keeps what it gets.
type relay struct {
	t      *testing.T
	addr   *net.TCPAddr
	caFile string

	mu         sync.Mutex
	got        []letter
	refuse     map[string]error // by command: MAIL, RCPT, DATA
	hangUp     bool             // after the message, before the answer
	mechanisms []string
}

type kind int

const (
	withSTARTTLS kind = iota
	fromTheStart
	inTheOpen
)

func newRelay(t *testing.T, k kind) *relay {
	t.Helper()
	r := &relay{t: t, refuse: map[string]error{}, mechanisms: []string{"PLAIN"}}
	srv := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		return &session{relay: r, conn: c}, nil
	}))
	srv.Domain, srv.AllowInsecureAuth, srv.ErrorLog = "relay.example.com", k == inTheOpen, log.New(io.Discard, "", 0)
	srv.EnableSMTPUTF8 = k != fromTheStart
	srv.ReadTimeout, srv.WriteTimeout = 20*time.Second, 20*time.Second
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r.addr = l.Addr().(*net.TCPAddr)
	cert, caFile := selfSigned(t)
	r.caFile = caFile
	config := &tls.Config{Certificates: []tls.Certificate{cert}}
	switch k {
	case withSTARTTLS:
		srv.TLSConfig = config
	case fromTheStart:
		l = tls.NewListener(l, config)
	}
	go func() { _ = srv.Serve(l) }()
	t.Cleanup(func() { _ = srv.Close() })
	return r
}

func (r *relay) mails() []letter {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]letter(nil), r.got...)
}

// only is the one mail that arrived, read.
func (r *relay) only() (letter, *mail.Message, string) {
	r.t.Helper()
	got := r.mails()
	if len(got) != 1 {
		r.t.Fatalf("%d mails arrived, want one", len(got))
	}
	m, err := mail.ReadMessage(strings.NewReader(got[0].raw))
	if err != nil {
		r.t.Fatal(err)
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		r.t.Fatal(err)
	}
	return got[0], m, strings.ReplaceAll(string(body), "\r\n", "\n")
}

func decoded(t *testing.T, header string) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type session struct {
	*relay
	conn     *gosmtp.Conn
	in, utf8 bool
	from, to string
}

func (s *session) AuthMechanisms() []string { return s.mechanisms }

func (s *session) Auth(mech string) (sasl.Server, error) {
	check := func(name, pass string) error {
		if name != user || pass != password {
			return &gosmtp.SMTPError{Code: 535, EnhancedCode: gosmtp.EnhancedCode{5, 7, 8}, Message: pass + " is wrong"}
		}
		s.in = true
		return nil
	}
	if mech == "LOGIN" {
		return &login{check: check}, nil
	}
	return sasl.NewPlainServer(func(_, name, pass string) error { return check(name, pass) }), nil
}

// login is the server's side of LOGIN, as Exchange speaks it.
type login struct {
	step  int
	name  string
	check func(name, pass string) error
}

func (l *login) Next(response []byte) ([]byte, bool, error) {
	l.step++
	switch l.step {
	case 1:
		return []byte("Username:"), false, nil
	case 2:
		l.name = string(response)
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(l.name, string(response))
}

func (s *session) refused(command string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.refuse[command]
}

func (s *session) Mail(from string, o *gosmtp.MailOptions) error {
	if !s.in && len(s.mechanisms) > 0 {
		return gosmtp.ErrAuthRequired
	}
	s.from, s.utf8 = from, o.UTF8
	return s.refused("MAIL")
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.to = to
	return s.refused("RCPT")
}

func (s *session) Data(r io.Reader) error {
	if err := s.refused("DATA"); err != nil {
		return err
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	_, secure := s.conn.TLSConnectionState()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, letter{from: s.from, to: s.to, utf8: s.utf8, tls: secure, raw: string(b)})
	if s.hangUp {
		_ = s.conn.Conn().Close()
		return errors.New("gone")
	}
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, path
}

// open opens a channel with settings in JSON.
func open(settings string) (notices.Channel, error) {
	return smtp.Factory.New(notices.Env{
		Decode: func(v any) error {
			d := json.NewDecoder(strings.NewReader(settings))
			d.DisallowUnknownFields()
			return d.Decode(v)
		},
		Secret: func(_ context.Context, ref keyturn.SecretRef) (keyturn.Secret, error) {
			if ref.Path == "wrong" {
				return keyturn.NewSecret("CANARY-wrong"), nil
			}
			return keyturn.NewSecret(password), nil
		},
		Now: time.Now,
	})
}

// channel opens one that leads to the relay, with more settings.
func (r *relay) channel(more string) notices.Channel {
	r.t.Helper()
	c, err := open(fmt.Sprintf(`{"host": "127.0.0.1", "port": %d, "ca_file": %q, "from": "Keyturn <keyturn@example.com>"%s}`, r.addr.Port, r.caFile, more))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

const credentials = `, "username": "keyturn", "password": {"path": "smtp"}`
