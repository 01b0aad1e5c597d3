package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const staffList = `email,name,team,manager,lead_of,status,last_day,id
alice@example.com,Alice Liddell,payments;checkout,bob@example.com,checkout,,,1001
bob@example.com,Bob,payments,,payments,,,1002
carol@example.com,Carol,,,,left,,1003
`

// A staffDesk is a desk with a folder for lists of staff.
type staffDesk struct {
	*desk
	folder string
}

func newStaffDesk(t *testing.T) staffDesk {
	t.Helper()
	d := staffDesk{newDesk(t), t.TempDir()}
	d.expect(t, exitOK, "", "people", "import", d.list(t, "staff.csv", staffList), "--directory", "staff", "--yes")
	return d
}

// list writes a list of staff and returns its path.
func (d staffDesk) list(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(d.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// printed returns what was printed since the last time, without the folder.
func (d staffDesk) printed() string {
	defer d.stdout.Reset()
	return strings.ReplaceAll(d.stdout.String(), d.folder+string(filepath.Separator), "")
}

// emails are those that list shows.
func (d staffDesk) emails(t *testing.T, args ...string) map[string]bool {
	t.Helper()
	d.stdout.Reset()
	d.expect(t, exitOK, "", append([]string{"people", "list", "--directory", "staff", "-o", "json"}, args...)...)
	d.global.output = table
	var views []personView
	if err := json.Unmarshal([]byte(d.printed()), &views); err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, v := range views {
		out[v.Email] = v.Active
	}
	return out
}

func TestPeopleImport(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	golden(t, "testdata/people/first.txt", d.printed())
	next := d.list(t, "next.csv", "email,id,manager\nalice@example.com,1001,\ncarol@example.com,1003,bob@example.com\ndave@example.com,1004,\n")
	args := []string{"people", "import", next, "--directory", "staff", "--complete"}

	d.expect(t, exitOK, "", append(args, "--dry-run")...)
	golden(t, "testdata/people/dry-run.txt", d.printed())
	if diff := cmp.Diff(map[string]bool{"alice@example.com": true, "bob@example.com": true}, d.emails(t)); diff != "" {
		t.Errorf("after a dry run (-want +got):\n%s", diff)
	}

	d.expect(t, exitUsage, "add --yes if you mean it", args...)
	d.term.In = true
	d.in = strings.NewReader("stuff\n")
	d.expect(t, exitRefused, "not confirmed, nothing was changed; type the name exactly", args...)
	if !strings.Contains(d.stderr.String(), "left     bob@example.com") {
		t.Errorf("it asks without saying who leaves:\n%s", d.stderr)
	}
	if got := d.emails(t); !got["bob@example.com"] {
		t.Errorf("active after an import that was not confirmed: %v", got)
	}
	d.in = strings.NewReader("staff\n")
	d.stdout.Reset()
	d.expect(t, exitOK, "", args...)
	golden(t, "testdata/people/complete.txt", d.printed())
	want := map[string]bool{"alice@example.com": true, "carol@example.com": true, "dave@example.com": true}
	if diff := cmp.Diff(want, d.emails(t)); diff != "" {
		t.Errorf("active (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]bool{"bob@example.com": false}, d.emails(t, "--inactive")); diff != "" {
		t.Errorf("inactive (-want +got):\n%s", diff)
	}
	d.in = strings.NewReader("") // nobody leaves, and nobody is asked
	d.expect(t, exitOK, "", append(args, "-o", "json")...)
	golden(t, "testdata/people/again.json", d.printed())
}

func TestPeopleImportFromStandardInput(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	d.printed()
	d.term.In = true
	d.in = strings.NewReader(`[{"email": "erin@example.com"}]`)
	d.expect(t, exitUsage, "reads the list from standard input; add --yes", "people", "import", "-", "--format", "json", "--directory", "staff")
	d.expect(t, exitOK, "", "people", "import", "-", "--format", "json", "--directory", "staff", "--yes")
	if want := "staff: 1 added, 0 changed, 0 left, 0 back, 0 unchanged; 0 teams changed\n"; d.printed() != want {
		t.Errorf("it does not print %q", want)
	}
}

func TestPeopleImportFindings(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	d.printed()
	bad := d.list(t, "bad.csv", "email,status\nalice@example.com,gone\n,left\n")
	d.expect(t, exitFailed, "2 findings in the list, and nothing was imported", "people", "import", bad, "--directory", "staff", "--yes")
	golden(t, "testdata/people/findings.txt", d.printed())
	d.expect(t, exitFailed, "", "people", "import", bad, "--directory", "staff", "--yes", "-o", "json")
	golden(t, "testdata/people/findings.json", d.printed())
}

func TestPeopleImportRefusals(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	list := d.list(t, "list", "email\nalice@example.com\n")
	for args, want := range map[string]string{
		list + " --yes":                                            "--directory is missing",
		list + " --yes --directory staff":                          "does not say how the list is written",
		list + " --yes --directory staff --format xml":             `--format "xml": write csv or json`,
		list + " --yes --directory staff --most-leavers -1":        "write how many persons may leave",
		"- --yes --directory staff":                                "add --format csv or --format json",
		list + " --yes --directory staff\x1b[2J --format csv":      "one line of plain text",
		list + " --directory staff --format csv --complete":        "there is no terminal to ask on",
		list + " another --directory staff --format csv --dry-run": "takes only FILE",
	} {
		d.stderr.Reset()
		cmd := append([]string{"people", "import"}, strings.Split(args, " ")...)
		fresh := staffDesk{d.desk, d.folder}
		fresh.expect(t, exitUsage, want, cmd...)
	}
	d.expect(t, exitFailed, "reading the list", "people", "import", d.folder+"/none.csv", "--directory", "staff", "--yes")
}

// TestTooManyLeavers wants --yes alone not to offboard half of the company.
func TestTooManyLeavers(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	var all strings.Builder
	all.WriteString("email\n")
	for i := range 20 {
		fmt.Fprintf(&all, "p%02d@example.com\n", i)
	}
	d.expect(t, exitOK, "", "people", "import", d.list(t, "all.csv", all.String()), "--directory", "staff", "--yes")
	d.printed()
	few := d.list(t, "few.csv", "email\nalice@example.com\nbob@example.com\n")
	args := []string{"people", "import", few, "--directory", "staff", "--complete", "--yes"}
	for _, more := range []string{"--dry-run", "--yes", "--most-leavers=19"} {
		d.stderr.Reset()
		d.expect(t, exitRefused, "20 of 22 active persons would leave", append(args, more)...)
		if !strings.Contains(d.stderr.String(), "--most-leavers 20") || strings.Count(d.printed(), "\nleft ") != 20 {
			t.Errorf("%s: it does not say who would leave, or how to let them:\n%s", more, d.stderr)
		}
	}
	d.global.output = table
	if n := len(d.emails(t)); n != 22 {
		t.Errorf("%d are active, want all 22", n)
	}
}

func TestPeopleListAndShow(t *testing.T) {
	t.Parallel()
	d := newStaffDesk(t)
	store := d.store(t)
	if err := store.Saw(t.Context(), "okta", []string{"alice@example.com"}, noon.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	d.printed()
	d.expect(t, exitOK, "", "people", "list", "--directory", "staff", "--inactive")
	golden(t, "testdata/people/inactive.txt", d.printed())
	d.expect(t, exitOK, "", "people", "show", "ALICE@example.com", "--directory", "staff,other")
	golden(t, "testdata/people/show.txt", d.printed())
	d.expect(t, exitOK, "", "people", "show", "alice@example.com", "--directory", "staff", "-o", "json")
	golden(t, "testdata/people/show.json", d.printed())
	d.global.output = table
	d.expect(t, exitOK, "nobody of the directory other matches", "people", "list", "--directory", "other")
	d.expect(t, exitUsage, "--directory is missing", "people", "list", "--directory", "")
	d.expect(t, exitRefused, "none was seen to", "people", "show", "nobody@example.com", "--directory", "staff")
}
