package hr_test

import (
	"errors"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn/people/hr"
)

// both are the same three people.
var both = map[hr.Format]string{
	hr.CSV: "\ufeffEmail, name ,team,manager,lead_of,status,last_day,id\r\n" +
		" Alice@Example.com ,\"Liddell, Alice\",payments;checkout,bob@example.com,checkout,,,1001\r\n" +
		"bob@example.com,Bob,,,payments;Payments; ,ACTIVE,2027-03-31,\r\n" +
		"\r\n" +
		"carol@example.com,,,,,left,,1003\r\n",
	hr.JSON: `[
  {"email": "Alice@Example.com", "name": "Liddell, Alice", "team": ["payments", "checkout"],
   "manager": "bob@example.com", "lead_of": "checkout", "status": null, "id": 1001},
  {"email": "bob@example.com", "name": "Bob", "lead_of": "payments;Payments; ", "status": "ACTIVE", "last_day": "2027-03-31"},
  {"email": "carol@example.com", "team": [], "status": "left", "id": "1003"}
]`,
}

func TestRead(t *testing.T) {
	t.Parallel()
	want := []hr.Record{
		{
			Email: "alice@example.com", Name: "Liddell, Alice", Teams: []string{"payments", "checkout"}, Manager: "bob@example.com",
			LeadOf: []string{"checkout"}, Status: hr.Active, ID: "1001",
		},
		{
			Email: "bob@example.com", Name: "Bob", LeadOf: []string{"payments"}, Status: hr.Active,
			LastDay: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC),
		},
		{Email: "carol@example.com", Status: hr.Left, ID: "1003"},
	}
	for format, text := range both {
		got, findings, err := hr.Read("staff", strings.NewReader(text), format)
		if err != nil || len(findings) > 0 {
			t.Fatalf("%s: %v, %v", format, findings, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(hr.Record{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", format, diff)
		}
	}
}

// TestFindings wants every mistake at its place, all of a list at once.
func TestFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		what   string
		format hr.Format
		text   string
		want   []string // place, field and problem
	}{
		{"a list with several mistakes", hr.CSV, "email,team,status,last_day,id\n" +
			"alice@example.com,payments,gone,,7\n" +
			",payments,,31.1.2027,\n" +
			"Alice <a@example.com>,,,,7\n" +
			"ALICE@example.com\n" +
			"alice@example.com ,,\u0007,2027-02-30,\n", []string{
			"2:28: status: is none of the statuses there are",
			"3:1: email: is missing", "3:12: last_day: is not a date",
			"4:1: email: is not an e-mail address", "4:26: id: is that of line 2, too",
			"5:1: has another number of fields than the first line",
			"6:1: email: is that of line 2, too", "6:21: status: holds a line break or another character that does not print",
			"6:23: last_day: is not a date",
		}},
		{"columns that are none", hr.CSV, "mail,salary,team,team\n", []string{
			"1:1: mail: is not a field of a list of staff", "1:1: email: is no column of the first line",
			"1:6: salary: is not a field of a list of staff", "1:18: team: is a column already",
		}},
		{"semicolons between columns", hr.CSV, "email;team\n", []string{"1:1: has no commas between its columns"}},
		{"a quote in a field", hr.CSV, "email,name\nalice@example.com,A \"B\" C\n", []string{"2:21: is not valid CSV"}},
		{"another encoding", hr.CSV, "email,name\nalice@example.com,J\xf6rg\n", []string{"2:20: is not UTF-8 here"}},
		{"no one", hr.CSV, "email\n", []string{"1:1: names nobody"}},
		{"nothing", hr.CSV, "", []string{"1:1: email: is no column of the first line"}},
		{"no list", hr.JSON, `{"email": "alice@example.com"}`, []string{"1:1: is not a JSON list of objects"}},
		{"no one", hr.JSON, `[]`, []string{"1:1: names nobody"}},
		{"text after the list", hr.JSON, "[]\n[]", []string{"2:1: is not a JSON list of objects"}},
		{"a list cut short", hr.JSON, "[{\"email\": \"a@example.com\"},\n {\"email\": ", []string{"2:12: is not a JSON list of objects"}},
		{"fields that are none", hr.JSON, "[\n  {\"Email\": \"a@example.com\",\n   \"team\": [1], \"name\": 5, \"name\": {}, \"email\": true}\n]", []string{
			"2:4: Email: is not a field of a list of staff", "3:12: team: is not a list of texts",
			"3:25: name: is not a text", "3:28: name: is a field of this person already", "3:36: name: is not a text", "3:49: email: is not a text",
		}},
	} {
		records, findings, err := hr.Read("staff.csv", strings.NewReader(c.text), c.format)
		if err != nil || records != nil {
			t.Errorf("%s: %v, %v, want no records", c.what, records, err)
		}
		var got []string
		for _, f := range findings {
			text, mend, _ := strings.Cut(strings.TrimPrefix(f.String(), "staff.csv:"), "; ")
			if mend == "" || strings.Contains(strings.ToLower(text), "alice") {
				t.Errorf("%s: it says no mend, or quotes the list: %s", c.what, f)
			}
			got = append(got, text)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.what, diff)
		}
	}
}

func TestUnreadable(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken pipe")
	if _, _, err := hr.Read("-", iotest.ErrReader(broken), hr.CSV); !errors.Is(err, broken) {
		t.Errorf("error %v, want that of the reader", err)
	}
	_, findings, err := hr.Read("-", strings.NewReader(strings.Repeat(" ", 64<<20+1)), hr.JSON)
	if err != nil || len(findings) != 1 || findings[0].Problem != "is longer than 64 MiB" {
		t.Errorf("a list without end: %v, %v", findings, err)
	}
}

func FuzzRead(f *testing.F) {
	for format, text := range both {
		f.Add(text, format == hr.JSON)
	}
	f.Fuzz(func(t *testing.T, text string, json bool) {
		format := hr.CSV
		if json {
			format = hr.JSON
		}
		records, findings, err := hr.Read("staff", strings.NewReader(text), format)
		if err != nil || (len(records) == 0) == (len(findings) == 0) {
			t.Errorf("%d records and %d findings, %v", len(records), len(findings), err)
		}
	})
}
