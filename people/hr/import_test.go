package hr_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/people/hr"
	"github.com/keyturn/keyturn/people/roster"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/sqlite"
)

// noon is when all imports happen.
var noon = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

// A staff is a directory of a registry of its own.
type staff struct{ registry.Roster }

func newStaff(t *testing.T) staff {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "keyturn.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return staff{store}
}

// read reads a list whose columns are given like "email,team".
func read(t *testing.T, lines ...string) []hr.Record {
	t.Helper()
	records, findings, err := hr.Read("staff.csv", strings.NewReader(strings.Join(lines, "\n")), hr.CSV)
	if err != nil || len(findings) > 0 {
		t.Fatalf("%v, %v", findings, err)
	}
	return records
}

// imports wants an import to change what it says, and nothing when it is done again.
func (s staff) imports(t *testing.T, want hr.Diff, o hr.Options, lines ...string) {
	t.Helper()
	records := read(t, lines...)
	for _, planOnly := range []bool{true, false} {
		o.PlanOnly = planOnly
		got, err := hr.Import(t.Context(), s, "staff", records, noon, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("plan only %t (-want +got):\n%s", planOnly, diff)
		}
	}
	before := s.dump(t)
	got, err := hr.Import(t.Context(), s, "staff", records, noon.Add(time.Hour), o)
	if err != nil || len(got.Added)+len(got.Changed)+len(got.Left)+len(got.Back)+got.Teams > 0 || got.Unchanged != len(records) {
		t.Errorf("again: %+v, %v", got, err)
	}
	if diff := cmp.Diff(before, s.dump(t)); diff != "" {
		t.Errorf("again (-before +now):\n%s", diff)
	}
}

// dump is what the roster holds, a line each, with names in place of ids.
func (s staff) dump(t *testing.T) []string {
	t.Helper()
	names := map[string]string{}
	var out []string
	for _, kind := range []registry.MemberKind{registry.UserMember, registry.GroupMember} {
		for m, err := range s.Members(t.Context(), registry.MemberFilter{Directory: "staff", Kind: kind}) {
			if err != nil {
				t.Fatal(err)
			}
			names[m.ID] = m.Name
			document := map[string]any{}
			if err := json.Unmarshal(m.Document, &document); err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(document)
			if err != nil {
				t.Fatal(err)
			}
			line := string(text)
			for id, name := range names {
				line = strings.ReplaceAll(line, id, name)
			}
			out = append(out, fmt.Sprintf("%s %s %s %t v%d %s", m.Name, m.ExternalID, m.Email, m.Active, m.Version, line))
		}
	}
	slices.Sort(out)
	return out
}

func (s staff) holds(t *testing.T, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, s.dump(t)); diff != "" {
		t.Errorf("the roster (-want +got):\n%s", diff)
	}
}

const enterprise = `"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":`

func TestImport(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	s.imports(t, hr.Diff{Added: []string{"alice@example.com", "bob@example.com", "carol@example.com"}, Teams: 2}, hr.Options{},
		"email,name,team,manager,lead_of,status,last_day,id",
		"alice@example.com,Alice,payments,bob@example.com,,,,1",
		"bob@example.com,Bob,payments;checkout,,payments,,2027-03-01,2", // the last day is today
		"carol@example.com,Carol,,,,,2027-02-28,3")
	s.holds(t,
		`alice@example.com 1 alice@example.com true v1 {"active":true,"displayName":"Alice","emails":[{"primary":true,"value":"alice@example.com"}],`+enterprise+`{"manager":{"value":"bob@example.com"}},"userName":"alice@example.com"}`,
		`bob@example.com 2 bob@example.com true v1 {"active":true,"displayName":"Bob","emails":[{"primary":true,"value":"bob@example.com"}],"userName":"bob@example.com"}`,
		`carol@example.com 3 carol@example.com false v1 {"active":false,"displayName":"Carol","emails":[{"primary":true,"value":"carol@example.com"}],"userName":"carol@example.com"}`,
		`checkout   true v1 {"displayName":"checkout","members":[{"value":"bob@example.com"}]}`,
		`payments   true v1 {"displayName":"payments","leads":["bob@example.com"],"members":[{"value":"alice@example.com"},{"value":"bob@example.com"}]}`,
	)

	// A list that is silent on teams and managers leaves them as they are.
	s.imports(t, hr.Diff{Left: []string{"alice@example.com"}, Back: []string{"carol@example.com"}}, hr.Options{},
		"email,status", "alice@example.com,left", "carol@example.com,active")
	// One that says that they are none takes them away. A team of nobody ends.
	s.imports(t, hr.Diff{
		Changed: []hr.Change{{Email: "robert@example.com", Fields: []string{"email", "name"}}, {Email: "carol@example.com", Fields: []string{"manager"}}}, Teams: 2,
	}, hr.Options{}, "email,id,name,team,manager",
		"robert@example.com,2,Robert,payments,", "carol@example.com,3,Carol,Payments,robert@example.com")
	s.holds(t,
		`alice@example.com 1 alice@example.com false v2 {"active":false,"displayName":"Alice","emails":[{"primary":true,"value":"alice@example.com"}],`+enterprise+`{"manager":{"value":"bob@example.com"}},"userName":"alice@example.com"}`,
		`carol@example.com 3 carol@example.com true v3 {"active":true,"displayName":"Carol","emails":[{"primary":true,"value":"carol@example.com"}],`+enterprise+`{"manager":{"value":"robert@example.com"}},"userName":"carol@example.com"}`,
		`payments   true v2 {"displayName":"payments","leads":["robert@example.com"],"members":[{"value":"alice@example.com"},{"value":"robert@example.com"},{"value":"carol@example.com"}]}`,
		`robert@example.com 2 robert@example.com true v2 {"active":true,"displayName":"Robert","emails":[{"primary":true,"value":"robert@example.com"},{"value":"bob@example.com"}],"userName":"robert@example.com"}`,
	)
}

