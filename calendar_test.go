package keyturn_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
)

func calendarKey() *keyturn.Key {
	return &keyturn.Key{ID: "payments-aws", Owner: keyturn.Owner{Team: "payments"}, Scope: keyturn.Scope{Provider: "aws", Account: "123456789012"}}
}

// freeze is a rule about all keys.
func freeze(t testing.TB, id, from, until string) keyturn.CalendarRule {
	t.Helper()
	r := keyturn.CalendarRule{ID: id, Kind: keyturn.Freeze, Reason: "quarter end", Actor: "bob@laptop", Created: at(t, "2026-01-01T00:00:00Z")}
	if from != "" {
		r.From = at(t, from)
	}
	if until != "" {
		r.Until = at(t, until)
	}
	return r
}

func windowRule(t testing.TB, text string) keyturn.CalendarRule {
	t.Helper()
	return keyturn.CalendarRule{ID: "window-2345", Kind: keyturn.MaintenanceWindow, Window: window(t, text), Actor: "bob@laptop", Created: at(t, "2026-01-01T00:00:00Z")}
}

func TestConcerns(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		rule keyturn.CalendarRule
		want bool
	}{
		"all keys":          {keyturn.CalendarRule{}, true},
		"its id":            {keyturn.CalendarRule{Key: "payments-aws"}, true},
		"another id":        {keyturn.CalendarRule{Key: "payments-aws-2"}, false},
		"its team":          {keyturn.CalendarRule{Team: "payments"}, true},
		"another team":      {keyturn.CalendarRule{Team: "search"}, false},
		"its provider":      {keyturn.CalendarRule{Provider: "aws"}, true},
		"another provider":  {keyturn.CalendarRule{Provider: "gcp"}, false},
		"its account":       {keyturn.CalendarRule{Provider: "aws", Account: "123456789012"}, true},
		"another account":   {keyturn.CalendarRule{Provider: "aws", Account: "1"}, false},
		"team and provider": {keyturn.CalendarRule{Team: "payments", Provider: "aws"}, true},
		"only the team":     {keyturn.CalendarRule{Team: "payments", Provider: "gcp"}, false},
	} {
		if got := c.rule.Concerns(calendarKey()); got != c.want {
			t.Errorf("%s: concerns the key: %v", name, got)
		}
	}
}

