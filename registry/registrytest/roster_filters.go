package registrytest

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

func memberIDs(t *testing.T, s registry.Store, f registry.MemberFilter) []string {
	t.Helper()
	var ids []string
	for m, err := range s.Members(t.Context(), f) {
		if err != nil {
			t.Fatalf("Members %+v: %v", f, err)
		}
		ids = append(ids, m.ID)
	}
	return ids
}

func memberFilters(t *testing.T, s registry.Store) {
	for _, id := range []string{"c", "a", "b", "B"} { // in the order of bytes, capitals come first
		m := member(id, "name of "+id)
		if id == "B" {
			m.Name, m.Kind, m.Email, m.ExternalID = "Name Of A", registry.GroupMember, "", ""
		}
		mustAddMember(t, s, m)
	}
	d := member("D", "NAME OF É")
	d.Email = "dora@example.com"
	mustAddMember(t, s, d)
	elsewhere := member("e", "name of a")
	elsewhere.Directory = "entra"
	mustAddMember(t, s, elsewhere)

	for name, c := range map[string]struct {
		edit func(*registry.MemberFilter)
		want []string
	}{
		"all":             {func(*registry.MemberFilter) {}, []string{"D", "a", "b", "c"}},
		"groups":          {func(f *registry.MemberFilter) { f.Kind = registry.GroupMember }, []string{"B"}},
		"elsewhere":       {func(f *registry.MemberFilter) { f.Directory = "entra" }, []string{"e"}},
		"nowhere":         {func(f *registry.MemberFilter) { f.Directory = "jumpcloud" }, nil},
		"after":           {func(f *registry.MemberFilter) { f.After = "a" }, []string{"b", "c"}},
		"limit":           {func(f *registry.MemberFilter) { f.Limit = 2 }, []string{"D", "a"}},
		"after and limit": {func(f *registry.MemberFilter) { f.After, f.Limit = "D", 1 }, []string{"a"}},
		"name":            {func(f *registry.MemberFilter) { f.Name = "Name Of A" }, []string{"a"}},
		"name, not ASCII": {func(f *registry.MemberFilter) { f.Name = "name of é" }, []string{"D"}},
		"external id":     {func(f *registry.MemberFilter) { f.ExternalID = "00ub" }, []string{"b"}},
		"address":         {func(f *registry.MemberFilter) { f.Email = "dora@example.com" }, []string{"D"}},
		"both":            {func(f *registry.MemberFilter) { f.Email, f.Name = "dora@example.com", "name of a" }, nil},
	} {
		f := registry.MemberFilter{Directory: "okta", Kind: registry.UserMember}
		c.edit(&f)
		diff(t, name, memberIDs(t, s, f), c.want)
	}
	for name, f := range map[string]registry.MemberFilter{
		"no directory": {Kind: registry.UserMember}, "no kind": {Directory: "okta"}, "no such kind": {Directory: "okta", Kind: "robot"},
	} {
		got := 0
		for _, err := range s.Members(t.Context(), f) {
			t.Log(name, err)
			wantKind(t, err, keyturn.Invalid)
			got++
		}
		if got != 1 {
			t.Errorf("%s: %d answers, want one error", name, got)
		}
	}
}

// memberPages reads more than a page, while those that were read are removed.
func memberPages(t *testing.T, s registry.Store) {
	const n = 1203
	for i := range n {
		mustAddMember(t, s, member(fmt.Sprintf("id-%05d", i), fmt.Sprintf("name %d", i)))
	}
	f := registry.MemberFilter{Directory: "okta", Kind: registry.UserMember}
	f.Limit = 501
	if got := memberIDs(t, s, f); len(got) != 501 || got[500] != "id-00500" {
		t.Errorf("%d of 501, ending with %s", len(got), got[len(got)-1])
	}
	f.Limit = 0
	i := 0
	for m, err := range s.Members(t.Context(), f) {
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("id-%05d", i); m.ID != want {
			t.Fatalf("member %d is %s, want %s", i, m.ID, want)
		}
		if i%100 == 0 {
			if err := s.RemoveMember(t.Context(), m.Directory, m.Kind, m.ID, m.Version); err != nil {
				t.Fatal(err)
			}
		}
		i++
	}
	if i != n {
		t.Errorf("%d members, want %d", i, n)
	}
}