// TestTheDirectoryAnswers asks the directory that a worker has of an imported list.
func TestTheDirectoryAnswers(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	s.imports(t, hr.Diff{Added: []string{"alice@example.com", "bob@example.com", "carol@example.com"}, Teams: 1}, hr.Options{},
		"email,name,team,manager,lead_of,status,id",
		"alice@example.com,Alice,payments,bob@example.com,,,1", "bob@example.com,Bob,payments,,payments,,2", "carol@example.com,Carol,payments,,,left,3")
	s.imports(t, hr.Diff{Changed: []hr.Change{{Email: "ann@example.com", Fields: []string{"email"}}}}, hr.Options{}, "email,id", "ann@example.com,1")
	d := &roster.Directory{Name: "staff", Roster: s}
	for _, address := range []string{"ann@example.com", "alice@example.com"} {
		p, err := d.Person(t.Context(), address)
		p.ID = ""
		want := people.Person{Email: "ann@example.com", Aliases: []string{"alice@example.com"}, Name: "Alice", Manager: "bob@example.com", Active: true}
		if diff := cmp.Diff(want, p); err != nil || diff != "" {
			t.Errorf("Person(%s): %v (-want +got):\n%s", address, err, diff)
		}
	}
	got, err := d.Team(t.Context(), "payments")
	want := people.Team{Name: "payments", Leads: []string{"bob@example.com"}, Members: []string{"ann@example.com", "bob@example.com"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("Team: %v (-want +got):\n%s", err, diff)
	}
}

func TestCompleteList(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	s.imports(t, hr.Diff{Added: []string{"alice@example.com", "bob@example.com"}, Teams: 1}, hr.Options{Complete: true},
		"email,team,lead_of", "alice@example.com,payments,payments", "bob@example.com,,")
	s.imports(t, hr.Diff{Unchanged: 1}, hr.Options{}, "email", "bob@example.com")
	s.imports(t, hr.Diff{Left: []string{"alice@example.com"}, Unchanged: 1}, hr.Options{Complete: true}, "email", "bob@example.com")
	s.imports(t, hr.Diff{Back: []string{"alice@example.com"}, Unchanged: 1}, hr.Options{Complete: true}, "email", "bob@example.com", "alice@example.com")
	s.holds(t,
		`alice@example.com  alice@example.com true v3 {"active":true,"emails":[{"primary":true,"value":"alice@example.com"}],"userName":"alice@example.com"}`,
		`bob@example.com  bob@example.com true v1 {"active":true,"emails":[{"primary":true,"value":"bob@example.com"}],"userName":"bob@example.com"}`,
		`payments   true v1 {"displayName":"payments","leads":["alice@example.com"],"members":[{"value":"alice@example.com"}]}`,
	)
}

// TestAddressesMoveOn gives an address to somebody new while the one who had it
// gets another, whichever of the two is written first.
func TestAddressesMoveOn(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	s.imports(t, hr.Diff{Added: []string{"a@example.com", "b@example.com"}}, hr.Options{}, "email,id", "a@example.com,1", "b@example.com,2")
	s.imports(t, hr.Diff{Added: []string{"a@example.com"}, Changed: []hr.Change{
		{Email: "b@example.com", Fields: []string{"email"}}, {Email: "c@example.com", Fields: []string{"email"}},
	}}, hr.Options{}, "email,id", "a@example.com,3", "b@example.com,1", "c@example.com,2")
	s.holds(t,
		`a@example.com 3 a@example.com true v1 {"active":true,"emails":[{"primary":true,"value":"a@example.com"}],"userName":"a@example.com"}`,
		`b@example.com 1 b@example.com true v2 {"active":true,"emails":[{"primary":true,"value":"b@example.com"}],"userName":"b@example.com"}`,
		`c@example.com 2 c@example.com true v2 {"active":true,"emails":[{"primary":true,"value":"c@example.com"}],"userName":"c@example.com"}`,
	)
	before := s.dump(t)
	_, err := hr.Import(t.Context(), s, "staff", read(t, "email,id", "b@example.com,2", "c@example.com,1"), noon, hr.Options{})
	if keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("two who swap addresses: %v, want Invalid", err)
	}
	if diff := cmp.Diff(before, s.dump(t)); diff != "" {
		t.Errorf("a refused import wrote something (-before +now):\n%s", diff)
	}
}

