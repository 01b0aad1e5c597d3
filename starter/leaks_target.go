package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A leakTarget is a leaked value and who uses it.
type leakTarget struct {
	Leak       string        `json:"leak"`
	Key        keyturn.KeyID `json:"key,omitempty"`
	Generation int           `json:"generation,omitempty"`
	keyturn.Issuer
	RemoteID string    `json:"remote_id,omitempty"`
	Alive    string    `json:"alive,omitempty"`
	Replaced time.Time `json:"replaced,omitzero"`
	// Consumers read the key. Once it is replaced they have another value.
	Consumers []string `json:"consumers"`

	onlyID bool
}

func readLeakTarget(ctx context.Context, store registry.Store, l registry.Leak) (*leakTarget, error) {
	t := &leakTarget{
		Leak: l.ID, Key: l.Key, Generation: l.Generation, Issuer: l.Issuer, RemoteID: l.RemoteID, Alive: l.Alive, Replaced: l.Replaced,
		Consumers: []string{}, onlyID: l.Match == leaks.ByID,
	}
	if l.Key == "" {
		return t, nil
	}
	k, err := store.Get(ctx, l.Key)
	if err != nil {
		return nil, err
	}
	t.Issuer = k.Scope.Issuer()
	for _, c := range k.Storage.Consumers {
		t.Consumers = append(t.Consumers, c.String())
	}
	return t, nil
}

// write says what would be ended, and who would stand still.
func (t *leakTarget) write(w io.Writer) error {
	c := newColumns(w)
	c.row("leak", t.Leak)
	if t.Key == "" {
		c.row("key", nobodys)
	} else {
		c.row("key", fmt.Sprintf("%s, generation %d", t.Key, t.Generation))
	}
	c.row("vendor's id", dash(t.RemoteID)+" at "+strings.TrimSuffix(t.String(), "/"))
	c.row("consumers", t.standing())
	if err := c.flush(); err != nil {
		return err
	}
	for _, warning := range t.warnings() {
		_, _ = fmt.Fprintln(w, "\n"+clean(warning))
	}
	return nil
}

// standing says who would stand still.
func (t *leakTarget) standing() string {
	switch {
	case t.Key == "":
		return "unknown, as it is no key's"
	case len(t.Consumers) == 0:
		return "none in the entry"
	}
	return strings.Join(t.Consumers, ", ")
}

// warnings are what a person should know before the value is ended.
func (t *leakTarget) warnings() []string {
	var out []string
	switch {
	case t.Key == "":
		out = append(out, "Whoever uses it stands still, and nothing replaces it.")
	case t.Replaced.IsZero():
		out = append(out, "It is not replaced yet: its consumers stand still until they have the new value.")
	default:
		out = append(out, "It is replaced: its consumers have another value, as far as they could be asked.")
	}
	if t.onlyID {
		out = append(out, "Only the vendor's id was found, which opens nothing by itself.")
	}
	return out
}
