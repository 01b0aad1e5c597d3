package main

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/notices/slack"
	"github.com/keyturn/keyturn/notices/smtp"
	"github.com/keyturn/keyturn/notices/webhook"
	"github.com/keyturn/keyturn/registry"
)

// channels are the ways to reach people that are compiled in.
func channels() []notices.Factory {
	return []notices.Factory{slack.Factory, smtp.Factory, webhook.Factory}
}

// teller tells people what the outbox holds, and announces what is due soon.
type teller struct {
	dispatcher *dispatch.Dispatcher
	announcer  *dispatch.Announcer // nil where this worker tells nobody anything
	outbox     registry.Outbox
	log        *slog.Logger
}

// newTeller opens the configured channels.
func newTeller(c dispatch.Config, w *wiring, log *slog.Logger, m *metrics) (*teller, error) {
	open, err := c.Open(channels(), func(name string, settings map[string]any) notices.Env {
		return notices.Env{
			HTTP:   newClient("notices/"+name, 10, 20*time.Second, m),
			Decode: func(v any) error { return strict(settings, v) },
			Secret: secret(w.keys.Secrets), Now: time.Now,
		}
	})
	if err != nil {
		return nil, err
	}
	d, err := dispatch.New(c, dispatch.Needs{
		Outbox: w.registry, Told: w.registry, Channels: open, Now: time.Now, Log: log.With("part", "notices"),
		Count: func(channel string, o dispatch.Outcome, n int) {
			m.notices.WithLabelValues(channel, string(o)).Add(float64(n))
		},
	})
	if err != nil {
		return nil, err
	}
	t := &teller{dispatcher: d, outbox: w.registry, log: log}
	if len(open) > 0 {
		t.announcer = dispatch.NewAnnouncer(c, w.registry)
	}
	return t, nil
}

// run works until ctx ends. A worker that has no channels leaves notices to the
// others: it would drop what they are to tell. Where there are no others it
// keeps the outbox from growing for ever.
func (t *teller) run(ctx context.Context) {
	if t.announcer == nil {
		t.hourly(ctx, "old notices that nobody tells", func() (int, error) {
			return t.outbox.DropNotices(ctx, time.Now().Add(-keepNotices))
		})
		return
	}
	var both sync.WaitGroup
	both.Go(func() { _ = t.dispatcher.Run(ctx) })
	both.Go(func() {
		t.hourly(ctx, "keys that are due soon", func() (int, error) { return t.announcer.Announce(ctx, time.Now()) })
	})
	both.Wait()
}

// keepNotices is how long a notice waits for a worker that can tell it.
const keepNotices = 8 * 24 * time.Hour

// hourly sees to some things, now and every hour until ctx ends.
func (t *teller) hourly(ctx context.Context, what string, see func() (int, error)) {
	tick := time.NewTicker(time.Hour)
	defer tick.Stop()
	for {
		if n, err := see(); err != nil && ctx.Err() == nil {
			t.log.Warn("not all were seen to; trying again in an hour", "what", what, "error", err)
		} else if n > 0 {
			t.log.Info("seen to", "what", what, "number", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
