// Command keyturn-worker runs Keyturn's workflows and activities.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	_ "time/tzdata" // calendars name zones, and not every machine knows them

	"go.temporal.io/sdk/client"

	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/all"
	"github.com/keyturn/keyturn/webhooks"
	"github.com/keyturn/keyturn/workflows"
)

const usage = `keyturn-worker runs Keyturn's workflows and activities.

Usage:
  keyturn-worker -config worker.yaml                 run until SIGTERM or Ctrl-C
  keyturn-worker -config worker.yaml -check-config   check the file and exit
  keyturn-worker -config worker.yaml -check-entries keys/
                                                     compare the store paths and owners of entry files
                                                     with the stores and the directories of people
  keyturn-worker -config worker.yaml -check-trackers ask every tracker whether it can be used
  keyturn-worker -config worker.yaml -check-directories
                                                     ask every directory of people whether it can be used
  keyturn-worker -providers                          list the providers compiled in

Flags:
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it returns the exit status, 0 when all went
// well, 1 on a failure and 2 on a wrong command line.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("keyturn-worker", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage); flags.PrintDefaults() }
	path := flags.String("config", "worker.yaml", "the configuration `file`")
	check := flags.Bool("check-config", false, "check the configuration file, open nothing, and exit")
	entries := flags.String("check-entries", "", "compare the store paths and owners of the entry files at `PATH` with the stores and directories, and exit")
	trackers := flags.Bool("check-trackers", false, "ask every configured tracker whether it can be used, and exit")
	directories := flags.Bool("check-directories", false, "ask every configured directory of people whether it can be used, and exit")
	sources := flags.Bool("check-sources", false, "ask every configured source of leaks whether it can be used, and exit")
	list := flags.Bool("providers", false, "list the providers compiled in and exit")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	case flags.NArg() > 0:
		fmt.Fprintf(stderr, "keyturn-worker: unexpected argument %q; see -help\n", flags.Arg(0))
		return 2
	}
	if *list {
		listProviders(stdout)
		return 0
	}
	c, err := load(*path)
	if err == nil && *check {
		fmt.Fprintf(stdout, "%s: ok\n", *path)
		return 0
	}
	switch {
	case err != nil:
	case *entries != "":
		err = checkEntries(ctx, c, *entries, stdout, stderr)
	case *trackers:
		err = checkTrackers(ctx, c, stdout)
	case *directories:
		err = checkDirectories(ctx, c, stdout)
	case *sources:
		err = checkSources(ctx, c, stdout)
	default:
		err = serve(ctx, c, stderr)
	}
	if err != nil {
		fmt.Fprintf(stderr, "keyturn-worker: %v\n", err)
		return 1
	}
	return 0
}

func listProviders(w io.Writer) {
	for _, f := range all.Factories() {
		_, _ = fmt.Fprintln(w, f.Name)
	}
}

// serve runs the worker until ctx ends, then drains it.
func serve(ctx context.Context, c Config, stderr io.Writer) error {
	log, err := c.Log.logger(stderr)
	if err != nil {
		return err
	}
	m, err := newMetrics()
	if err != nil {
		return err
	}
	w, err := wire(ctx, c, log, m)
	if err != nil {
		return err
	}
	defer func() { _ = w.close() }()
	cl, err := connect(ctx, c, log, m)
	if err != nil {
		return err
	}
	defer cl.Close()
	h := &health{registry: w.registry, temporal: cl}
	srv, addr, err := h.serve(ctx, c.Listen, m)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = srv.Close() }()
	launcher := workflows.Launcher{Client: cl, Namespace: c.Temporal.Namespace, Queue: c.Temporal.TaskQueue, Now: time.Now}
	w.leavers.Engine, w.leavers.Address = launcher, c.Webhooks.deliveries()
	w.leaks.Engine = launcher
	stopWebhooks, err := c.Webhooks.serve(ctx, &webhooks.Server{
		Trackers: w.people.Trackers, Directories: w.leavers.Directories, Leaks: w.leaks.Sources, Report: reportLeaks(w), SCIM: scimServers(c, w, launcher, log, m),
		Registry: w.registry, Temporal: temporal{cl, launcher}, Now: time.Now, Log: log, Rate: c.Webhooks.Rate, Burst: c.Webhooks.Burst,
		Count: func(source string, o webhooks.Outcome) { m.webhooks.WithLabelValues(source, string(o)).Inc() },
	})
	if err != nil {
		return err
	}
	defer stopWebhooks()
	fleet := &activities.Fleet{
		Registry: w.registry, Secrets: w.keys.Secrets, Brake: c.Brake.brake(), Now: time.Now,
		Engine: launcher,
	}
	activities.WithBrake(w.keys, fleet)
	workers := newHost(cl, c, w.keys, w.people, fleet, w.leavers, w.leaks)
	if err := workers.start(); err != nil {
		return err
	}
	log.Info("worker is up", "namespace", c.Temporal.Namespace, "task_queue", c.Temporal.TaskQueue,
		"accounts", names(w.keys.Providers), "health", "http://"+addr.String())
	go serving{w.registry, c.Providers, log}.run(ctx)
	w.teller.run(ctx)
	h.stopping.Store(true)
	log.Info("stopping; activities may finish", "drain", time.Duration(c.Drain))
	workers.stop()
	return nil
}

func names(c providers.Catalog) string {
	var out []string
	for issuer := range c {
		out = append(out, issuer.String())
	}
	return strings.Join(out, " ")
}

// connect keeps trying: at start-up of a whole platform, Temporal may come
// last. A configuration that cannot work ends it at once.
func connect(ctx context.Context, c Config, log *slog.Logger, m *metrics) (client.Client, error) {
	opts, err := dial.Options(c.Temporal, log)
	if err != nil {
		return nil, err
	}
	opts.MetricsHandler = m.temporal
	for pause := time.Second; ; pause = min(2*pause, 15*time.Second) {
		cl, err := client.DialContext(ctx, opts)
		if err == nil {
			return cl, nil
		}
		log.Warn("no Temporal yet; trying again", "address", opts.HostPort, "in", pause)
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no Temporal at %s: %w", opts.HostPort, err)
		case <-time.After(pause):
		}
	}
}
