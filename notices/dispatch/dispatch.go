// Package dispatch takes notices out of the registry's outbox and has channels
// carry them: it decides who is told, what is gathered into a digest, and what
// waits for the morning.
package dispatch

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/registry"
)

// Needs is what a Dispatcher takes from the world.
type Needs struct {
	Outbox registry.Outbox
	// Told remembers which of a notice's destinations were reached while
	// another was not.
	Told     registry.Deliveries
	Channels map[string]notices.Channel // by their names in the configuration
	Now      func() time.Time
	Log      *slog.Logger
	// Count, unless it is nil, is told what became of notices: n of them at
	// once. The channel is one of the configuration, or empty where none was
	// chosen. It is called from several goroutines.
	Count func(channel string, o Outcome, n int)
}

// An Outcome is what became of notices, as a metric has it.
type Outcome string

// The outcomes. They are label values: added to, never renamed.
const (
	Sent    Outcome = "sent"     // the channel took the message; one call is one message
	Waiting Outcome = "waiting"  // they wait for their digest or the end of quiet hours
	Failed  Outcome = "failed"   // the channel did not take the message; it is sent again
	Held    Outcome = "deferred" // not tried, because the channel is down; sent soon
	GivenUp Outcome = "given_up" // too old; nobody was told, or not everybody
	Nobody  Outcome = "nobody"   // no route leads anywhere
)

const (
	// batch is how many notices one claim takes. It is large so that what is due
	// together is told together.
	batch = 10_000
	// lease is how long a claim holds. Sending stops early enough for the last
	// message to be settled before it ends.
	lease = 10 * time.Minute
	// sendLimit bounds one message.
	sendLimit = time.Minute
	// tooOld is when a notice is given up.
	tooOld = 7 * 24 * time.Hour
	// pause is how long Run waits when nothing is due, give or take a fifth, so
	// that workers do not march in step.
	pause = 10 * time.Second
)

// A Dispatcher empties the outbox. Its methods are safe for concurrent use, and
// several processes may each have one on the same registry.
type Dispatcher struct {
	needs   Needs
	routes  Routes
	slots   slots
	quiet   quiet
	lines   int
	wording Wording
	plain   Wording // the built-in one, for what the replaced one cannot say
}

// New checks the configuration against the channels and makes a Dispatcher. The
// error names every mistake.
func New(c Config, n Needs) (*Dispatcher, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	c = c.WithDefaults()
	errs := c.Routes.check(n.Channels)
	quiet, err := c.QuietHours.compile()
	errs = append(errs, err)
	wording, err := LoadWording(c.Templates)
	errs = append(errs, err)
	plain := wording
	if c.Templates != "" {
		plain, err = LoadWording("")
		errs = append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if n.Count == nil {
		n.Count = func(string, Outcome, int) {}
	}
	return &Dispatcher{
		needs: n, routes: c.Routes, quiet: quiet, lines: c.DigestLines, wording: wording, plain: plain,
		slots: slots{every: time.Duration(*c.Digest), quiet: quiet},
	}, nil
}

// Run tells people until ctx ends, and returns its error. What goes wrong is
// logged and tried again.
func (d *Dispatcher) Run(ctx context.Context) error {
	for {
		s, err := d.Once(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			d.needs.Log.Warn("notices cannot be read from or written to the registry; trying again", "error", err)
		}
		if err == nil && s.Claimed == batch {
			continue
		}
		wait := time.NewTimer(pause*4/5 + rand.N(pause*2/5)) //nolint:gosec // it keeps workers apart and no secret
		select {
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		case <-wait.C:
		}
	}
}

// A Summary is what one round did.
type Summary struct {
	Claimed  int // notices
	Messages int // that were sent
	Told     int // notices that need no more telling, because everybody was told
	Waiting  int // notices put back until their digest
	Failed   int // notices put back because somebody could not be told
	GivenUp  int // notices
	Nobody   int // notices that no route leads anywhere
}

// Once tells what is due, once. What it does not get to is given back. The
// error says that the registry failed; a channel that failed is not one.
func (d *Dispatcher) Once(ctx context.Context) (Summary, error) {
	r := &round{d: d, now: d.needs.Now(), said: map[said]bool{}}
	claimed, err := d.needs.Outbox.ClaimNotices(ctx, r.now, lease, batch)
	if err != nil {
		return Summary{}, err
	}
	r.sum.Claimed = len(claimed)
	due := r.wait(ctx, claimed)
	r.tell(ctx, r.route(ctx, due))
	r.giveBack(ctx)
	return r.sum, errors.Join(r.errs...)
}
