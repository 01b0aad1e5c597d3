// Command vaultcore runs the real Vault core in one process, for development
// and for tests: a KV version 2 engine at secret/, the transit engine, and the
// AppRole and Kubernetes ways to log in, all on one plain HTTP listener.
//
// It prints one line of JSON on standard output once it answers, and stops on
// SIGTERM. It holds its own unseal key and root token, which no real Vault
// does. Vault is under the Business Source Licence: this module is never
// linked into what ships.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/internalshared/configutil"
	"github.com/hashicorp/vault/vault"
)

// options are the command line.
type options struct {
	listen    string
	data      string
	log       string
	withStdin bool
}

// An announcement is the line printed once the server answers.
type announcement struct {
	Address   string `json:"address"`
	Token     string `json:"token"`
	UnsealKey string `json:"unseal_key"` // base64, for sys/unseal
}

func main() {
	var o options
	flag.StringVar(&o.listen, "listen", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	flag.StringVar(&o.data, "data", "", "folder that keeps the data over a restart; empty keeps it in memory")
	flag.StringVar(&o.log, "log", "off", "log level on standard error: off, error, warn, info, debug")
	flag.BoolVar(&o.withStdin, "with-stdin", false, "stop when standard input ends, so that the server dies with its parent")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "vaultcore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, stdin io.Reader, stdout io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if o.withStdin {
		go func() {
			_, _ = io.Copy(io.Discard, stdin)
			cancel()
		}()
	}
	listener, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	core, keys, err := open(ctx, o)
	if err != nil {
		return err
	}
	defer func() { _ = core.Shutdown() }()

	server := &http.Server{
		Handler: vaulthttp.Handler.Handler(&vault.HandlerProperties{
			Core:           core,
			ListenerConfig: &configutil.Listener{Address: listener.Addr().String(), MaxRequestDuration: 90 * time.Second},
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	err = json.NewEncoder(stdout).Encode(announcement{
		Address: "http://" + listener.Addr().String(), Token: keys.RootToken, UnsealKey: keys.UnsealKey,
	})
	if err != nil {
		return err
	}
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	drain, done := context.WithTimeout(context.Background(), 2*time.Second)
	defer done()
	if err := server.Shutdown(drain); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
