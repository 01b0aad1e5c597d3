// Package secretstest holds the questions every secrets.Store must answer in
// the same way.
package secretstest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// Run asks all questions. open returns the Store to ask; it is called once
// for each, and may return the same one. Paths begin with "secret/" and hold
// something random, so that a Store that keeps its data can be used.
func Run(t *testing.T, open func(t *testing.T) secrets.Store) {
	for _, q := range []struct {
		name string
		ask  func(*suite)
	}{
		{"staging a label twice keeps the first value", stageTwice},
		{"find knows what is staged and nothing else", find},
		{"a staged value can be read and is not current", stagedIsNotCurrent},
		{"the first promotion is from nothing", promoteFirst},
		{"promoting from a wrong version changes nothing", promoteWrong},
		{"promoting what is not there changes nothing", promoteMissing},
		{"promoting again succeeds", promoteAgain},
		{"promoting back is the rollback", rollback},
		{"destroy", destroy},
		{"a destroyed label can be staged again", stageDestroyed},
		{"labels and ids of any shape", labels},
		{"paths do not touch each other", paths},
		{"of concurrent promotions exactly one wins", race},
		{"of concurrent stagings the first stays", stageRace},
		{"a cancelled context comes back", cancelled},
		{"values come back byte for byte", bytes},
		{"paths that climb out are refused", climb},
		{"a folder is listed whole and nothing else", list},
	} {
		t.Run(q.name, func(t *testing.T) {
			t.Parallel()
			s := &suite{T: t, store: open(t), ref: keyturn.SecretRef{Store: "test", Path: "secret/" + random(t) + "/stripe-live"}}
			t.Cleanup(s.silent)
			q.ask(s)
		})
	}
}

// canary is part of every value the suite stores, so that a value that got
// where it must not be is recognised.
const canary = "CANARY-sk_live_"

type suite struct {
	*testing.T
	store   secrets.Store
	ref     keyturn.SecretRef
	printed strings.Builder // all that was returned, printed in every way
}

func random(t *testing.T) string {
	t.Helper()
	b := make([]byte, 8)
	if _, err := rand.Read(b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("t%x", b)
}

// hear records how everything a Store returned prints.
func (s *suite) hear(got ...any) {
	for _, v := range got {
		fmt.Fprintf(&s.printed, "%v %+v %#v %s\n", v, v, v, v)
		var e *keyturn.Error
		if err, ok := v.(error); ok && errors.As(err, &e) {
			fmt.Fprintf(&s.printed, "%+v %#v\n", *e, *e)
		}
	}
}

// silent fails the question if a value showed in anything that was printed.
func (s *suite) silent() {
	s.hear(s.store)
	if strings.Contains(s.printed.String(), canary) {
		s.Error("a value shows when what the Store returned is printed")
	}
}

func (s *suite) draft(n int) secrets.Draft {
	return secrets.Draft{
		Label:    keyturn.Label("payments-stripe", n),
		RemoteID: fmt.Sprintf("rk_%d", n),
		Value:    keyturn.NewSecret(fmt.Sprintf("%s%d", canary, n)),
		Created:  time.Date(2026, 3, n%28+1, 12, 30, 15, 123456000, time.UTC),
	}
}

func version(d secrets.Draft) secrets.Version {
	return secrets.Version{Name: keyturn.SecretVersion(d.Label), RemoteID: d.RemoteID, Created: d.Created}
}

func (s *suite) stage(d secrets.Draft) keyturn.SecretVersion {
	s.Helper()
	got, err := s.store.Stage(s.Context(), s.ref, d)
	s.hear(got, err)
	if err != nil {
		s.Fatalf("Stage(%s): %v", d.Label, err)
	}
	s.same(fmt.Sprintf("Stage(%s)", d.Label), version(d), got)
	return got.Name
}

func (s *suite) promote(from, to keyturn.SecretVersion) {
	s.Helper()
	if err := s.store.Promote(s.Context(), s.ref, from, to); err != nil {
		s.hear(err)
		s.Fatalf("Promote(%q → %q): %v", from, to, err)
	}
}

// current checks what consumers read: d, or nothing for the zero Draft.
func (s *suite) current(d secrets.Draft) {
	s.Helper()
	got, err := s.store.Current(s.Context(), s.ref)
	s.hear(got, err)
	if d.Label == "" {
		s.kind("Current", err, keyturn.NotFound)
		return
	}
	if err != nil {
		s.Fatalf("Current: %v", err)
	}
	s.same("Current", version(d), got)
}

// reads checks that v can be read and holds the draft's value.
func (s *suite) reads(v keyturn.SecretVersion, d secrets.Draft) {
	s.Helper()
	got, err := s.store.Read(s.Context(), s.ref, v)
	s.hear(got, err)
	if err != nil {
		s.Fatalf("Read(%s): %v", v, err)
	}
	if got.RemoteID != d.RemoteID || got.Secret.Expose() != d.Value.Expose() {
		s.Errorf("Read(%s): another value or id than was staged", v)
	}
}

func (s *suite) kind(what string, err error, want keyturn.Kind) {
	s.Helper()
	s.hear(err)
	var e *keyturn.Error
	if !errors.As(err, &e) || e.Kind != want {
		s.Fatalf("%s: got error %v, want one of kind %s", what, err, want)
	}
}

func (s *suite) same(what string, want, got any) {
	s.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func cancelledContext() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}