func TestCheckRule(t *testing.T) {
	t.Parallel()
	good := freeze(t, "freeze-7kq2", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z")
	slot := windowRule(t, "Sat 02:00-06:00")
	for name, r := range map[string]keyturn.CalendarRule{"freeze": good, "endless": freeze(t, "freeze-7kq2", "", ""), "window": slot} {
		if err := r.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for want, edit := range map[string]func(*keyturn.CalendarRule){
		"id: is not a valid id":                   func(r *keyturn.CalendarRule) { r.ID = "Freeze 7" },
		"kind: is neither freeze nor window":      func(r *keyturn.CalendarRule) { r.Kind = "pause" },
		"key: is given with a team":               func(r *keyturn.CalendarRule) { r.Key, r.Team = "k", "payments" },
		"account: is given without its provider":  func(r *keyturn.CalendarRule) { r.Account = "1" },
		"actor: is missing":                       func(r *keyturn.CalendarRule) { r.Actor = "" },
		"created: is missing":                     func(r *keyturn.CalendarRule) { r.Created = time.Time{} },
		"reason: is not one line":                 func(r *keyturn.CalendarRule) { r.Reason = "a\nb" },
		"reason: is not one line of plain text":   func(r *keyturn.CalendarRule) { r.Reason = strings.Repeat("x", 501) },
		"reason: is missing; say why":             func(r *keyturn.CalendarRule) { r.Reason = "" },
		"until: is not after from; write a later": func(r *keyturn.CalendarRule) { r.Until = r.From },
		"until: is not after created":             func(r *keyturn.CalendarRule) { r.From, r.Until = time.Time{}, r.Created },
		"window: is given for a freeze":           func(r *keyturn.CalendarRule) { r.Window = slot.Window },
		"window: is missing; write it as in Sat-": func(r *keyturn.CalendarRule) { *r = slot; r.Window = keyturn.Window{} },
		"from: is given for a window":             func(r *keyturn.CalendarRule) { *r = slot; r.Until = good.Until },
	} {
		r := good
		edit(&r)
		err := r.Check()
		var e *keyturn.Error
		if !errors.As(err, &e) || e.Kind != keyturn.Invalid || !strings.HasPrefix(e.Message, want) || !strings.Contains(e.Message, "; ") {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}

// of narrows a rule.
func of(r keyturn.CalendarRule, key, team, provider, account string) keyturn.CalendarRule {
	r.Key, r.Team, r.Provider, r.Account = keyturn.KeyID(key), team, provider, account
	return r
}

func TestMayChange(t *testing.T) {
	t.Parallel()
	const now = "2026-01-03T12:00:00Z" // a Saturday
	sat, sun := windowRule(t, "Sat 11:00-13:00"), windowRule(t, "Sun 11:00-13:00")
	team := func(r keyturn.CalendarRule) keyturn.CalendarRule { return of(r, "", "payments", "", "") }
	aws := func(r keyturn.CalendarRule) keyturn.CalendarRule { return of(r, "", "", "aws", "") }
	account := func(r keyturn.CalendarRule) keyturn.CalendarRule { return of(r, "", "", "aws", "123456789012") }
	own := func(r keyturn.CalendarRule) keyturn.CalendarRule { return of(r, "payments-aws", "", "", "") }
	type rules = []keyturn.CalendarRule
	for _, c := range []struct {
		name   string
		policy []string
		rules  rules
		opens  string // "now", a time, or "" for not known
		why    string
	}{
		{"nothing", nil, nil, "now", ""},
		{"own window, open", []string{"Sat 11:00-13:00"}, nil, "now", ""},
		{"own window, closed", []string{"Sun 11:00-13:00"}, nil, "2026-01-04T11:00:00Z", "outside the windows of key payments-aws (Sun 11:00-13:00 UTC)"},
		{"one of several", []string{"Sun 11:00-13:00", "Sat 11:00-13:00"}, nil, "now", ""},
		{"the first of several", []string{"Mon 11:00-13:00", "Sun 11:00-13:00"}, nil, "2026-01-04T11:00:00Z", "outside the windows of key payments-aws (Mon 11:00-13:00 UTC or Sun 11:00-13:00 UTC)"},
		{"many windows", []string{"Mon 11:00-13:00", "Tue 11:00-13:00", "Wed 11:00-13:00", "Thu 11:00-13:00", "Fri 11:00-13:00"}, nil, "2026-01-05T11:00:00Z", "UTC or 2 more)"},
		{"of another team", nil, rules{of(sun, "", "search", "", "")}, "now", ""},
		{"a rule naming the key is the key's own", []string{"Sun 11:00-13:00"}, rules{own(sat)}, "now", ""},
		{"the key cannot widen its team", []string{"Sat 11:00-13:00"}, rules{team(sun)}, "", "outside the windows of team payments (Sun 11:00-13:00 UTC); its windows leave no common time within a year"},
		{"nor the team its provider", nil, rules{team(sat), aws(sun)}, "", "outside the windows of aws (Sun 11:00-13:00 UTC); its windows leave"},
		{"nor the account its provider", nil, rules{account(sat), aws(sun)}, "", "outside the windows of aws "},
		{"nor anybody all keys", nil, rules{team(sat), sun}, "", "outside the windows of all keys "},
		{"two of one team", nil, rules{team(sun), team(sat)}, "now", ""},
		{"two sources closed", []string{"Sun 08:00-18:00"}, rules{account(windowRule(t, "16:00-22:00"))}, "2026-01-04T16:00:00Z", "outside the windows of key payments-aws (Sun 08:00-18:00 UTC); outside the windows of aws/123456789012 (16:00-22:00 UTC)"},
		{"a team at a provider", nil, rules{of(sun, "", "payments", "aws", "")}, "2026-01-04T11:00:00Z", "outside the windows of team payments at aws "},
		{"two zones that meet for an hour", []string{"09:00-17:00 Asia/Tokyo"}, rules{team(windowRule(t, "08:00-18:00 Europe/Berlin"))}, "2026-01-04T07:00:00Z", "outside the windows of key payments-aws"},

		{"frozen", nil, rules{freeze(t, "freeze-7kq2", "", "2026-01-05T00:00:00Z")}, "2026-01-05T00:00:00Z", "freeze-7kq2 holds until 2026-01-05T00:00:00Z (quarter end)"},
		{"frozen from now on", nil, rules{freeze(t, "freeze-7kq2", now, "2026-01-05T00:00:00Z")}, "2026-01-05T00:00:00Z", "freeze-7kq2 holds"},
		{"frozen until now", nil, rules{freeze(t, "freeze-7kq2", "", now)}, "now", ""},
		{"frozen later", nil, rules{freeze(t, "freeze-7kq2", "2026-01-03T12:00:01Z", "")}, "now", ""},
		{"frozen for others", nil, rules{of(freeze(t, "freeze-7kq2", "", ""), "", "", "gcp", "")}, "now", ""},
		{"frozen without end", nil, rules{freeze(t, "freeze-7kq2", "", "2026-01-05T00:00:00Z"), freeze(t, "freeze-abcd", "", ""), freeze(t, "freeze-wxyz", "", "2026-01-06T00:00:00Z")}, "", "freeze-abcd holds until it is removed (quarter end)"},
		{"two freezes at once", nil, rules{freeze(t, "freeze-7kq2", "", "2026-01-05T00:00:00Z"), freeze(t, "freeze-wxyz", "", "2026-01-06T00:00:00Z"), freeze(t, "freeze-2222", "", "2026-01-05T00:00:00Z")}, "2026-01-06T00:00:00Z", "freeze-wxyz holds until 2026-01-06T00:00:00Z (quarter end)"},
		{"one freeze after another", nil, rules{freeze(t, "freeze-2222", "2026-01-04T00:00:00Z", "2026-01-07T00:00:00Z"), freeze(t, "freeze-7kq2", "", "2026-01-05T00:00:00Z")}, "2026-01-07T00:00:00Z", "freeze-7kq2 holds until 2026-01-05T00:00:00Z (quarter end)"},
		{"frozen for years", nil, rules{freeze(t, "freeze-7kq2", "", "2029-01-05T00:00:00Z")}, "2029-01-05T00:00:00Z", "freeze-7kq2 holds"},
		{"frozen over the next window", []string{"Sun 11:00-13:00"}, rules{freeze(t, "freeze-7kq2", "", "2026-01-04T13:00:00Z")}, "2026-01-11T11:00:00Z", "freeze-7kq2 holds until 2026-01-04T13:00:00Z (quarter end); outside the windows of key payments-aws"},
		{"frozen in the midst of the next window", []string{"Sun 11:00-13:00"}, rules{freeze(t, "freeze-7kq2", "2026-01-04T00:00:00Z", "2026-01-04T12:34:56Z")}, "2026-01-04T12:34:56Z", "outside the windows of key payments-aws"},
		{"frozen for good before the next window", []string{"Sun 11:00-13:00"}, rules{freeze(t, "freeze-7kq2", "2026-01-04T00:00:00Z", "")}, "", "outside the windows of key payments-aws (Sun 11:00-13:00 UTC); before that is over, freeze-7kq2 begins and holds until it is removed"},
	} {
		k := calendarKey()
		for _, text := range c.policy {
			k.Policy.Windows = append(k.Policy.Windows, window(t, text))
		}
		got := keyturn.MayChange(k, c.rules, at(t, now))
		open, opens := c.opens == "now", time.Time{}
		if !open && c.opens != "" {
			opens = at(t, c.opens)
		}
		if got.Open != open || !got.Opens.Equal(opens) || !strings.Contains(got.Why, c.why) || (got.Why == "") != open {
			t.Errorf("%s: %+v, want %s: %s", c.name, got, c.opens, c.why)
		}
	}
}

// randomCalendar makes a key, rules, and a second opinion on when they let it
// be changed, from what each of them says by itself.
func randomCalendar(t *testing.T, r *rand.Rand, start time.Time) (*keyturn.Key, []keyturn.CalendarRule, func(time.Time) bool) {
	t.Helper()
	k := calendarKey()
	var rules, freezes []keyturn.CalendarRule
	scopes := []keyturn.CalendarRule{{Key: k.ID}, {Team: "payments"}, {Provider: "aws"}}
	sources := make([][]func(time.Time) bool, len(scopes))
	for i, s := range scopes {
		for range r.IntN(3) {
			w, open := randomWindow(t, r)
			sources[i] = append(sources[i], open)
			if i == 0 && r.IntN(2) == 0 {
				k.Policy.Windows = append(k.Policy.Windows, w)
				continue
			}
			rules = append(rules, of(windowRule(t, w.String()), string(s.Key), s.Team, s.Provider, s.Account))
		}
	}
	for range r.IntN(4) {
		f := freeze(t, "freeze-7kq2", "", "")
		f.From = start.Add(time.Duration(r.IntN(8*24*60)-3*24*60) * time.Minute)
		f.Until = f.From.Add(time.Duration(1+r.IntN(4*24*60)) * time.Minute)
		freezes = append(freezes, f)
	}
	rules = append(rules, freezes...)
	r.Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
	return k, rules, func(m time.Time) bool {
		for _, f := range freezes {
			if !m.Before(f.From) && m.Before(f.Until) {
				return false
			}
		}
		for _, windows := range sources {
			if len(windows) > 0 && !slices.ContainsFunc(windows, func(open func(time.Time) bool) bool { return open(m) }) {
				return false
			}
		}
		return true
	}
}

// TestMayChangeAgainstEveryMinute compares the verdict with a look at every
// minute.
func TestMayChangeAgainstEveryMinute(t *testing.T) {
	t.Parallel()
	const look = 20 * 24 * time.Hour
	r := rand.New(rand.NewPCG(3, 4))
	opened := 0
	for range 60 {
		start := nearChange(r)
		k, rules, open := randomCalendar(t, r, start)
		got := keyturn.MayChange(k, rules, start)
		if got.Open != open(start) {
			t.Fatalf("%s of %v and %v: %+v", start, k.Policy.Windows, rules, got)
		}
		end := got.Opens
		if end.IsZero() || end.Sub(start) > look {
			end = start.Add(look)
		}
		for m := start; !got.Open && m.Before(end); m = m.Add(time.Minute) {
			if open(m) {
				t.Fatalf("%s of %v and %v: %+v, but it is open at %s", start, k.Policy.Windows, rules, got, m)
			}
		}
		if got.Opens.IsZero() {
			continue
		}
		if opened++; !open(got.Opens) {
			t.Fatalf("%s of %v and %v: %+v, and then it is closed", start, k.Policy.Windows, rules, got)
		}
	}
	if opened < 15 {
		t.Errorf("only %d cases open later", opened)
	}
}

// TestMayChangeIsQuick: the hardest case is windows that never meet.
func TestMayChangeIsQuick(t *testing.T) {
	t.Parallel()
	k := calendarKey()
	rules := []keyturn.CalendarRule{freeze(t, "freeze-7kq2", "", "2026-03-01T00:00:00Z")}
	for hour := range 10 {
		clock := time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC)
		k.Policy.Windows = append(k.Policy.Windows, window(t, clock.Format("15:04-")+clock.Add(30*time.Minute).Format("15:04")+" Europe/Berlin"))
		rules = append(rules, of(windowRule(t, clock.Add(30*time.Minute).Format("15:04-")+clock.Add(time.Hour).Format("15:04")+" Europe/Berlin"), "", "payments", "", ""))
	}
	began := time.Now()
	got := keyturn.MayChange(k, rules, at(t, "2026-01-03T12:00:00Z"))
	if took := time.Since(began); got.Open || !got.Opens.IsZero() || took > 5*time.Second {
		t.Errorf("%+v after %s", got, took)
	}
}

func BenchmarkMayChange(b *testing.B) {
	k, now := calendarKey(), at(b, "2026-01-03T12:00:00Z")
	k.Policy.Windows = []keyturn.Window{window(b, "Sat-Sun 02:00-06:00 Europe/Berlin")}
	rules := []keyturn.CalendarRule{of(windowRule(b, "22:00-04:00"), "", "payments", "", ""), freeze(b, "freeze-7kq2", "", "2026-03-01T00:00:00Z")}
	for b.Loop() {
		keyturn.MayChange(k, rules, now)
	}
}
