package entry_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the tests mean the same on every machine

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/entry"
)

func now() time.Time { return time.Date(2026, 4, 15, 12, 0, 0, 0, time.UTC) }

func file(t testing.TB, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(src)
}

// one parses a file that must hold one entry.
func one(t testing.TB, src string) entry.Entry {
	t.Helper()
	entries, findings := entry.Parse("keys.yaml", []byte(src))
	if len(findings) > 0 || len(entries) != 1 {
		t.Fatalf("%d entries, findings %v", len(entries), findings)
	}
	return entries[0]
}

func window(t testing.TB, text string) keyturn.Window {
	t.Helper()
	w, err := keyturn.ParseWindow(text)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func sameEntry(t *testing.T, got, want entry.Entry) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.IgnoreUnexported(entry.Entry{}), cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("entry (-want +got):\n%s", d)
	}
}

func utc(year int, month time.Month, day, hour, minute int) time.Time {
	return time.Date(year, month, day, hour, minute, 0, 0, time.UTC)
}

func TestParse(t *testing.T) {
	t.Parallel()
	sameEntry(t, one(t, file(t, "good.yaml")), entry.Entry{
		KeyID: "payments-stripe-live-001", Description: "Stripe live API key for payments service",
		OwnerTeam: "payments", OwnerIndividual: "alice@example.com",
		CreatedAt: utc(2026, 4, 1, 10, 0), Expiration: utc(2027, 4, 1, 10, 0), LastRotated: utc(2026, 4, 1, 10, 0),
		Scope: entry.Scope{
			Provider: "stripe", AccountID: "acct_xxx", Permissions: []string{"charges:write", "customers:read"},
			WebhookEndpoints: []string{"https://api.example.com/stripe-webhook"},
		},
		Storage: entry.Storage{
			VaultPath:  "secret/payments/stripe-live",
			ConsumedBy: []entry.Consumer{{KubernetesSecret: "payments-stripe-credentials", Namespace: "payments"}},
		},
		Audit: entry.Audit{RotationOwner: "payments-team", RotationFrequencyDays: 365, LastAudit: utc(2026, 4, 1, 0, 0)},
	})
	sameEntry(t, one(t, file(t, "full.yaml")), entry.Entry{
		KeyID: "search-aws-indexer", Description: "Lets the indexer write its segments to S3,\nand read the queue that feeds it.\n",
		OwnerTeam: "search", OwnerIndividual: "bob+keys@example.com",
		CreatedAt: utc(2026, 1, 5, 0, 0), Expiration: utc(2027, 2, 1, 8, 30), LastRotated: utc(2026, 2, 1, 8, 30),
		Scope: entry.Scope{
			Provider: "aws", AccountID: "012345678901", Principal: "svc-indexer", Permissions: []string{"s3:*", "sqs:ReceiveMessage"},
			Justification: "The bucket layout changes weekly until the migration ends in June.",
		},
		Storage: entry.Storage{
			Store: "search-vault", VaultPath: "kv/search/indexer",
			ConsumedBy: []entry.Consumer{
				{HTTPProbe: "https://indexer.internal/.well-known/keyturn"},
				{LastUsed: "provider"},
				{Service: "search/indexer"},
				{Service: "search-backfill"},
			},
		},
		Audit: entry.Audit{RotationOwner: "search-oncall", RotationFrequencyDays: 90, LastAudit: utc(2026, 3, 31, 23, 0)},
		Rotation: keyturn.Policy{
			Overlap: keyturn.Duration(48 * time.Hour), ConsumerDeadline: keyturn.Duration(30 * time.Minute),
			DisabledSoak: keyturn.Duration(90 * time.Minute), QuietFor: keyturn.Duration(12 * time.Hour), MaxExtensions: 5, Approval: true,
			Windows: []keyturn.Window{window(t, "Sat-Sun 02:00-06:00 Europe/Berlin"), window(t, "22:00-04:00 UTC")},
			SLA:     keyturn.Duration(5 * 24 * time.Hour),
			OnLeak:  keyturn.KillFirst,
			Test: &keyturn.Test{HTTP: &keyturn.HTTPTest{
				Method: "HEAD", URL: "https://s3.eu-west-1.amazonaws.com/indexer",
				Headers: map[string]string{"X-Key": "{key}", "X-Key-Id": "{key_id}"}, Status: 204,
			}},
		},
	})
}

