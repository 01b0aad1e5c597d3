package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/config"
	"github.com/keyturn/keyturn/registry"
)

// A crowded is a registry in which other people make and remove rules.
type crowded struct {
	registry.Store
	adding   func(keyturn.CalendarRule) error // runs before every AddRule, and may refuse it
	removing func(id string)                  // runs before every RemoveRule
	asked    []string                         // the ids of the rules to add
}

func (c *crowded) AddRule(ctx context.Context, r keyturn.CalendarRule) error {
	c.asked = append(c.asked, r.ID)
	if c.adding != nil {
		if err := c.adding(r); err != nil {
			return err
		}
	}
	return c.Store.AddRule(ctx, r)
}

func (c *crowded) RemoveRule(ctx context.Context, id string) error {
	if c.removing != nil {
		c.removing(id)
	}
	return c.Store.RemoveRule(ctx, id)
}

// crowded puts other people in front of the desk's registry.
func (d *desk) crowded() *crowded {
	c := &crowded{}
	open := d.openRegistry
	d.openRegistry = func(ctx context.Context, settings config.Registry) (registry.Store, error) {
		store, err := open(ctx, settings)
		c.Store = store
		return c, err
	}
	return c
}

// TestFreezeIDTaken: an id that somebody else has is replaced by another.
func TestFreezeIDTaken(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	c := d.crowded()
	c.adding = func(r keyturn.CalendarRule) error {
		if len(c.asked) > 1 {
			return nil
		}
		r.Reason = "made by somebody else"
		return c.Store.AddRule(t.Context(), r) // so that the next is a conflict
	}
	d.expect(t, exitOK, "", "calendar", "freeze", "--team", "payments", "--reason", "audit", "-o", "json")
	var made ruleChange
	if err := json.Unmarshal(d.stdout.Bytes(), &made); err != nil {
		t.Fatal(err)
	}
	if len(c.asked) != 2 || c.asked[0] == c.asked[1] || made.Rule.ID != c.asked[1] || made.Rule.Reason != "audit" || made.Keys != 1 {
		t.Errorf("ids %v were asked for, and made %+v", c.asked, made)
	}

	c.asked = nil
	c.adding = func(keyturn.CalendarRule) error {
		return keyturn.Errorf(keyturn.Conflict, "sqlite: add rule", "there is another calendar rule of this id already")
	}
	d.expect(t, exitFailed, "there is another calendar rule", "calendar", "freeze", "--all", "--reason", "audit")
	if len(c.asked) != 5 || len(slices.Compact(c.asked)) != 5 {
		t.Errorf("ids %v were asked for, want five", c.asked)
	}
}

// TestRemoveTwice: who comes second is told so.
func TestRemoveTwice(t *testing.T) {
	t.Parallel()
	d := newDesk(t, aKey())
	c := d.crowded()
	d.expect(t, exitOK, "", "calendar", "freeze", "--all", "--reason", "audit")
	id := c.asked[0]
	c.removing = func(id string) {
		if err := c.Store.RemoveRule(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	d.expect(t, exitRefused, "no rule \""+id+"\" in the calendar", "calendar", "remove", id, "--yes")
}

// TestFreezeEndedKey: a key that was ended needs no freeze; a rule about one
// can still be removed.
func TestFreezeEndedKey(t *testing.T) {
	t.Parallel()
	k := aKey()
	d := newDesk(t, k)
	c := d.crowded()
	d.expect(t, exitOK, "", "calendar", "freeze", "--key", keyID, "--reason", "audit")
	store, err := config.Registry{SQLite: d.settings.Registry.SQLite}.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k.Retired, k.Ledger, k.Revision = noon, nil, 1
	if _, err := store.Save(t.Context(), k, registry.Event{ID: "test/end", Key: k.ID, What: registry.Completed, Actor: "test", At: noon}); err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	d.expect(t, exitRefused, "was ended on 2027-03-01", "calendar", "freeze", "--key", keyID, "--reason", "audit")
	d.expect(t, exitOK, "", "calendar", "remove", c.asked[0], "--yes")
}

func TestRuleIDs(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for range 200 {
		id := newRuleID(keyturn.Freeze)
		r := keyturn.CalendarRule{ID: id, Kind: keyturn.Freeze, Reason: "audit", Actor: "bob@laptop", Created: noon}
		if err := r.Check(); err != nil || len(id) != len("freeze-7kq2") || strings.ContainsAny(id, "01") {
			t.Fatalf("%s: %v", id, err)
		}
		seen[id] = true
	}
	if len(seen) < 190 {
		t.Errorf("only %d of 200 ids differ", len(seen))
	}
}
