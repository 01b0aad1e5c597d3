package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/keyturn/keyturn"
)

// A confirmation is asked before something is destroyed.
type confirmation struct {
	command string // "revoke payments-x"
	key     keyturn.KeyID
	warning string // what cannot be taken back
	yes     bool   // --yes was given
}

// possible refuses early where nobody can be asked.
func (c confirmation) possible(a *app) error {
	if c.yes || a.term.In {
		return nil
	}
	return usagef("%s: it asks before it destroys anything, and there is no terminal to ask on; add --yes if you mean it", c.command)
}

// ask has the person type the key's id.
func (c confirmation) ask(ctx context.Context, a *app) error {
	return c.typed(ctx, a, c.warning+"\nType the key's id to go on: ", "id", string(c.key))
}

// typed has the person type a text exactly; what says in a word what it is.
func (c confirmation) typed(ctx context.Context, a *app, prompt, what, want string) error {
	if c.yes {
		return nil
	}
	if _, err := fmt.Fprint(a.err, prompt); err != nil {
		return err
	}
	answer, err := readLine(ctx, a.in)
	if err != nil {
		return err
	}
	if answer != want {
		return refusedf("%s: not confirmed, nothing was changed; type the %s exactly, or add --yes", c.command, what)
	}
	return nil
}

// readLine reads one line, and gives up when ctx ends: a person who presses
// Ctrl-C at a question wants out.
func readLine(ctx context.Context, r io.Reader) (string, error) {
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() {
		text, err := bufio.NewReader(r).ReadString('\n')
		if err == io.EOF {
			err = nil
		}
		read <- line{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case l := <-read:
		return l.text, l.err
	}
}
