package main

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/keyturn/keyturn/notices"
	"github.com/keyturn/keyturn/notices/dispatch"
	"github.com/keyturn/keyturn/notices/slack"
	"github.com/keyturn/keyturn/notices/smtp"
	"github.com/keyturn/keyturn/notices/webhook"
)

// channels are the ways to reach people that are compiled in.
func channels() []notices.Factory {
	return []notices.Factory{slack.Factory, smtp.Factory, webhook.Factory}
}

// teller tells people what the outbox holds, and announces what is due soon.
type teller struct {
	dispatcher *dispatch.Dispatcher
	announcer  *dispatch.Announcer // nil where nobody is told anything
	log        *slog.Logger
}

// announceEvery is how often keys that are due soon are looked for.
const announceEvery = time.Hour

// newTeller opens the configured channels. Without any it still empties the
// outbox, which would grow otherwise.
func newTeller(c dispatch.Config, w *wiring, log *slog.Logger, m *metrics) (*teller, error) {
	open, err := c.Open(channels(), func(name string, settings map[string]any) notices.Env {
		return notices.Env{
			HTTP:   &http.Client{Transport: newTransport("notices/"+name, 10, m.calls), Timeout: 20 * time.Second, CheckRedirect: stay},
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
	t := &teller{dispatcher: d, log: log}
	if len(open) > 0 {
		t.announcer = dispatch.NewAnnouncer(c, w.registry)
	}
	return t, nil
}

// run works until ctx ends.
func (t *teller) run(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { _ = t.dispatcher.Run(ctx) })
	if t.announcer != nil {
		both.Go(func() { t.announce(ctx) })
	}
	both.Wait()
}

func (t *teller) announce(ctx context.Context) {
	tick := time.NewTicker(announceEvery)
	defer tick.Stop()
	for {
		if n, err := t.announcer.Announce(ctx, time.Now()); err != nil && ctx.Err() == nil {
			t.log.Warn("not all keys that are due soon could be announced; trying again", "error", err)
		} else if n > 0 {
			t.log.Info("keys that are due soon were announced", "keys", n)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
