package registrytest

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func mustServe(t *testing.T, s registry.Store, issuer keyturn.Issuer, rate float64, at time.Time) {
	t.Helper()
	if err := s.Serve(t.Context(), issuer, rate, at); err != nil {
		t.Fatalf("Serve %s: %v", issuer, err)
	}
}

// served: the last rate counts, and an account is listed for its keys or its
// pause, not for its rate.
func served(t *testing.T, s registry.Store) {
	p := pause()
	mustServe(t, s, p.Issuer, 0.25, start())
	if got := accounts(t, s, start()); len(got) != 0 {
		t.Errorf("an account without keys is listed: %+v", got)
	}
	mustSave(t, s, sample("a-key"), "e1")
	mustSave(t, s, of("elsewhere", "stripe", "acct_1"), "e2")
	want, other := status(p.Issuer.Provider, p.Issuer.Account, 1), status("stripe", "acct_1", 1)
	want.Rate, want.Served = 0.25, start()
	diff(t, "served", accounts(t, s, start()), []registry.AccountStatus{want, other})
	at := start().Add(time.Hour + 123456789*time.Nanosecond)
	mustServe(t, s, p.Issuer, 12.5, at.In(time.FixedZone("", 3600)))
	want.Rate, want.Served = 12.5, at.Truncate(time.Microsecond)
	diff(t, "served by another", accounts(t, s, start()), []registry.AccountStatus{want, other})
	mustServe(t, s, p.Issuer, 2, start())
	want.Rate, want.Served = 2, start()
	diff(t, "the last word, by a clock that is late", accounts(t, s, start()), []registry.AccountStatus{want, other})
	paused := keyturn.Issuer{Provider: "gcp", Account: "paused"}
	p.Issuer = paused
	mustPause(t, s, p)
	mustServe(t, s, paused, 1, start())
	listed := registry.AccountStatus{Issuer: paused, Paused: &p, Rate: 1, Served: start()}
	diff(t, "paused", accounts(t, s, start()), []registry.AccountStatus{want, listed, other})
}

// resumed: the last time that a pause was cleared is kept, and outlasts the next
// pause. Serving and resuming do not undo each other.
func resumed(t *testing.T, s registry.Store) {
	p := pause()
	mustSave(t, s, sample("a-key"), "e1")
	want := status(p.Issuer.Provider, p.Issuer.Account, 1)
	wantKind(t, s.ClearPause(t.Context(), p.Issuer, start()), keyturn.NotFound)
	diff(t, "never paused", accounts(t, s, start()), []registry.AccountStatus{want})
	for i := range 2 {
		mustPause(t, s, p)
		want.Paused = &p
		diff(t, "paused", accounts(t, s, start()), []registry.AccountStatus{want})
		at := start().Add(time.Duration(i+1)*time.Hour + 123456789)
		if err := s.ClearPause(t.Context(), p.Issuer, at.In(time.FixedZone("", -3600))); err != nil {
			t.Fatal(err)
		}
		want.Paused, want.Resumed = nil, at.Truncate(time.Microsecond)
		diff(t, "resumed", accounts(t, s, start()), []registry.AccountStatus{want})
		mustServe(t, s, p.Issuer, 3, start())
		want.Rate, want.Served = 3, start()
		diff(t, "served", accounts(t, s, start()), []registry.AccountStatus{want})
		wantKind(t, s.ClearPause(t.Context(), p.Issuer, start().AddDate(1, 0, 0)), keyturn.NotFound)
		diff(t, "resumed once", accounts(t, s, start()), []registry.AccountStatus{want})
	}
	mustPause(t, s, p)
	wantKind(t, s.ClearPause(t.Context(), p.Issuer, time.Time{}), keyturn.Invalid)
	want.Paused = &p
	diff(t, "resumed at no time", accounts(t, s, start()), []registry.AccountStatus{want})
}

func badServes(t *testing.T, s registry.Store) {
	good := pause().Issuer
	mustSave(t, s, sample("a-key"), "e1")
	for name, c := range map[string]struct {
		issuer keyturn.Issuer
		rate   float64
		at     time.Time
	}{
		"no provider": {keyturn.Issuer{Account: "1"}, 1, start()},
		"no account":  {keyturn.Issuer{Provider: "aws"}, 1, start()},
		"NUL":         {keyturn.Issuer{Provider: "aws", Account: "nu\x00l"}, 1, start()},
		"not UTF-8":   {keyturn.Issuer{Provider: "caf\xe9", Account: "1"}, 1, start()},
		"rate 0":      {good, 0, start()},
		"below 0":     {good, -1, start()},
		"no number":   {good, math.NaN(), start()},
		"no limit":    {good, math.Inf(1), start()},
		"no time":     {good, 1, time.Time{}},
	} {
		err := s.Serve(t.Context(), c.issuer, c.rate, c.at)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
		if c.issuer == good && !strings.Contains(err.Error(), good.String()) {
			t.Errorf("error %q does not name the account", err)
		}
	}
	diff(t, "accounts", accounts(t, s, start()), []registry.AccountStatus{status(good.Provider, good.Account, 1)})
}
