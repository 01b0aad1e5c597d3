package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/registry"
)

// An app is what every command works with: streams, clock, and the ways to
// reach the registry and Temporal. Nothing is opened before a command asks.
type app struct {
	in       io.Reader
	out, err io.Writer
	term     terminal
	env      environment
	now      func() time.Time
	global   globalOptions
	settings *settings // nil until loaded

	// openRegistry and dialTemporal are fields so that tests can put fakes there.
	openRegistry func(context.Context, config.Registry) (registry.Store, error)
	dialTemporal func(context.Context, dial.Config, *slog.Logger) (temporalClient, error)
}

// environment is what main has read from the outside.
type environment struct {
	ConfigFile string // $KEYTURN_CONFIG
	ConfigHome string // $XDG_CONFIG_HOME or its default
	Actor      string // user@host
	Plain      bool   // no colours and no redrawing
}

// terminal says which streams are terminals. The zero value is none of them.
type terminal struct {
	In, Out, Err bool
	Size         func() (width, height int)
	Tick         time.Duration // how often a live display is redrawn
}

// globalOptions are the flags every command has.
type globalOptions struct {
	config    string
	address   string
	namespace string
	as        string
	output    format
}

func newApp(in io.Reader, out, err io.Writer, env environment) *app {
	return &app{
		in: in, out: out, err: err, env: env,
		now:    time.Now,
		global: globalOptions{output: table},
		openRegistry: func(ctx context.Context, c config.Registry) (registry.Store, error) {
			return c.Open(ctx)
		},
		dialTemporal: func(ctx context.Context, c dial.Config, log *slog.Logger) (temporalClient, error) {
			var cl client.Client
			cl, err := dial.Temporal(ctx, c, log)
			if err != nil {
				return nil, err
			}
			return sdkClient{cl}, nil
		},
	}
}

// actor names who gives the orders.
func (a *app) actor() (string, error) {
	if a.global.as == "" {
		return a.env.Actor, nil
	}
	return a.global.as, plainText("--as", a.global.as)
}

// live reports whether standard output is a terminal that can be redrawn.
func (a *app) live() bool {
	return a.term.Out && !a.env.Plain && a.global.output == table && a.term.Size != nil && a.term.Tick > 0
}
