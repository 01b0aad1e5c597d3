// Package synthetic runs a key's own test: the request or command that
// exercises the production path with a new value before consumers see it.
package synthetic

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// A Subject is the value under test and the provider's id for it.
type Subject struct {
	KeyID  string
	Secret keyturn.Secret
}

// A Runner runs tests. The zero value can run none.
type Runner struct {
	HTTP *http.Client
	// Commands are the absolute paths of the programs that entries may name.
	// Entries are written by many people; the worker's owner decides what runs.
	Commands []string
}

const defaultTimeout = 30 * time.Second

// Run makes one attempt. A test that says no is a Denied error, because right
// after a change it may mean "not yet"; one that cannot be run is Invalid; a
// server that does not answer is Unavailable. Nothing a test prints or answers
// is kept: it may quote the value.
func (r Runner) Run(ctx context.Context, t keyturn.Test, s Subject) error {
	switch {
	case t.HTTP != nil && t.Command == nil:
		return r.request(ctx, *t.HTTP, s)
	case t.Command != nil && t.HTTP == nil:
		return r.command(ctx, *t.Command, s)
	}
	return keyturn.Errorf(keyturn.Invalid, "synthetic test", "it must have either http or command")
}

func (r Runner) request(ctx context.Context, t keyturn.HTTPTest, s Subject) error {
	const op = "synthetic test: http"
	if r.HTTP == nil {
		return keyturn.Errorf(keyturn.Unsupported, op, "this worker runs no HTTP tests")
	}
	method := t.Method
	if method == "" {
		method = http.MethodGet
	}
	req, err := http.NewRequestWithContext(ctx, method, t.URL, nil)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the url or method in the entry is not one")
	}
	fill := strings.NewReplacer("{key_id}", s.KeyID, "{key}", s.Secret.Expose())
	for name, value := range t.Headers {
		value = fill.Replace(value)
		if strings.ContainsAny(value, "\r\n\x00") {
			return keyturn.Errorf(keyturn.Invalid, op, "the value has several lines and does not fit into the header %s; use a command instead", name)
		}
		req.Header.Set(name, value)
	}
	resp, err := r.HTTP.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return keyturn.Errorf(keyturn.Unavailable, op, "no answer from %s", host(req.URL))
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection is used again
	switch {
	case t.Status != 0 && resp.StatusCode == t.Status, t.Status == 0 && resp.StatusCode/100 == 2:
		return nil
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode >= 500:
		return keyturn.Errorf(keyturn.Unavailable, op, "%s answered %d", host(req.URL), resp.StatusCode)
	}
	return keyturn.Errorf(keyturn.Denied, op, "%s answered %d", host(req.URL), resp.StatusCode)
}

func host(u *url.URL) string { return u.Host }

func (r Runner) command(ctx context.Context, t keyturn.CommandTest, s Subject) error {
	const op = "synthetic test: command"
	if len(t.Argv) == 0 || !slices.Contains(r.Commands, t.Argv[0]) {
		return keyturn.Errorf(keyturn.Unsupported, op, "the program is not in synthetic.commands of the worker's configuration")
	}
	timeout := time.Duration(t.Timeout)
	if timeout == 0 {
		timeout = defaultTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	cmd := exec.CommandContext(limited, t.Argv[0], t.Argv[1:]...) //nolint:gosec // only programs the worker's owner allows
	cmd.Env = []string{"PATH=/usr/local/bin:/usr/bin:/bin", "KEYTURN_KEY_ID=" + s.KeyID}
	cmd.Stdin = strings.NewReader(s.Secret.Expose())
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case limited.Err() != nil:
		return keyturn.Errorf(keyturn.Unavailable, op, "not finished after %s", timeout)
	case errors.As(err, &exit):
		return keyturn.Errorf(keyturn.Denied, op, "exit status %d", exit.ExitCode())
	}
	return keyturn.Errorf(keyturn.Invalid, op, "the program cannot be started")
}
