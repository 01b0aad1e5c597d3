package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// serving says in the registry which accounts this worker serves and at what
// rate. What is planned for many keys goes by it.
type serving struct {
	registry registry.Store
	accounts []Account
	log      *slog.Logger
}

// servingEvery is how often it is said again. What was not said for an hour does
// not hold any more.
const servingEvery = 5 * time.Minute

func (s serving) run(ctx context.Context) {
	tick := time.NewTicker(servingEvery)
	defer tick.Stop()
	for {
		for _, a := range s.accounts {
			issuer := keyturn.Issuer{Provider: a.Provider, Account: a.Account}
			if err := s.registry.Serve(ctx, issuer, a.Rate, time.Now()); err != nil && ctx.Err() == nil {
				s.log.Warn("the registry does not know that this worker serves an account; trying again", "account", issuer.String(), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
