package registrytest

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// badDepartures are refused, and leave nothing.
func badDepartures(t *testing.T, s registry.Store) {
	good := departure("taken", "0")
	good.Email = "carol@example.com"
	good = depart(t, s, good, true)
	for name, c := range map[string]struct {
		spoil func(*registry.Departure)
		want  keyturn.Kind
	}{
		"no id":      {func(d *registry.Departure) { d.ID = "" }, keyturn.Invalid},
		"no address": {func(d *registry.Departure) { d.Email = "" }, keyturn.Invalid},
		"no origin":  {func(d *registry.Departure) { d.Origin = "" }, keyturn.Invalid},
		"no event":   {func(d *registry.Departure) { d.Event = "" }, keyturn.Invalid},
		"no actor":   {func(d *registry.Departure) { d.Actor = "" }, keyturn.Invalid},
		"no time":    {func(d *registry.Departure) { d.At = time.Time{} }, keyturn.Invalid},
		"no year":    {func(d *registry.Departure) { d.At = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) }, keyturn.Invalid},
		"NUL":        {func(d *registry.Departure) { d.Reason = "nu\x00l" }, keyturn.Invalid},
		"not UTF-8":  {func(d *registry.Departure) { d.Ended = []string{"caf\xe9"} }, keyturn.Invalid},
		"alias":      {func(d *registry.Departure) { d.Aliases = []string{"caf\xe9"} }, keyturn.Invalid},
		"taken":      {func(d *registry.Departure) { d.ID = "taken" }, keyturn.Conflict},
	} {
		bad := departure("bad", "1")
		c.spoil(&bad)
		_, opened, err := s.Depart(t.Context(), bad)
		t.Log(name, err)
		wantKind(t, err, c.want)
		if opened {
			t.Errorf("%s: it was refused, and opened", name)
		}
	}
	for name, spoil := range map[string]func(*registry.Departure){
		"no state":      func(d *registry.Departure) { d.State = "" },
		"no such state": func(d *registry.Departure) { d.State = "lost" },
		"NUL":           func(d *registry.Departure) { d.Note = "nu\x00l" },
		"no year":       func(d *registry.Departure) { d.Closed = time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC) },
	} {
		bad := good
		spoil(&bad)
		_, err := s.SaveDeparture(t.Context(), bad)
		t.Log(name, err)
		wantKind(t, err, keyturn.Invalid)
	}
	wantDeparture(t, s, "after what was refused", good)
	_, err := s.SaveDeparture(t.Context(), departure("nobody", "1"))
	wantKind(t, err, keyturn.NotFound)
	diff(t, "who left", departureIDs(t, s, registry.DepartureFilter{}), []string{"taken"})
	depart(t, s, departure("d1", "1"), true) // a refusal does not take its event
}
