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

// NewReporter returns what takes findings in on a worker. It is no method of Leaks:
// what it reports holds values, and every method there is an activity.
func NewReporter(a *Leaks, actor string) Reporter {
	return Reporter{Registry: a.Keys.Registry, Respond: a.Engine.Respond, Prints: a.Keys.Fingerprints, Keep: a.Keep, Actor: actor, Now: a.Keys.Now}
}

// A Reported says what became of one value that was found.
type Reported struct {
	Leak   registry.Leak
	Opened bool // nobody had told of it before
	Fresh  int  // of its hits, those that are new
}

// Report records findings, those of one value together, and has each value answered.
// A value that several keys have is a leak of each, and so is another key's value that
// stands beside it. It is safe to repeat. Once it has returned nothing is lost, and none
// of it holds a value. What was recorded before an error stays.
func (r Reporter) Report(ctx context.Context, found []leaks.Finding) ([]Reported, error) {
	var out []Reported
	for _, g := range grouped(found) {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		g.marks = r.Prints.Marks(g.found[0]) // takes milliseconds
		matched, err := Whose(ctx, r.Registry, r.Prints, g.found, g.marks)
		if err != nil {
			return out, err
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
	found []leaks.Finding
	marks []keyturn.Mark
}

// grouped puts findings of one value together, in the order they came.
func grouped(found []leaks.Finding) []*sameValue {
	var out []*sameValue
	same := map[leaks.Digest]*sameValue{}
	for _, f := range found {
		digest := f.Digest()
		g := same[digest]
		if g == nil {
			g = &sameValue{}
			same[digest] = g
			out = append(out, g)
		}
		g.found = append(g.found, f)
	}
	return out
}

// Whose finds the keys that [Reporter.Report] records a leak of; one that is zero stands
// for nobody. The findings are of one value, and marks are the value's. An id counts only
// where no value does: one that is found alone means that the value is near.
func Whose(ctx context.Context, r registry.Leaks, prints leaks.Fingerprinter, found []leaks.Finding, marks []keyturn.Mark) ([]Match, error) {
	own, err := Attribute(ctx, r, marks)
	if err != nil {
		return nil, err
	}
	beside, err := Attribute(ctx, r, prints.MarksBeside(found...))
	if err != nil {
		return nil, err
	}
	out, first := own, found[0]
	byID := len(own) == 0 || own[0].How == leaks.ByID
	for _, m := range beside {
		if m.How == leaks.ByID && !byID {
			continue
		}
		out = surest(out, m)
	}
	if len(out) == 0 || len(own) == 0 && (!first.Value.IsZero() || first.HMSL != "" || first.SHA1 != "") {
		out = append(out, Match{})
	}
	return out, nil
}

// surest adds a match, or says that one is surer than it was.
func surest(all []Match, m Match) []Match {
	for i, o := range all {
		if o.Key == m.Key && o.Generation == m.Generation {
			if o.How == leaks.ByID {
				all[i] = m
			}
			return all
		}
	}
	return append(all, m)
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
	l, err := r.leak(ctx, g, m)
	if err != nil {
		return Reported{}, err
	}
	value := short(subjectOf(g.found[0], g.marks))
	var hits []registry.LeakHit
	alerts := false
	for _, f := range g.found {
		h := registry.LeakHit{
			Source: f.Source, Event: f.EventID() + " " + value, Alert: f.Alert, Rule: f.Clean(f.Rule), Repo: f.Clean(f.Repo), Place: f.Place(), URL: f.Link(),
			Public: f.Public, Since: f.Since, Actor: r.Actor, At: l.At,
		}
		if n > 0 { // a hit is of one leak
			h.Event += " of " + string(m.Key)
		}
		hits = append(hits, h)
		alerts = alerts || f.Alert != ""
	}
	worsen(&l, g)
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
	if l.State == registry.LeakOpen || alerts && l.Hits > l.Outside {
		err = r.Respond(ctx, l.ID)
	}
	return Reported{Leak: l, Opened: opened, Fresh: fresh}, err
}

// leak is what was found as a leak of one key, or of nobody's.
func (r Reporter) leak(ctx context.Context, g *sameValue, m Match) (registry.Leak, error) {
	first := g.found[0]
	l := registry.Leak{
		ID: NewLeakID(), Subject: subjectOf(first, g.marks), Marks: leaks.Lasting(g.marks), Source: first.Source, Rule: first.Clean(first.Rule),
		Actor: r.Actor, At: r.Now().UTC(), Issuer: keyturn.Issuer{Provider: first.Provider}, RemoteID: first.RemoteID,
	}
	if m.Key == "" {
		return l, nil
	}
	k, err := r.Registry.Get(ctx, m.Key)
	if err != nil {
		return l, err
	}
	value := l.Subject
	l.Subject, l.Key, l.Generation, l.Match = registry.KeySubject(m.Key, m.Generation), m.Key, m.Generation, m.How
	l.Issuer, l.RemoteID = k.Scope.Issuer(), m.RemoteID
	// It may have been found before anybody knew whose it is. What a person dismissed
	// then says nothing of what is known now.
	for before, err := range r.Registry.Leaks(ctx, registry.LeakFilter{Subject: value, Limit: 1}) {
		if err != nil {
			return l, err
		}
		if before.Key == "" && before.State == registry.LeakOpen || before.Key == m.Key && before.Generation == m.Generation {
			l.Subject = before.Subject
		}
	}
	return l, nil
}
