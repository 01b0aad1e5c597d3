package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/webhooks"
	"github.com/keyturn/keyturn/workflows"
)

// Webhooks says where other systems call us. It is another address than that of
// /metrics, because it is the one that is shown to the outside.
type Webhooks struct {
	// Listen serves /webhooks/…. Default: nowhere.
	Listen string `yaml:"listen"`
	// PublicURL is where the outside reaches Listen, such as
	// https://keyturn.example.com. Directories whose deliveries must be asked for are
	// told it. Default: they are not asked.
	PublicURL string `yaml:"public_url"`
	// CertFile and KeyFile hold the server's certificate and its key. Without
	// them a proxy in front has to speak TLS.
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	// Rate is how many deliveries a second one source may send, and Burst how
	// many at once. Default 20 and 100.
	Rate  float64 `yaml:"rate"`
	Burst int     `yaml:"burst"`
}

func (w Webhooks) withDefaults() Webhooks {
	or(&w.Rate, 20)
	or(&w.Burst, 100)
	return w
}

func (w Webhooks) check() error {
	switch {
	case (w.CertFile == "") != (w.KeyFile == ""):
		return errors.New("webhooks: set both cert_file and key_file, or neither")
	case w.Rate < 0 || w.Burst < 0:
		return errors.New("webhooks: rate and burst cannot be negative")
	}
	return checkPublicURL(w.PublicURL)
}

// deliveries is where directories deliver to; empty where none are asked to.
func (w Webhooks) deliveries() string {
	if w.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(w.PublicURL, "/") + "/webhooks/people"
}

// checkPublicURL checks where the outside reaches the webhooks.
func checkPublicURL(s string) error {
	if s == "" {
		return nil
	}
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return errors.New("webhooks.public_url: write an https address such as https://keyturn.example.com")
	}
	return nil
}

// webhookSecret reads what deliveries prove themselves with; without a file there is
// none, and none are taken.
func webhookSecret(file string) (keyturn.Secret, error) {
	if file == "" {
		return keyturn.Secret{}, nil
	}
	secret, err := config.Secret(file)
	if err != nil {
		return secret, fmt.Errorf("webhook_secret_file: %w", err)
	}
	return secret, nil
}

// isURLName reports whether a name can become part of a webhook's address: 1 to 32 of
// a-z, 0-9 and -.
func isURLName(name string) bool { return regexp.MustCompile(`^[a-z0-9-]{1,32}$`).MatchString(name) }

// temporal is Temporal as webhooks see it.
type temporal struct {
	client.Client
	workflows.Launcher
}

// serve serves s until the returned server is closed. Without an address it
// serves nothing.
func (w Webhooks) serve(ctx context.Context, s *webhooks.Server) (stop func(), err error) {
	if w.Listen == "" {
		return func() {}, nil
	}
	srv := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: 30 * time.Second, MaxHeaderBytes: 64 << 10}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", w.Listen)
	if err != nil {
		return nil, fmt.Errorf("webhooks.listen: %w", err)
	}
	scheme := "http"
	if w.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(w.CertFile, w.KeyFile)
		if err != nil {
			_ = l.Close()
			return nil, fmt.Errorf("webhooks: cert_file and key_file: %w", err)
		}
		l, scheme = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}), "https"
	}
	go func() { _ = srv.Serve(l) }()
	s.Log.Info("webhooks are served", slog.String("at", scheme+"://"+l.Addr().String()+"/webhooks/"))
	return func() {
		short, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		_ = srv.Shutdown(short)
	}, nil
}