// TestTooManyLeavers wants no list to end more keys than a list may.
func TestTooManyLeavers(t *testing.T) {
	t.Parallel()
	s := newStaff(t)
	list := func(people, leavers int) []hr.Record {
		lines := []string{"email,status"}
		for i := range people {
			status := "active"
			if i < leavers {
				status = "inactive"
			}
			lines = append(lines, fmt.Sprintf("p%d@example.com,%s", i, status))
		}
		return read(t, lines...)
	}
	ask := func(records []hr.Record, o hr.Options) (int, error) {
		d, err := hr.Import(t.Context(), s, "staff", records, noon, o)
		return len(d.Left), err
	}
	if _, err := ask(list(120, 0), hr.Options{}); err != nil {
		t.Fatal(err)
	}
	before := s.dump(t)
	for _, c := range []struct {
		records []hr.Record
		o       hr.Options
		left    int
		want    keyturn.Kind
	}{
		{list(120, 12), hr.Options{}, 12, ""},
		{list(120, 13), hr.Options{}, 13, keyturn.Invalid},
		{list(120, 13), hr.Options{MostLeavers: 13}, 13, ""},
		{list(120, 2), hr.Options{MostLeavers: 1}, 2, keyturn.Invalid},
		{list(3, 0), hr.Options{Complete: true}, 117, keyturn.Invalid},
		{list(3, 0), hr.Options{Complete: true, MostLeavers: 117}, 117, ""},
	} {
		c.o.PlanOnly = true
		if left, err := ask(c.records, c.o); left != c.left || keyturn.KindOf(err) != c.want {
			t.Errorf("%+v: %d leave, %v, want %d and %q", c.o, left, err, c.left, c.want)
		}
	}
	if _, err := ask(list(120, 13), hr.Options{}); keyturn.KindOf(err) != keyturn.Invalid {
		t.Errorf("13 of 120 leave: %v, want Invalid", err)
	}
	if diff := cmp.Diff(before, s.dump(t)); diff != "" {
		t.Errorf("plans and refused imports wrote something (-before +now):\n%s", diff)
	}
}

// TestAnothersDirectory keeps lists of staff out of what SCIM pushes.
func TestAnothersDirectory(t *testing.T) {
	t.Parallel()
	for _, document := range []string{`{"userName": "alice", "emails": [{"value": "alice@example.com"}], "schemas": []}`, `{"userName": "alice"}`} {
		s := newStaff(t)
		m := registry.Member{
			Directory: "staff", Kind: registry.UserMember, ID: "u1", Name: "alice", Active: true,
			Document: json.RawMessage(document), Changed: noon,
		}
		if _, err := s.AddMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		_, err := hr.Import(t.Context(), s, "staff", read(t, "email", "bob@example.com"), noon, hr.Options{})
		if keyturn.KindOf(err) != keyturn.Invalid || !strings.Contains(err.Error(), "a directory of its own") {
			t.Errorf("%s: %v, want Invalid", document, err)
		}
	}
}

// TestLastDay ends it with the day of the zone it is asked in.
func TestLastDay(t *testing.T) {
	t.Parallel()
	records := read(t, "email,last_day", "alice@example.com,2027-03-01")
	for zone, want := range map[*time.Location]bool{time.UTC: false, time.FixedZone("PST", -8*3600): true} {
		s := newStaff(t)
		if _, err := hr.Import(t.Context(), s, "staff", records, time.Date(2027, 3, 2, 3, 0, 0, 0, time.UTC).In(zone), hr.Options{}); err != nil {
			t.Fatal(err)
		}
		if line := s.dump(t)[0]; strings.Contains(line, "alice@example.com true") != want {
			t.Errorf("in %s: %s, want active %t", zone, line, want)
		}
	}
}
