package main

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn"
)

// TestSelectors finds keys in a registry by every field.
func TestSelectors(t *testing.T) {
	t.Parallel()
	pay := keyOf("pay-aws-1", "aws", "1", -1)
	pay.Scope.Principal, pay.Storage.Secret.Store = "cn=a,ou=b", "prod"
	pay.Storage.Consumers = []keyturn.Consumer{{Kind: "github_secret", Name: "shop"}}
	web := keyOf("web-aws-2", "aws", "2", 30)
	web.Owner, web.Storage.Secret.Path = keyturn.Owner{Team: "web", Person: "zoe@example.com"}, "other/web"
	web.Scope.Permissions = []string{"s3:read"}
	web.Ledger[0].Created = noon
	fresh := keyOf("web-stripe-1", "stripe", "acct_1", 30)
	fresh.Ledger, fresh.Owner.Team = nil, "web"
	gone := keyOf("gone", "aws", "1", -1)
	gone.Retired = noon
	d := newDesk(t, pay, web, fresh, gone)
	store := d.store(t)
	for text, want := range map[string]string{
		"team=payments":                         "pay-aws-1",
		"person=zoe@example.com":                "web-aws-2",
		"provider=aws":                          "pay-aws-1 web-aws-2",
		"provider=aws, account=2":               "web-aws-2",
		`"principal=cn=a,ou=b",provider=aws`:    "pay-aws-1",
		"stored-in=prod":                        "pay-aws-1",
		"stored-in=github_secret":               "pay-aws-1",
		"stored-in=shop":                        "pay-aws-1",
		"path=secret/":                          "pay-aws-1 web-stripe-1",
		"permission=s3:read":                    "web-aws-2",
		"due=true":                              "pay-aws-1",
		"key=web-*":                             "web-aws-2 web-stripe-1",
		"key=*aws*":                             "pay-aws-1 web-aws-2",
		"key=web-aws-2":                         "web-aws-2",
		"key=web":                               "",
		"issued-before=2027-03-01":              "pay-aws-1",
		"issued-before=2027-03-01T12:00:01Z":    "pay-aws-1 web-aws-2",
		"team=web,provider=aws,path=other/w":    "web-aws-2",
		"team=web,due=true":                     "",
		"team=web,issued-before=2027-03-01":     "",
		"key=web-*,stored-in=kubernetes_secret": "web-aws-2 web-stripe-1",
	} {
		sel, err := parseSelector(text, noon)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		var got []string
		for k, err := range store.Find(t.Context(), sel.filter) {
			if err != nil {
				t.Fatal(err)
			}
			if sel.matches(&k) {
				got = append(got, string(k.ID))
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestSelectorMistakes(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		"":                        "--selector is empty; write FIELD=VALUE, such as team=payments; the fields are team, person,",
		" ":                       "--selector is empty",
		"payments":                `"payments" is no FIELD=VALUE; the fields are team,`,
		"team=a,":                 `"" is no FIELD=VALUE`,
		"taem=payments":           `there is no field "taem"; did you mean team?`,
		"stored=circleci":         `there is no field "stored"; did you mean stored-in?`,
		"colour=red":              `there is no field "colour"; the fields are team,`,
		"=x":                      `"=x" is no FIELD=VALUE; the fields are`,
		"team=":                   "team is empty; write team=VALUE, or leave it out",
		"team=a,team=b":           "team is given twice; a key must match all fields, so give each once",
		"due=false":               "due=false cannot be asked for; write due=true, or leave it out",
		"issued-before=7d":        "issued-before=7d is no time; write 2027-01-31, or 2027-01-31T14:00:00Z",
		"key=Web":                 "key=Web can match no key id",
		"key=web-[ab]":            "key=web-[ab] can match no key id",
		`"principal=a,b`:          "the quotes do not match",
		"team=a\x1b[2J":           "--selector: one line of plain text, please",
		strings.Repeat("x", 2000): "--selector: at most 500 bytes, not 2000",
	} {
		if _, err := parseSelector(text, noon); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v, want %q", text, err, says)
		}
	}
}

func TestSelectorIsCompleted(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for typed, want := range map[string]string{
		"":                 "team= person= provider= account= principal= stored-in= path= permission= key= due= issued-before=",
		"p":                "person= provider= principal= path= permission=",
		"team=a,pro":       "team=a,provider=",
		"path=a,team=b,pe": "path=a,team=b,person= path=a,team=b,permission=",
		"team=a,te":        "",
		"x":                "",
	} {
		d.stdout.Reset()
		d.expect(t, exitOK, "", "__complete", "rotate", "--selector", typed)
		var got []string
		for line := range strings.Lines(d.stdout.String()) {
			if word, _, ok := strings.Cut(line, "\t"); ok {
				got = append(got, word)
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" || !strings.HasSuffix(d.stdout.String(), ":6\n") {
			t.Errorf("%q (-want +got):\n%s\n%s", typed, diff, d.stdout)
		}
	}
}

// TestIssuedBeforeUnknown: of a key that was adopted nobody knows when it was made,
// so it is among the old ones.
func TestIssuedBeforeUnknown(t *testing.T) {
	t.Parallel()
	k := aKey()
	k.Ledger[0].Created = time.Time{}
	sel, err := parseSelector("issued-before=2027-01-01", noon)
	if err != nil || !sel.matches(&k) {
		t.Errorf("it is left out: %v", err)
	}
}
