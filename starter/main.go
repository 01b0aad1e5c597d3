// Command keyturn is how people work with Keyturn: it starts operations on
// keys, speaks to those that run, follows them, and keeps the registry in step
// with its entry files. It links no provider and no secret store, so an
// operator's machine needs no vendor credential.
package main

import (
	"context"
	"os"
	"os/signal"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/term"
)

func main() { os.Exit(program()) }

func program() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	a := newApp(os.Stdin, os.Stdout, os.Stderr, readEnvironment())
	a.term = readTerminal()
	return run(ctx, a, os.Args[1:])
}

// readEnvironment is the only reader of environment variables.
func readEnvironment() environment {
	e := environment{
		ConfigFile: os.Getenv("KEYTURN_CONFIG"),
		ConfigHome: os.Getenv("XDG_CONFIG_HOME"),
		Plain:      os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb",
		Actor:      actor(),
	}
	if e.ConfigHome == "" {
		if home, err := os.UserHomeDir(); err == nil {
			e.ConfigHome = filepath.Join(home, ".config")
		}
	}
	return e
}

// actor names whoever runs the program as user@host.
func actor() string {
	name := "uid " + strconv.Itoa(os.Getuid())
	if u, err := user.Current(); err == nil && u.Username != "" {
		name = u.Username
	}
	if host, err := os.Hostname(); err == nil && host != "" {
		name += "@" + host
	}
	return name
}

func readTerminal() terminal {
	out := int(os.Stdout.Fd())
	return terminal{
		In:  term.IsTerminal(int(os.Stdin.Fd())),
		Out: term.IsTerminal(out),
		Err: term.IsTerminal(int(os.Stderr.Fd())),
		Size: func() (int, int) {
			if w, h, err := term.GetSize(out); err == nil && w > 0 && h > 0 {
				return w, h
			}
			return 80, 24
		},
		Tick: 120 * time.Millisecond,
	}
}
