package registrytest

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// badLeaks are refused, and leave nothing.
func badLeaks(t *testing.T, s registry.Store) {
	good := leak("taken")
	good.Subject = "a value"
	good = leaked(t, s, good, true, 1, hit("0"))
	never := time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		spoil func(*registry.Leak)
		want  keyturn.Kind
	}{
		"no id":        {func(l *registry.Leak) { l.ID = "" }, keyturn.Invalid},
		"no subject":   {func(l *registry.Leak) { l.Subject = "" }, keyturn.Invalid},
		"no source":    {func(l *registry.Leak) { l.Source = "" }, keyturn.Invalid},
		"no actor":     {func(l *registry.Leak) { l.Actor = "" }, keyturn.Invalid},
		"no time":      {func(l *registry.Leak) { l.At = time.Time{} }, keyturn.Invalid},
		"no year":      {func(l *registry.Leak) { l.Since = never }, keyturn.Invalid},
		"no such word": {func(l *registry.Leak) { l.Word = "burn" }, keyturn.Invalid},
		"NUL":          {func(l *registry.Leak) { l.Marks = []keyturn.Mark{"nu\x00l"} }, keyturn.Invalid},
		"not UTF-8":    {func(l *registry.Leak) { l.Ticket.URL = "caf\xe9" }, keyturn.Invalid},
		"taken":        {func(l *registry.Leak) { l.ID = "taken" }, keyturn.Conflict},
	} {
		bad := leak("bad")
		c.spoil(&bad)
		_, opened, fresh, err := s.Leaked(t.Context(), bad, []registry.LeakHit{hit("1")})
		t.Log(name, err)
		wantKind(t, err, c.want)
		if opened || fresh != 0 {
			t.Errorf("%s: it was refused, and opened with %d hits", name, fresh)
		}
	}
	for name, spoil := range map[string]func(*registry.LeakHit){
		"no source": func(h *registry.LeakHit) { h.Source = "" },
		"no event":  func(h *registry.LeakHit) { h.Event = "" },
		"no time":   func(h *registry.LeakHit) { h.At = time.Time{} },
		"no year":   func(h *registry.LeakHit) { h.Since = never },
		"NUL":       func(h *registry.LeakHit) { h.Place = "nu\x00l" },
		"not UTF-8": func(h *registry.LeakHit) { h.Repo = "caf\xe9" },
	} {
		bad := hit("2")
		spoil(&bad)
		_, _, _, err := s.Leaked(t.Context(), leak("bad"), []registry.LeakHit{hit("1"), bad})
		t.Log("a hit:", name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	_, _, _, err := s.Leaked(t.Context(), leak("bad"), nil)
	wantKind(t, err, keyturn.Invalid)
	for name, spoil := range map[string]func(*registry.Leak){
		"no state":      func(l *registry.Leak) { l.State = "" },
		"no such state": func(l *registry.Leak) { l.State = "lost" },
		"no such word":  func(l *registry.Leak) { l.Word = "burn" },
		"NUL":           func(l *registry.Leak) { l.Note = "nu\x00l" },
		"not UTF-8":     func(l *registry.Leak) { l.RemoteID = "caf\xe9" },
		"no year":       func(l *registry.Leak) { l.Closed = never },
	} {
		bad := good
		spoil(&bad)
		_, err := s.SaveLeak(t.Context(), bad)
		t.Log("saved:", name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	wantLeak(t, s, "after what was refused", good)
	unknown := leak("nobody")
	unknown.State, unknown.Revision = registry.LeakOpen, 1
	_, err = s.SaveLeak(t.Context(), unknown)
	wantKind(t, err, keyturn.NotFound)
	diff(t, "leaks", leakIDs(t, s, registry.LeakFilter{}), []string{"taken"})
	leaked(t, s, leak("l1"), true, 2, hit("1"), hit("2")) // a refusal does not take its hits
}
