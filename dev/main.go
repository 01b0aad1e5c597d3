// Command keyturn-dev is the whole of Keyturn on a laptop: a real Temporal
// server with its web UI, the real worker, an embedded registry and store, and
// pretend vendors. It plays a short story with them (a key is issued, rotated
// with overlap, and a rotation that goes wrong is undone) and then stays up, so
// that the keyturn command can be tried from another terminal.
//
// Nothing leaves the machine and no key is real. It is not for production.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

const usage = `keyturn-dev starts Temporal with its UI, the worker and pretend vendors, plays
a short story with them, and stays up until Ctrl-C.

Usage:
  keyturn-dev            play the story and stay up
  keyturn-dev -once      play the story and end
  keyturn-dev -quiet     only stay up

Flags:
`

// run is main without the process. It returns the exit status.
func run(ctx context.Context, args []string, out, errOut io.Writer) int {
	flags := flag.NewFlagSet("keyturn-dev", flag.ContinueOnError)
	flags.SetOutput(errOut)
	flags.Usage = func() { fmt.Fprint(errOut, usage); flags.PrintDefaults() }
	var o options
	flags.StringVar(&o.dir, "dir", ".demo", "where everything is kept; emptied at every start")
	flags.StringVar(&o.bin, "bin", "bin", "where keyturn and keyturn-worker are")
	flags.IntVar(&o.port, "port", 7233, "Temporal's `port`; 0 picks a free one")
	flags.IntVar(&o.uiPort, "ui-port", 8233, "the UI's `port`; 0 picks a free one")
	flags.BoolVar(&o.once, "once", false, "end after the story")
	flags.BoolVar(&o.quiet, "quiet", false, "play no story")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(errOut, "keyturn-dev: unexpected argument %q; see -help\n", flags.Arg(0))
		return 2
	}
	err := demo(ctx, o, out)
	if err != nil && ctx.Err() == nil {
		fmt.Fprintf(errOut, "keyturn-dev: %v\n", err)
		return 1
	}
	return 0
}

type options struct {
	dir, bin     string
	port, uiPort int
	once, quiet  bool
}

// demo starts everything, tells the story, waits, and stops everything.
func demo(ctx context.Context, o options, out io.Writer) (err error) {
	p, err := start(ctx, o, out)
	if err != nil {
		return err
	}
	defer func() {
		fmt.Fprintln(out, "\nStopping.")
		err = errors.Join(err, p.stop())
	}()
	if !o.quiet {
		if err := p.story(ctx); err != nil {
			return err
		}
	}
	if o.once {
		return nil
	}
	p.invite()
	select {
	case <-ctx.Done():
		return nil
	case <-p.workerEnded:
		return fmt.Errorf("the worker ended by itself; its last words are in %s", p.file("worker.log"))
	}
}
