// Package dial is how every binary reaches Temporal: address, TLS, payload
// encryption and failure encoding. Nothing else makes a Temporal client, so
// nothing can forget one of them.
package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/keyturn/keyturn/config"
)

// A Config is the temporal section of a configuration file.
type Config struct {
	// Address of the Temporal frontend. Default 127.0.0.1:7233.
	Address string `yaml:"address"`
	// Namespace holds all workflows. Default keyturn.
	Namespace string `yaml:"namespace"`
	// TaskQueue is where workflows run. Default keyturn.
	TaskQueue  string      `yaml:"task_queue"`
	TLS        *TLS        `yaml:"tls"`
	APIKeyFile string      `yaml:"api_key_file"` // for Temporal Cloud; implies TLS
	Encryption *Encryption `yaml:"encryption"`
	// AcceptPlaintext silences the warning that payloads are not encrypted.
	// For a laptop.
	AcceptPlaintext bool `yaml:"accept_plaintext"`
}

// TLS is how the connection is secured. The zero value uses the system's roots.
type TLS struct {
	CAFile     string `yaml:"ca_file"`
	CertFile   string `yaml:"cert_file"` // client certificate, with KeyFile
	KeyFile    string `yaml:"key_file"`
	ServerName string `yaml:"server_name"`
}

// Encryption is the key ring for payloads. Every key that may still be in a
// history must stay on it.
type Encryption struct {
	Active string `yaml:"active"` // the id of the key that encrypts
	Keys   []Key  `yaml:"keys"`
}

// A Key is one key of the ring: 32 bytes in base64, in a file of its own.
type Key struct {
	ID   string `yaml:"id"`
	File string `yaml:"file"`
}

// WithDefaults returns c with every unset field at its default.
func (c Config) WithDefaults() Config {
	if c.Address == "" {
		c.Address = "127.0.0.1:7233"
	}
	if c.Namespace == "" {
		c.Namespace = "keyturn"
	}
	if c.TaskQueue == "" {
		c.TaskQueue = "keyturn"
	}
	return c
}

func (t *TLS) load() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := os.ReadFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("temporal.tls.ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("temporal.tls.ca_file: %s holds no PEM certificate", t.CAFile)
		}
	}
	if (t.CertFile == "") != (t.KeyFile == "") {
		return nil, errors.New("temporal.tls: cert_file and key_file go together")
	}
	if t.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("temporal.tls: %w", err)
		}
		out.Certificates = []tls.Certificate{cert}
	}
	return out, nil
}

// ring loads the payload keys, nil when none are configured.
func (e *Encryption) ring() (*Ring, error) {
	if e == nil {
		return nil, nil
	}
	keys := map[string][]byte{}
	for _, k := range e.Keys {
		b, err := config.Key32(k.File)
		if err != nil {
			return nil, fmt.Errorf("temporal.encryption: key %q: %w", k.ID, err)
		}
		if keys[k.ID] != nil || k.ID == "" {
			return nil, fmt.Errorf("temporal.encryption: key id %q is empty or there twice", k.ID)
		}
		keys[k.ID] = b
	}
	return NewRing(e.Active, keys)
}
