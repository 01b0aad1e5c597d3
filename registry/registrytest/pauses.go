package registrytest

import (
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// pause is the pause of the account that samples are of.
func pause() registry.Pause {
	return registry.Pause{Issuer: sample("a-key").Scope.Issuer(), Reason: "incident 4711", Actor: "alice@example.com", At: start()}
}

func mustPause(t *testing.T, s registry.Store, p registry.Pause) {
	t.Helper()
	if err := s.SetPause(t.Context(), p); err != nil {
		t.Fatalf("SetPause %s: %v", p.Issuer, err)
	}
}

// pauses come and go, of accounts with keys and without.
func pauses(t *testing.T, s registry.Store) {
	p := pause()
	err := s.ClearPause(t.Context(), p.Issuer, start())
	wantKind(t, err, keyturn.NotFound)
	if !strings.Contains(err.Error(), p.Issuer.String()) {
		t.Errorf("error %q does not name the account", err)
	}
	empty := p
	empty.Issuer.Account = "0"
	mustPause(t, s, empty)
	mustSave(t, s, sample("a-key"), "e1")
	p.At = start().Add(time.Hour + 123456789*time.Nanosecond).In(time.FixedZone("", 3600))
	mustPause(t, s, p)
	p.At = start().Add(time.Hour + 123456*time.Microsecond)

	without, with := status("aws", "0", 0), status(p.Issuer.Provider, p.Issuer.Account, 1)
	without.Paused, with.Paused = &empty, &p
	diff(t, "paused", accounts(t, s, start()), []registry.AccountStatus{without, with})

	again := registry.Pause{Issuer: p.Issuer, Reason: "still broken", Actor: "bob@example.com", At: start().Add(2 * time.Hour)}
	mustPause(t, s, again)
	if err := s.ClearPause(t.Context(), empty.Issuer, start()); err != nil {
		t.Fatal(err)
	}
	with.Paused = &again
	diff(t, "paused again", accounts(t, s, start()), []registry.AccountStatus{with})
	if err := s.ClearPause(t.Context(), p.Issuer, start()); err != nil {
		t.Fatal(err)
	}
	wantKind(t, s.ClearPause(t.Context(), p.Issuer, start()), keyturn.NotFound)
	with.Paused, with.Resumed = nil, start()
	diff(t, "resumed", accounts(t, s, start()), []registry.AccountStatus{with})
}

func badPauses(t *testing.T, s registry.Store) {
	for name, spoil := range map[string]func(*registry.Pause){
		"no provider":     func(p *registry.Pause) { p.Issuer.Provider = "" },
		"no account":      func(p *registry.Pause) { p.Issuer.Account = "" },
		"no reason":       func(p *registry.Pause) { p.Reason = "" },
		"no actor":        func(p *registry.Pause) { p.Actor = "" },
		"no time":         func(p *registry.Pause) { p.At = time.Time{} },
		"NUL":             func(p *registry.Pause) { p.Reason = "nu\x00l" },
		"not UTF-8":       func(p *registry.Pause) { p.Actor = "caf\xe9" },
		"account, binary": func(p *registry.Pause) { p.Issuer.Account = "\xff" },
	} {
		p := pause()
		spoil(&p)
		err := s.SetPause(t.Context(), p)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	if got := accounts(t, s, start()); len(got) != 0 {
		t.Errorf("refused pauses left %+v", got)
	}
}
