package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// rolledBack is the exit status of the keyturn command for an operation that
// was undone.
const rolledBack = 3

// story plays the main job with the real command line.
func (p *platform) story(ctx context.Context) error {
	p.say("1. Two keys are described in files, reviewed, and applied to the registry.")
	if err := p.keyturn(ctx, 0, "registry", "apply", p.file("keys")); err != nil {
		return err
	}
	p.say("2. They are issued: made at the vendor, proven, and stored where their consumers read.")
	for _, key := range []string{goodKey, badKey} {
		if err := p.keyturn(ctx, 0, "issue", key, "--watch"); err != nil {
			return err
		}
	}
	p.say("3. One is rotated. Old and new both work until its consumer has moved; then the old\n" +
		"   key is switched off, revoked, and tried once more: it must be refused.")
	if err := p.keyturn(ctx, 0, "rotate", goodKey, "--watch", "--note", "the demo"); err != nil {
		return err
	}
	p.say("4. It is rotated again while its vendor refuses every new key. Nothing is lost: the\n" +
		"   new key is ended and consumers stay on the one they have.")
	p.vendors.Vendor("aws").RefuseVerification(1000)
	err := p.keyturn(ctx, rolledBack, "rotate", goodKey, "--watch", "--note", "this one goes wrong")
	p.vendors.Vendor("aws").Mend()
	if err != nil {
		return err
	}
	if err := p.byHand(ctx); err != nil {
		return err
	}
	p.say("7. What happened, as the registry keeps it:")
	for _, args := range [][]string{{"keys", "list"}, {"keys", "history", goodKey}} {
		if err := p.keyturn(ctx, 0, args...); err != nil {
			return err
		}
	}
	return nil
}

func (p *platform) say(text string) { fmt.Fprintf(p.out, "\n%s\n", text) }

// keyturn runs the command and expects an exit status.
func (p *platform) keyturn(ctx context.Context, want int, args ...string) error {
	fmt.Fprintf(p.out, "\n$ keyturn %s\n", strings.Join(short(args, p.dir), " "))
	cmd := exec.CommandContext(ctx, filepath.Join(p.bin, "keyturn"), append([]string{"--config", p.file("keyturn.yaml")}, args...)...) //nolint:gosec // our own command
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, p.out, p.out
	err := cmd.Run()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit) && exit.ExitCode() == want, err == nil && want == 0:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil:
		return fmt.Errorf("keyturn %s: it should have ended with status %d", args[0], want)
	}
	return fmt.Errorf("keyturn %s: %w; the worker's log is %s", args[0], err, p.file("worker.log"))
}

func short(args []string, dir string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		out[i] = strings.ReplaceAll(a, dir, ".demo")
		if strings.Contains(a, " ") {
			out[i] = fmt.Sprintf("%q", a)
		}
	}
	return out
}

// invite says what can be tried while everything is up.
func (p *platform) invite() {
	fmt.Fprintf(p.out, `
Everything stays up until Ctrl-C.

  Temporal UI     %s/namespaces/keyturn/workflows
  vendors         %s   (what they hold, and switches to break them)
  tickets         %s/tickets   (what people are asked)
  files           %s

One rotation waits for a person. Be that person, with one command from another
terminal, here: make a new key at the pretend portal and hand its value over.

  export KEYTURN_CONFIG=%s
  %s

Keyturn checks it, makes it the one consumers read, and closes the ticket. Also:

  bin/keyturn keys list
  bin/keyturn rotate %[7]s --watch
  bin/keyturn abort %[7]s --note "changed my mind"     (while it soaks)
  bin/keyturn --help
`, p.temporal.UIURL(), p.vendors.ControlURL(), p.deskURL, p.dir, p.file("keyturn.yaml"), p.supplyCommand(), goodKey)
}