// replaced is good.yaml with one thing changed.
func replaced(t *testing.T, old, new string) string {
	t.Helper()
	good := file(t, "good.yaml")
	if strings.Count(good, old) != 1 {
		t.Fatalf("good.yaml holds %q %d times", old, strings.Count(good, old))
	}
	return strings.Replace(good, old, new, 1)
}

func TestParseFindings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, src, want string }{
		{"unknown field", replaced(t, "owner_team:", "owner_taem:"), "f.yaml:3:1: owner_taem: is no field of an entry; did you mean owner_team?"},
		{"unknown nested field", replaced(t, "  account_id:", "  account:"), "f.yaml:10:3: scope.account: is no field of an entry; did you mean account_id?"},
		{"field of elsewhere", replaced(t, "scope:\n  provider: stripe\n", "provider: stripe\nscope:\n"), "f.yaml:8:1: provider: is no field of an entry; indent it below scope"},
		{"field too deep", replaced(t, "storage:\n", "  owner_team: x\nstorage:\n"), "f.yaml:13:3: scope.owner_team: is no field of an entry; move it to the left, out of scope"},
		{"field unlike any", replaced(t, "  rotation_owner: payments-team\n", "  zebra: 1\n"), "f.yaml:19:3: audit.zebra: is no field of an entry; the fields here are rotation_owner, rotation_frequency_days, last_audit"},
		{"in a list", replaced(t, "      namespace: payments", "      namespac: payments"), "f.yaml:17:7: storage.consumed_by[0].namespac: is no field of an entry; did you mean namespace?"},
		{"repeated field", replaced(t, "audit:\n", "key_id: another\naudit:\n"), "f.yaml:18:1: key_id: is given twice, first on line 1; keep one of them"},
		{"number for text", replaced(t, "acct_xxx", "111122223333"), "f.yaml:10:15: scope.account_id: must be text, and YAML reads this as a number or a truth value; put it in quotes"},
		{"octal for text", replaced(t, "acct_xxx", "012345670123"), "f.yaml:10:15: scope.account_id: must be text, and YAML"},
		{"text for number", replaced(t, "days: 365", `days: "365"`), "f.yaml:20:28: audit.rotation_frequency_days: must be a whole number; write it in digits, without quotes"},
		{"fraction for number", replaced(t, "days: 365", "days: 36.5"), "f.yaml:20:28: audit.rotation_frequency_days: must be a whole number"},
		{"huge number", replaced(t, "days: 365", "days: 99999999999999999999"), "f.yaml:20:28: audit.rotation_frequency_days: must be a whole number"},
		{"text for list", replaced(t, `["charges:write", "customers:read"]`, "charges:write"), `f.yaml:11:16: scope.permissions: must be a list; begin each of its values with "- ", also when there is only one`},
		{"list for text", replaced(t, "owner_team: payments", "owner_team: [payments]"), "f.yaml:3:13: owner_team: must be text; write a single value"},
		{"text for mapping", replaced(t, "audit:\n", "rotation: often\naudit:\n"), "f.yaml:18:11: rotation: must be a mapping of fields to values; indent its fields below it"},
		{"truth as text", replaced(t, "audit:\n", "rotation: {approval: \"true\"}\naudit:\n"), "f.yaml:18:22: rotation.approval: must be true or false"},
		{"no value", replaced(t, " payments\nowner_ind", "\nowner_ind"), "f.yaml:3:"},
		{"no value", replaced(t, " payments\nowner_ind", "\nowner_ind"), "owner_team: is empty; write a value"},
		{"null in list", replaced(t, `"customers:read"]`, "~]"), "scope.permissions[1]: is empty"},
		{"bad time", replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: next year"), "f.yaml:6:13: expiration: is not a time; write one such as 2026-04-01T10:00:00Z, or a day"},
		{"no such day", replaced(t, "last_audit: 2026-04-01", "last_audit: 2026-02-30"), "f.yaml:21:15: audit.last_audit: is not a time"},
		{"time without zone", replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: 2027-04-01T10:00:00"), "f.yaml:6:13: expiration: is not a time"},
		{"bad duration", replaced(t, "audit:\n", "rotation:\n  overlap: soon\naudit:\n"), "f.yaml:19:12: rotation.overlap: is not a duration; write one such as 90s, 15m, 24h or 7d"},
		{"duration without unit", replaced(t, "audit:\n", "rotation:\n  overlap: 24\naudit:\n"), "f.yaml:19:12: rotation.overlap: is not a duration"},
		{"negative duration", replaced(t, "audit:\n", "rotation:\n  overlap: -24h\naudit:\n"), "f.yaml:19:12: rotation.overlap: is not a duration"},
		{"bad window", replaced(t, "audit:\n", "rotation:\n  windows:\n    - Sat 02:00-06:00\n    - Samstag 02:00-06:00\naudit:\n"), "f.yaml:21:7: rotation.windows[1]: names a day that is none of Mon, Tue, Wed, Thu, Fri, Sat, Sun; write days as in Sat, Mon-Fri or Mon,Wed,Fri"},
		{"window in a zone of its own", replaced(t, "audit:\n", "rotation:\n  windows: [Sat 02:00-06:00 Europe/Bremen]\naudit:\n"), "f.yaml:19:13: rotation.windows[0]: is in a time zone that is not known; write a name of the IANA time zone database, such as Europe/Berlin or UTC"},
		{"window of nothing", replaced(t, "audit:\n", "rotation: {windows: ['']}\naudit:\n"), "f.yaml:18:22: rotation.windows[0]: has no times where they belong; write it as in"},
		{"window as a number", replaced(t, "audit:\n", "rotation: {windows: [2]}\naudit:\n"), "rotation.windows[0]: must be text; write a single value"},
		{"window as a mapping", replaced(t, "audit:\n", "rotation:\n  windows:\n    - Sat: 02:00-06:00\naudit:\n"), "rotation.windows[0]: must be text"},
		{"windows without a list", replaced(t, "audit:\n", "rotation: {windows: Sat 02:00-06:00}\naudit:\n"), "rotation.windows: must be a list"},
		{"header", replaced(t, "audit:\n", "rotation: {test: {http: {url: x, headers: {A: 1}}}}\naudit:\n"), "rotation.test.http.headers.A: must be text"},
		{"field name no text", replaced(t, "audit:\n", "12: x\naudit:\n"), "f.yaml:18:1: has a field name that is not text"},
		{"tab", replaced(t, "  provider:", "\tprovider:"), "f.yaml:9:1: is indented with a tab, which YAML forbids; indent with spaces"},
		{"not UTF-8", replaced(t, "Stripe live", "Stripe\xff live"), "f.yaml:2:21: is not UTF-8 here; save the file as UTF-8"},
		{"UTF-16", "\xff\xfek\x00", "f.yaml:1:1: is not UTF-8"},
		{"control character", replaced(t, "Stripe live", "Stripe\x00 live"), "f.yaml:2:21: holds a control character; remove it"},
		{"anchor", replaced(t, "owner_team: payments", "owner_team: &x payments"), "f.yaml:3:13: uses a YAML anchor, alias or merge"},
		{"alias", replaced(t, "owner_team: payments", "owner_team: *x"), "uses a YAML anchor, alias or merge"},
		{"unquoted star", replaced(t, `["charges:write", "customers:read"]`, "[*]"), "uses a YAML anchor, alias or merge; write the value out; if it is text, put it in quotes"},
		{"merge", replaced(t, "scope:\n", "scope:\n  <<: {}\n"), "uses a YAML anchor, alias or merge"},
		{"tag", replaced(t, "owner_team: payments", "owner_team: !!str payments"), "uses a YAML tag"},
		{"directive", "%YAML 1.2\n---\n", "f.yaml:1:1: uses a YAML tag, directive"},
		{"nested too deeply", strings.Repeat("[", 100_000), "is nested too deeply"},
		{"list in list in list", strings.Repeat("- ", 100_000), "is nested too deeply"},
		{"unclosed quote", replaced(t, `service"`, `service`), "is not valid YAML"},
		{"unclosed list", replaced(t, `"customers:read"]`, `"customers:read"`), "is not valid YAML"},
		{"bad indentation", replaced(t, "  account_id:", "   account_id:"), "is not valid YAML"},
		{"only text", "hello", "f.yaml:1:1: is not a mapping of fields to values"},
		{"a list", "- a\n- b\n", "is not a mapping of fields to values"},
		{"empty", "", "f.yaml:1:1: holds no entry"},
		{"only comments", "# nothing\n---\n\n", "f.yaml:1:1: holds no entry"},
		{"too long", "description: " + strings.Repeat("x", 1<<20), "f.yaml:1:1: is longer than 1 MiB"},
		{"too many values", strings.Repeat("a:\n", 50_000), "holds too many values"},
	} {
		entries, findings := entry.Parse("f.yaml", []byte(c.src))
		if len(entries) > 0 || !contains(findings, c.want) {
			t.Errorf("%s: %d entries, findings\n\t%v\nwant\n\t%s", c.name, len(entries), findings, c.want)
		}
		for _, f := range findings {
			if f.File != "f.yaml" || f.Line < 1 || f.Column < 1 || f.Problem == "" || f.Mend == "" {
				t.Errorf("%s: incomplete finding %+v", c.name, f)
			}
		}
	}
}

func contains(findings []entry.Finding, want string) bool {
	for _, f := range findings {
		if strings.Contains(f.String(), want) {
			return true
		}
	}
	return false
}

func TestAllFindingsAtOnce(t *testing.T) {
	t.Parallel()
	_, findings := entry.Parse("f.yaml", []byte("key_id: 1\nowner_taem: x\nscope:\n  permissions: all\n  zebra: 1\nexpiration: never\n"))
	if len(findings) != 5 {
		t.Errorf("%d findings, want 5: %v", len(findings), findings)
	}
	_, findings = entry.Parse("f.yaml", []byte(strings.Repeat("a: b\n", 4000)))
	if len(findings) == 0 || len(findings) > 50 {
		t.Errorf("%d findings, want at most 50", len(findings))
	}
}

func TestFindingsDoNotQuoteValues(t *testing.T) {
	t.Parallel()
	const canary = "CANARY"
	good := file(t, "good.yaml")
	for _, line := range strings.Split(strings.TrimSpace(good), "\n") {
		name, _, _ := strings.Cut(line, ":")
		for _, value := range []string{canary, "[" + canary + ": {", "'" + canary, `"` + canary + `\q"`, "{" + canary + "}", "*" + canary, "!" + canary, "|" + canary, canary + ": " + canary + ": x"} {
			src := strings.Replace(good, line, name+": "+value, 1)
			_, findings := entry.Parse("f.yaml", []byte(src))
			for _, f := range findings {
				if strings.Contains(strings.ReplaceAll(f.String(), f.Field, ""), canary) {
					t.Errorf("%s: %s: finding quotes the value: %s", name, value, f)
				}
			}
		}
	}
}

func TestWindowFindingsDoNotQuote(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"CANARY", "CANARY 02:00-06:00", "Sat 0CANARY-06:00", "Sat 02:00-0CANARY", "Sat 02:00-06:00 CANARY", "Sat 02:00-06:00 UTC CANARY"} {
		_, findings := entry.Parse("f.yaml", []byte(replaced(t, "audit:\n", "rotation: {windows: ['"+text+"']}\naudit:\n")))
		if len(findings) != 1 || strings.Contains(findings[0].String(), "CANARY") {
			t.Errorf("%s: findings %v", text, findings)
		}
	}
}

