// Package embedded runs a whole Temporal cluster and its web UI inside this
// process: for a laptop, for tests, and for measurements. It is not for
// production. It listens on 127.0.0.1 only, asks nobody who they are, and
// reports nothing to anybody.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
)

// startWithin bounds Start when its context has no deadline of its own. A cold
// laptop needs a second or two.
const startWithin = time.Minute

// A Server is a running Temporal cluster. Several may run in one process, as
// long as each has a Dir, or a pair of databases, of its own.
type Server struct {
	address string
	ui      *ui
	stop    func() error
}

// Start starts a server and returns once it can be used: every namespace
// exists, every search attribute can be queried, the UI answers. When it
// fails, or ctx ends first, nothing stays behind. Afterwards ctx has no
// bearing on the server; Stop ends it.
func Start(ctx context.Context, options Options) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	s, err := start(ctx, options)
	if err != nil && ctx.Err() == context.Canceled {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("start Temporal: %w", err)
	}
	return s, nil
}

func start(ctx context.Context, options Options) (_ *Server, err error) {
	o := options.withDefaults()
	if err := o.check(); err != nil {
		return nil, err
	}
	var undo undoes
	defer func() {
		if err != nil {
			err = errors.Join(err, undo.run())
		}
	}()

	db, err := openStore(o)
	if err != nil {
		return nil, err
	}
	undo.add(db.release)
	handler, closeLog, err := openLog(o)
	if err != nil {
		return nil, err
	}
	undo.add(closeLog)
	at, err := newLayout(o.Port)
	if err != nil {
		return nil, err
	}
	server, err := newServer(o, at, db, newLogger(handler))
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	undo.add(server.Stop)
	if err := server.Start(); err != nil {
		return nil, err
	}
	if err := ready(ctx, o, at.address(), handler); err != nil {
		return nil, err
	}
	s := &Server{address: at.address()}
	if !o.NoUI {
		if s.ui, err = startUI(ctx, o, at.address()); err != nil {
			return nil, err
		}
	}
	undo.add(func() error { s.ui.stop(); return nil })
	s.stop = sync.OnceValue(undo.run)
	return s, nil
}

// newServer assembles the four services. They authorize every call: whoever
// reaches the loopback address may do anything.
func newServer(o Options, at layout, db *store, to logger) (temporal.Server, error) {
	dynamic, err := dynamicClient(o.DynamicConfig)
	if err != nil {
		return nil, err
	}
	return temporal.NewServer(
		temporal.WithConfig(serverConfig(at, db.persistence)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(at.hosts()),
		temporal.WithLogger(to),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
		temporal.WithDynamicConfigClient(dynamic),
	)
}

// Address is where clients connect: "127.0.0.1:7233".
func (s *Server) Address() string { return s.address }

// UIURL is where the web UI is: "http://127.0.0.1:8233". It is empty when
// there is none.
func (s *Server) UIURL() string {
	if s.ui == nil {
		return ""
	}
	return s.ui.url
}

// Stop ends the server and returns when its ports are free again. Clients and
// workers should be stopped first. It is safe to call more than once, and from
// several goroutines.
//
// About 35 idle goroutines and, with a Dir, an open file stay behind for the
// life of the process, because Temporal closes neither the connections between
// its services nor an SQLite database. The UI's connection stays likewise, and
// the data of a server in memory. They do no work and hold no port.
func (s *Server) Stop() error { return s.stop() }

// undoes are what to do when the server ends, last things first.
type undoes []func() error

func (u *undoes) add(f func() error) { *u = append(*u, f) }

func (u *undoes) run() error {
	var errs []error
	for i := len(*u) - 1; i >= 0; i-- {
		errs = append(errs, (*u)[i]())
	}
	return errors.Join(errs...)
}
