package registrytest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// findingFilters asks for open, settled and accepted ones by every field.
func findingFilters(t *testing.T, s registry.Store) {
	edits := map[string]func(*registry.Finding){
		"check":    func(f *registry.Finding) { f.Check = "stuck-watch" },
		"kind":     func(f *registry.Finding) { f.Kind = "missing-key" },
		"place":    func(f *registry.Finding) { f.Place = "stripe/acct_1" },
		"team":     func(f *registry.Finding) { f.Owner.Team = "search" },
		"key":      func(f *registry.Finding) { f.Key = "b-key" },
		"no key":   func(f *registry.Finding) { f.Key, f.Owner = "", keyturn.Owner{} },
		"severity": func(f *registry.Finding) { f.Severity = registry.Critical },
		"plain":    func(*registry.Finding) {},
		"accepted": func(*registry.Finding) {},
		"settled":  func(f *registry.Finding) { f.Place = "settled" },
		"both":     func(f *registry.Finding) { f.Place = "settled" },
	}
	for subject, edit := range edits {
		f := finding(subject)
		edit(&f)
		mustReport(t, s, 1, f)
	}
	for _, subject := range []string{"accepted", "both"} {
		if _, err := s.Accept(t.Context(), finding(subject).ID, "alice@example.com", "", start()); err != nil {
			t.Fatal(err)
		}
	}
	settled := finding("settled")
	settled.Place = "settled"
	mustSettle(t, s, 2, settled, start().Add(time.Hour), start().Add(time.Hour))
	for _, c := range []struct {
		name string
		f    registry.FindingFilter
		want []string
	}{
		{"open", registry.FindingFilter{}, []string{"check", "key", "kind", "no key", "place", "plain", "severity", "team"}},
		{"open or accepted", registry.FindingFilter{Accepted: true}, []string{"accepted", "check", "key", "kind", "no key", "place", "plain", "severity", "team"}},
		{"settled", registry.FindingFilter{Settled: true}, []string{"settled"}},
		{"settled, accepted or not", registry.FindingFilter{Settled: true, Accepted: true}, []string{"both", "settled"}},
		{"check", registry.FindingFilter{Check: "stuck-watch"}, []string{"check"}},
		{"kind", registry.FindingFilter{Kind: "missing-key"}, []string{"kind"}},
		{"place", registry.FindingFilter{Place: "stripe/acct_1"}, []string{"place"}},
		{"team", registry.FindingFilter{Team: "search"}, []string{"team"}},
		{"key", registry.FindingFilter{Key: "b-key"}, []string{"key"}},
		{"severity", registry.FindingFilter{Severity: registry.Critical}, []string{"severity"}},
		{"two that exclude each other", registry.FindingFilter{Severity: registry.Critical, Team: "search"}, nil},
		{"a quote", registry.FindingFilter{Team: "x' OR '1'='1"}, nil},
	} {
		diff(t, c.name, subjects(t, s, c.f), c.want)
	}
}

// findingPages come in ID order, also while they are accepted.
func findingPages(t *testing.T, s registry.Store) {
	const n = 1300
	var all []registry.Finding
	var ids []string
	for i := range n {
		f := finding(fmt.Sprint("AKIA", i))
		all, ids = append(all, f), append(ids, f.ID)
	}
	mustReport(t, s, n, all...)
	slices.Sort(ids)
	read := func(f registry.FindingFilter) (got []string) {
		t.Helper()
		for found, err := range s.Findings(t.Context(), f) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, found.ID)
		}
		return got
	}
	for _, c := range []struct {
		f    registry.FindingFilter
		want []string
	}{
		{registry.FindingFilter{}, ids},
		{registry.FindingFilter{Limit: 1}, ids[:1]},
		{registry.FindingFilter{Limit: 500}, ids[:500]},
		{registry.FindingFilter{Limit: 501}, ids[:501]},
		{registry.FindingFilter{Limit: n + 1}, ids},
		{registry.FindingFilter{After: ids[99]}, ids[100:]},
		{registry.FindingFilter{After: ids[99], Limit: 700}, ids[100:800]},
	} {
		if got := read(c.f); !slices.Equal(got, c.want) {
			t.Errorf("%+v: %d findings, want %d in ID order", c.f, len(got), len(c.want))
		}
	}
	i := 0
	for f, err := range s.Findings(t.Context(), registry.FindingFilter{}) {
		if err != nil || f.ID != ids[i] {
			t.Fatalf("finding %d is %s, error %v", i, f.ID, err)
		}
		if i++; i%100 == 0 {
			if _, err := s.Accept(t.Context(), f.ID, "alice@example.com", "", start()); err != nil {
				t.Fatal(err)
			}
		}
	}
	if got := len(read(registry.FindingFilter{})); i != n || got != n-n/100 {
		t.Errorf("saw %d while some were accepted, and %d that nobody accepts; want %d and %d", i, got, n, n-n/100)
	}
}
