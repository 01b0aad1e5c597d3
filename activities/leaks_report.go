package activities

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/registry"
)

// A Reporter takes findings of scanners into the registry and has them answered.
type Reporter struct {
	Registry registry.Store
	// Respond has a leak answered.
	Respond func(ctx context.Context, leak string) error
	Prints  leaks.Fingerprinter
	Keep    *Keeper // nil keeps no values
	Actor   string
	Now     func() time.Time
}

// A Reported says what became of one value that was found.
type Reported struct {
	Leak   registry.Leak
	Opened bool // nobody had told of it before
	Fresh  int  // of its hits, those that are new
}

// Report records findings, those of one value together, and has each value answered.
// A value that several keys have is a leak of each. It is safe to repeat. Once it has
// returned nothing is lost, and none of it holds a value.
func (r Reporter) Report(ctx context.Context, found []leaks.Finding) ([]Reported, error) {
	var out []Reported
	for _, g := range r.group(found) {
		matched, err := Attribute(ctx, r.Registry, g.marks)
		if err != nil {
			return out, err
		}
		if len(matched) == 0 {
			matched = []Match{{}} // nobody's, as far as is known
		}
		for n, m := range matched {
			one, err := r.record(ctx, g, m, n)
			if err != nil {
				return out, err
			}
			out = append(out, one)
		}
	}
	return out, nil
}

// sameValue is what was found of one value.
type sameValue struct {
	marks []keyturn.Mark
	found []leaks.Finding
}

// group puts findings of one value together, in the order they came. Marks take
// milliseconds, so they are made once for each value.
func (r Reporter) group(found []leaks.Finding) []*sameValue {
	var out []*sameValue
	byText, bySubject := map[string]*sameValue{}, map[string]*sameValue{}
	for _, f := range found {
		text := plainly(f)
		g := byText[text]
		if g == nil {
			marks := r.Prints.Marks(f)
			subject := subjectOf(f, marks)
			if g = bySubject[subject]; g == nil {
				g = &sameValue{marks: marks}
				bySubject[subject] = g
				out = append(out, g)
			}
			byText[text] = g
		}
		g.found = append(g.found, f)
	}
	return out
}

// plainly is all that makes the marks of a finding. It stays in memory.
func plainly(f leaks.Finding) string {
	text := f.Value.Expose() + "\x00" + f.HMSL + "\x00" + f.SHA1 + "\x00" + f.RemoteID
	for _, b := range f.Beside {
		text += "\x00" + b.Expose()
	}
	if text == "\x00\x00\x00" {
		text += f.Source + "\x00" + cmp.Or(f.Alert, f.Event)
	}
	return text
}

// subjectOf is what makes two findings of a value nobody knows the same leak: the
// public fingerprint, which every program makes alike, else what the scanner gave.
func subjectOf(f leaks.Finding, marks []keyturn.Mark) string {
	for _, m := range marks {
		if m.Kind() == keyturn.MarkHMSL {
			return string(m)
		}
	}
	switch {
	case len(leaks.Lasting(marks)) > 0 && f.SHA1 != "":
		return string(leaks.Lasting(marks)[0])
	case f.RemoteID != "":
		return string(keyturn.MarkOfID(f.RemoteID))
	}
	return "alert:" + f.Source + ":" + cmp.Or(f.Alert, f.EventID())
}

// short tells values apart that scanners give one name, such as two on a line.
func short(subject string) string {
	sum := sha256.Sum256([]byte(subject))
	return hex.EncodeToString(sum[:6])
}

// record records what was found of a value as a leak of the nth key that has it.
func (r Reporter) record(ctx context.Context, g *sameValue, m Match, n int) (Reported, error) {
	first, now := g.found[0], r.Now().UTC()
	l := registry.Leak{
		ID: NewLeakID(), Subject: subjectOf(first, g.marks), Marks: leaks.Lasting(g.marks), Source: first.Source, Rule: first.Clean(first.Rule),
		Actor: r.Actor, At: now, Issuer: keyturn.Issuer{Provider: first.Provider}, RemoteID: first.RemoteID,
	}
	if m.Key != "" {
		k, err := r.Registry.Get(ctx, m.Key)
		if err != nil {
			return Reported{}, err
		}
		l.Subject, l.Key, l.Generation, l.Match = registry.KeySubject(m.Key, m.Generation), m.Key, m.Generation, m.How
		l.Issuer, l.RemoteID = k.Scope.Issuer(), m.RemoteID
		// It may have been found before anybody knew whose it is.
		for before, err := range r.Registry.Leaks(ctx, registry.LeakFilter{Subject: subjectOf(first, g.marks), Limit: 1}) {
			if err != nil {
				return Reported{}, err
			}
			if before.Key == "" || before.Key == m.Key && before.Generation == m.Generation {
				l.Subject = before.Subject
			}
		}
	}
	var hits []registry.LeakHit
	alerts := false
	for _, f := range g.found {
		h := registry.LeakHit{
			Source: f.Source, Event: f.EventID() + " " + short(subjectOf(first, g.marks)), Alert: f.Alert, Rule: f.Clean(f.Rule), Repo: f.Clean(f.Repo), Place: f.Place(), URL: f.Link(),
			Public: f.Public, Since: f.Since, Actor: r.Actor, At: now,
		}
		if n > 0 { // a hit is of one leak
			h.Event += " of " + string(m.Key)
		}
		hits = append(hits, h)
		l.Public = l.Public || f.Public
		alerts = alerts || f.Alert != ""
		if !f.Since.IsZero() && (l.Since.IsZero() || f.Since.Before(l.Since)) {
			l.Since = f.Since.UTC()
		}
	}
	l, opened, fresh, err := r.Registry.Leaked(ctx, l, hits)
	if err != nil {
		return Reported{}, err
	}
	if l.State == registry.LeakOpen {
		if l, err = r.worse(ctx, l, g); err != nil {
			return Reported{}, err
		}
	}
	// A leak that is closed has nothing left to be done but to close its alerts.
	if l.State == registry.LeakOpen || fresh > 0 && alerts {
		err = r.Respond(ctx, l.ID)
	}
	return Reported{Leak: l, Opened: opened, Fresh: fresh}, err
}

// worse notes what later findings make of an open leak: that strangers see it, and
// that it was exposed earlier than was known. It keeps a value nobody else has.
func (r Reporter) worse(ctx context.Context, l registry.Leak, g *sameValue) (registry.Leak, error) {
	for {
		next := l
		for _, f := range g.found {
			next.Public = next.Public || f.Public
			if !f.Since.IsZero() && (next.Since.IsZero() || f.Since.Before(next.Since)) {
				next.Since = f.Since.UTC()
			}
		}
		if value := g.found[0].Value; next.Key == "" && next.Kept == "" && r.Keep != nil && !value.IsZero() {
			var err error
			if next.Kept, err = r.Keep.put(ctx, l.ID, value, r.Now()); err != nil {
				return l, err
			}
		}
		if next.Public == l.Public && next.Since.Equal(l.Since) && next.Kept == l.Kept {
			return l, nil
		}
		saved, err := r.Registry.SaveLeak(ctx, next)
		if keyturn.KindOf(err) != keyturn.Conflict {
			return saved, err
		}
		if l, err = r.Registry.Leak(ctx, l.ID); err != nil || l.State != registry.LeakOpen {
			return l, err
		}
	}
}