func TestManyDocuments(t *testing.T) {
	t.Parallel()
	good := file(t, "good.yaml")
	doc := func(id string) string { return strings.Replace(good, "payments-stripe-live-001", id, 1) }
	src := "\ufeff# first\n---\n" + doc("one") + "...\n" + doc("two") + "--- # three\n" + strings.ReplaceAll(doc("three"), "\n", "\r\n") +
		"---\nkey_id: [\n---\n" + doc("four") + "---\n"
	entries, findings := entry.Parse("many.yaml", []byte(src))
	var ids []string
	for _, e := range entries {
		ids = append(ids, e.KeyID)
		if e.File() != "many.yaml" {
			t.Errorf("file is %q", e.File())
		}
	}
	if d := cmp.Diff([]string{"one", "two", "three", "four"}, ids); d != "" {
		t.Errorf("entries (-want +got):\n%s", d)
	}
	lines := strings.Count(good, "\n")
	if want := fmt.Sprintf("many.yaml:%d:", 2+lines+1+lines+1+lines+2); len(findings) != 1 || !strings.HasPrefix(findings[0].String(), want) {
		t.Errorf("findings are %v, want one at %s", findings, want)
	}
	// Lines are counted over the whole file.
	clashes := entry.Validate(entries[:2], entry.DefaultRules(now()))
	if want := fmt.Sprintf("many.yaml:%d:3: storage.vault_path: is already the path of the entry at many.yaml:16", 2+lines+1+14); !contains(clashes, want) {
		t.Errorf("findings are %v, want %s", clashes, want)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := file(t, "good.yaml")
	for _, name := range []string{"b/two.yml", "a/one.yaml", "a/deep/er/three.YAML", ".git/no.yaml", "b/.hidden.yaml", "readme.md", "empty/x"} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(good), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "nowhere"), filepath.Join(dir, "b", "broken.yaml")); err != nil {
		t.Fatal(err)
	}
	var files []string
	var findings []entry.Finding
	for e, f := range entry.Read(dir, filepath.Join(dir, "readme.md"), filepath.Join(dir, "absent.yaml"), filepath.Join(dir, "empty")) {
		if findings = append(findings, f...); len(f) == 0 {
			rel, _ := filepath.Rel(dir, e.File())
			files = append(files, filepath.ToSlash(rel))
		}
	}
	if d := cmp.Diff([]string{"a/deep/er/three.YAML", "a/one.yaml", "b/two.yml", "readme.md"}, files); d != "" {
		t.Errorf("files (-want +got):\n%s", d)
	}
	for _, want := range []string{"broken.yaml:1:1: cannot be read", "absent.yaml:1:1: cannot be read", "empty:1:1: holds no *.yaml file"} {
		if !contains(findings, want) {
			t.Errorf("findings are %v, want %s", findings, want)
		}
	}
	for range entry.Read(dir) { // stopping early is clean
		break
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(file(f, "good.yaml")))
	f.Add([]byte(file(f, "full.yaml")))
	f.Add([]byte("a: &b\n- *b\n---\n? x\n: !!y z\n"))
	f.Add([]byte("a: |\n  b\n c: >-\n\td\n"))
	f.Add([]byte("{a: [1, 0x2, 3.0, ~, .inf, .nan], 'b': \"\\u0000\"}"))
	f.Add([]byte("- - - a\n-- \n...\n%A\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		entries, findings := entry.Parse("f.yaml", src)
		lines := strings.Count(string(src), "\n") + 1
		for _, fd := range append(findings, entry.Validate(entries, entry.DefaultRules(now()))...) {
			if fd.Line < 1 || fd.Line > lines+1 || fd.Column < 1 || fd.Problem == "" || fd.Mend == "" {
				t.Fatalf("bad finding %+v in %d lines", fd, lines)
			}
		}
		if len(entries)+len(findings) == 0 {
			t.Fatal("neither an entry nor a finding")
		}
		for _, e := range entries {
			out, err := entry.Marshal(e)
			if err != nil {
				t.Fatalf("Marshal: %v", err)
			}
			again, findings := entry.Parse("again.yaml", out)
			if len(findings) > 0 || len(again) != 1 {
				t.Fatalf("what Marshal wrote gives %d entries and %v:\n%s", len(again), findings, out)
			}
			if d := cmp.Diff(e.Key(), again[0].Key(), cmpopts.EquateEmpty()); d != "" {
				t.Fatalf("round trip (-want +got):\n%s\n%s", d, out)
			}
		}
	})
}
