package entry_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry/entry"
)

func TestGoodEntriesPass(t *testing.T) {
	t.Parallel()
	rules := entry.DefaultRules(now())
	rules.Providers = []string{"aws", "stripe"}
	findings := entry.Validate([]entry.Entry{one(t, file(t, "good.yaml")), one(t, file(t, "full.yaml"))}, rules)
	if len(findings) > 0 {
		t.Errorf("findings %v", findings)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	const permissions = `["charges:write", "customers:read"]`
	const consumers = "    - kubernetes_secret: \"payments-stripe-credentials\"\n      namespace: payments\n"
	rotation := func(lines string) string { return replaced(t, "audit:\n", "rotation:\n"+lines+"\naudit:\n") }
	for _, c := range []struct{ name, src, want string }{
		{"no id", replaced(t, "key_id: payments-stripe-live-001\n", ""), "keys.yaml:1:1: key_id: is missing"},
		{"id in capitals", replaced(t, "payments-stripe-live-001", "Payments"), "keys.yaml:1:1: key_id: is not a valid id"},
		{"id too short", replaced(t, "payments-stripe-live-001", "ab"), "key_id: is not a valid id"},
		{"id too long", replaced(t, "payments-stripe-live-001", strings.Repeat("a", 101)), "key_id: is not a valid id"},
		{"id is an address", replaced(t, "payments-stripe-live-001", "alice@example.com"), "key_id: is not a valid id"},
		{"id begins with a dot", replaced(t, "payments-stripe-live-001", ".abc"), "key_id: is not a valid id"},

		{"no purpose", replaced(t, "description: \"Stripe live API key for payments service\"\n", ""), "description: is missing; say what the key is for"},
		{"placeholder", replaced(t, "Stripe live API key for payments service", "TODO: describe this key properly"), "keys.yaml:2:1: description: is a placeholder"},
		{"placeholder tbd", replaced(t, "Stripe live API key for payments service", "tbd"), "description: is a placeholder"},
		{"only dots", replaced(t, "Stripe live API key for payments service", "............"), "description: is a placeholder"},
		{"one word", replaced(t, "Stripe live API key for payments service", "Stripe"), "description: says too little"},
		{"the id again", replaced(t, "Stripe live API key for payments service", "Payments-stripe-live-001"), "description: says too little"},

		{"no team", replaced(t, "owner_team: payments\n", ""), "keys.yaml:1:1: owner_team: is missing; name the one team"},
		{"blank team", replaced(t, "owner_team: payments", `owner_team: " "`), "keys.yaml:3:1: owner_team: is missing"},
		{"shared team", replaced(t, "owner_team: payments", "owner_team: shared"), "keys.yaml:3:1: owner_team: names no single team"},
		{"team ending in shared", replaced(t, "owner_team: payments", "owner_team: payments-shared"), "owner_team: names no single team"},
		{"everyone", replaced(t, "owner_team: payments", "owner_team: Everyone"), "owner_team: names no single team"},
		{"no person", replaced(t, "owner_individual: alice@example.com\n", ""), "owner_individual: is missing"},
		{"person without domain", replaced(t, "alice@example.com", "alice"), "keys.yaml:4:1: owner_individual: is not an e-mail address"},
		{"person with a name", replaced(t, "alice@example.com", `"Alice <alice@example.com>"`), "owner_individual: is not an e-mail address"},
		{"two persons", replaced(t, "alice@example.com", `"alice@example.com, bob@example.com"`), "owner_individual: is not an e-mail address"},
		{"shared address", replaced(t, "alice@example.com", "payments-shared@example.com"), "owner_individual: is a shared address"},
		{"team's address", replaced(t, "alice@example.com", "payments@example.com"), "owner_individual: is the address of a team"},
		{"team's list", replaced(t, "alice@example.com", "payments-team+keys@example.com"), "owner_individual: is the address of a team"},

		{"no creation", replaced(t, "created_at: 2026-04-01T10:00:00Z\n", ""), "created_at: is missing"},
		{"created in the future", replaced(t, "created_at: 2026-04-01T10:00:00Z", "created_at: 2026-05-01"), "keys.yaml:5:1: created_at: lies in the future"},
		{"rotated in the future", replaced(t, "last_rotated: 2026-04-01T10:00:00Z", "last_rotated: 2026-05-01"), "keys.yaml:7:1: last_rotated: lies in the future"},
		{"rotated before creation", replaced(t, "last_rotated: 2026-04-01T10:00:00Z", "last_rotated: 2026-03-01"), "last_rotated: is before created_at"},
		{"reviewed before creation", replaced(t, "last_audit: 2026-04-01", "last_audit: 2026-03-31"), "keys.yaml:21:3: audit.last_audit: is before created_at"},
		{"no expiry", replaced(t, "expiration: 2027-04-01T10:00:00Z\n", ""), "expiration: is missing; let the key end at most 1 year after last_rotated"},
		{"expiry too late", replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: 2027-04-01T10:00:01Z"), "keys.yaml:6:1: expiration: is more than 1 year after last_rotated; write 2027-04-01 or earlier"},
		{"expiry before rotation", replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: 2026-04-01"), "expiration: is not after last_rotated"},
		{"expired", replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: 2026-04-14"), "expiration: is past; rotate the key"},
		{"overdue", replaced(t, "days: 365", "days: 10"), "keys.yaml:7:1: last_rotated: makes the key overdue for rotation since 2026-04-11"},
		{"no interval", replaced(t, "  rotation_frequency_days: 365\n", ""), "keys.yaml:18:1: audit.rotation_frequency_days: is missing; rotate every 1 to 365 days"},
		{"interval zero", replaced(t, "days: 365", "days: 0"), "audit.rotation_frequency_days: is 0"},
		{"interval negative", replaced(t, "days: 365", "days: -5"), "audit.rotation_frequency_days: is -5"},
		{"interval too long", replaced(t, "days: 365", "days: 366"), "keys.yaml:20:3: audit.rotation_frequency_days: is 366; rotate every 1 to 365 days"},

		{"no provider", replaced(t, "  provider: stripe\n", ""), "keys.yaml:8:1: scope.provider: is missing"},
		{"unknown provider", replaced(t, "provider: stripe", "provider: stirpe"), `keys.yaml:9:3: scope.provider: "stirpe" is no known provider; did you mean stripe?`},
		{"no account", replaced(t, "  account_id: acct_xxx\n", ""), "scope.account_id: is missing"},
		{"no permissions", replaced(t, permissions, "[]"), "keys.yaml:11:3: scope.permissions: is missing"},
		{"empty permission", replaced(t, permissions, `["a:read", ""]`), "keys.yaml:11:27: scope.permissions[1]: is empty"},
		{"permission twice", replaced(t, permissions, `[a, a]`), "scope.permissions[1]: is listed twice"},
		{"no scope", replaced(t, "scope:\n  provider: stripe\n  account_id: acct_xxx\n  permissions: [\"charges:write\", \"customers:read\"]\n  webhook_endpoints: [\"https://api.example.com/stripe-webhook\"]\n", ""), "scope.provider: is missing"},
		{"webhook", replaced(t, "https://api.example.com/stripe-webhook", "api.example.com"), "scope.webhook_endpoints[0]: is not a web address"},
		{"webhook with a password", replaced(t, "https://api.example.com/", "https://a:b@api.example.com/"), "scope.webhook_endpoints[0]: holds a user name or password"},
		{"thin justification", replaced(t, permissions, "[\"*\"]\n  justification: we need it"), "keys.yaml:12:3: scope.justification: a broad scope needs a justification; say in a sentence"},
		{"placeholder justification", replaced(t, permissions, "[\"*\"]\n  justification: TODO write why this is needed at all one day"), "scope.justification: a broad scope needs"},

		{"no path", replaced(t, "  vault_path: \"secret/payments/stripe-live\"\n", ""), "keys.yaml:13:1: storage.vault_path: is missing"},
		{"path with slash", replaced(t, "secret/payments/stripe-live", "/secret/x"), "keys.yaml:14:3: storage.vault_path: is not a clean path"},
		{"path with dots", replaced(t, "secret/payments/stripe-live", "secret/../x"), "storage.vault_path: is not a clean path"},

		{"two consumers in one", replaced(t, consumers, "    - {service: a, http_probe: 'https://b'}\n"), "keys.yaml:16:8: storage.consumed_by[0]: must say in exactly one way"},
		{"empty consumer", replaced(t, consumers, "    - {}\n"), "storage.consumed_by[0]: must say in exactly one way"},
		{"secret without namespace", replaced(t, "      namespace: payments\n", ""), "storage.consumed_by[0]: names a Kubernetes secret without its namespace"},
		{"namespace of no secret", replaced(t, consumers, "    - {service: payments, namespace: x}\n"), "storage.consumed_by[0].namespace: goes only with kubernetes_secret"},
		{"last used", replaced(t, consumers, "    - last_used: yesterday\n"), "storage.consumed_by[0].last_used: is not provider"},
		{"probe", replaced(t, consumers, "    - http_probe: ftp://x\n"), "storage.consumed_by[0].http_probe: is not a web address"},
		{"consumer twice", replaced(t, consumers, "    - payments\n    - service: payments\n"), "keys.yaml:17:7: storage.consumed_by[1]: is listed twice"},
		{"several teams' services", replaced(t, consumers, "    - payments\n    - recommendations\n    - search\n"), "keys.yaml:15:3: storage.consumed_by: is shared by several teams: payments, recommendations, search; issue one key for each"},
		{"several teams' namespaces", replaced(t, consumers, consumers+"    - {kubernetes_secret: x, namespace: search}\n"), "storage.consumed_by: is shared by several teams: payments, search"},

		{"zero overlap", rotation("  overlap: 0s"), "keys.yaml:19:3: rotation.overlap: is zero, which stands for the default of 1d"},
		{"zero extensions", rotation("  max_extensions: 0"), "rotation.max_extensions: must be at least 1"},
		{"negative extensions", rotation("  max_extensions: -1"), "rotation.max_extensions: must be at least 1"},
		{"endless overlap", rotation("  overlap: 365d"), "rotation.overlap: lasts until the next rotation is due"},
		{"zero SLA", rotation("  sla: 0s"), "keys.yaml:19:3: rotation.sla: is zero, which stands for the default of 7d; leave the line out"},
		{"endless SLA", rotation("  sla: 365d"), "keys.yaml:19:3: rotation.sla: lasts until the next rotation is due; shorten it, or rotate less often"},
		{"unknown answer to leaks", rotation("  on_leak: panic"), "keys.yaml:19:3: rotation.on_leak: is no choice there is; write replace, kill or replace-only"},
		{"no windows", rotation("  windows: []"), "keys.yaml:19:3: rotation.windows: is empty, which stands for any time; leave the line out"},
		{"window twice", rotation("  windows:\n    - Sat 02:00-06:00\n    - Sat 02:00-06:00 UTC"), "keys.yaml:21:7: rotation.windows[1]: is listed twice; keep one of them"},
		{"test of nothing", rotation("  test: {}"), "keys.yaml:19:3: rotation.test: must be one request or one command"},
		{"test of both", rotation("  test: {http: {url: 'https://x'}, command: {argv: [x]}}"), "rotation.test: must be one request or one command"},
		{"test without address", rotation("  test: {http: {method: GET}}"), "rotation.test.http.url: is not a web address"},
		{"test status", rotation("  test: {http: {url: 'https://x', status: 99}}"), "rotation.test.http.status: is no HTTP status"},
		{"test method", rotation("  test: {http: {url: 'https://x', method: get}}"), "rotation.test.http.method: is no HTTP method"},
		{"test without program", rotation("  test: {command: {argv: []}}"), "rotation.test.command.argv: names no program"},
	} {
		rules := entry.DefaultRules(now())
		rules.Providers = []string{"aws", "stripe"}
		findings := entry.Validate([]entry.Entry{one(t, c.src)}, rules)
		if !contains(findings, c.want) {
			t.Errorf("%s: findings\n\t%v\nwant\n\t%s", c.name, findings, c.want)
		}
	}
}

func TestBroadScopes(t *testing.T) {
	t.Parallel()
	check := func(permission string) bool {
		src := replaced(t, `["charges:write", "customers:read"]`, fmt.Sprintf("[%q]", permission))
		findings := entry.Validate([]entry.Entry{one(t, src)}, entry.DefaultRules(now()))
		if len(findings) > 0 && !contains(findings, "scope.permissions[0]: a broad scope needs a justification") {
			t.Errorf("%s: findings %v", permission, findings)
		}
		justified := strings.Replace(src, "scope:\n", "scope:\n  justification: The migration reads every bucket until June.\n", 1)
		if findings := entry.Validate([]entry.Entry{one(t, justified)}, entry.DefaultRules(now())); len(findings) > 0 {
			t.Errorf("%s: with a justification: %v", permission, findings)
		}
		return len(findings) > 0
	}
	for _, p := range []string{
		"*", "*:*", "s3:*", "s3:Get*", "admin", "Admin", "administrator", "AdministratorAccess", "arn:aws:iam::aws:policy/AdministratorAccess",
		"AmazonS3FullAccess", "owner", "roles/owner", "roles/storage.admin", "admin:org", "repo:admin", "*:admin", "root", "full_access", "full-access", "Full Access",
		"cluster-wide", "cluster-admin", "sk_live", "secret key", "Global Administrator", "all", "superuser", "roles/editor",
	} {
		if !check(p) {
			t.Errorf("%s passes as narrow", p)
		}
	}
	for _, p := range []string{
		"charges:write", "customers:read", "s3:GetObject", "repo:status", "read_only", "roles/storage.objectViewer", "administration:read",
		"allocations:read", "logs_read_data", "rk_charges", "domain.read", "Mail.Send", "api.model.read",
	} {
		if check(p) {
			t.Errorf("%s counts as broad", p)
		}
	}
}

func TestOwnServicesAreOneTeam(t *testing.T) {
	t.Parallel()
	const consumers = "    - kubernetes_secret: \"payments-stripe-credentials\"\n      namespace: payments\n"
	rules := entry.DefaultRules(now())
	for name, lines := range map[string]string{
		"named after the team": "    - payments\n    - payments-api\n    - payments-eu\n",
		"team/service":         "    - payments/checkout\n    - payments/billing\n",
		"namespaces":           consumers + "    - {kubernetes_secret: x, namespace: payments-eu}\n    - checkout\n",
		"listed":               "    - {kubernetes_secret: x, namespace: prod}\n    - {kubernetes_secret: x, namespace: staging}\n    - payments\n",
	} {
		rules.Teams = map[string]string{"prod": "payments", "staging": "payments"}
		if findings := entry.Validate([]entry.Entry{one(t, replaced(t, consumers, lines))}, rules); len(findings) > 0 {
			t.Errorf("%s: %v", name, findings)
		}
	}
}

func TestPastedValues(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		"sk_live_" + strings.Repeat("a1", 12), "ghp_" + strings.Repeat("b2", 18), "xoxb-" + strings.Repeat("3", 20),
		"-----BEGIN RSA PRIVATE KEY-----", "sk-proj-" + strings.Repeat("c", 30), "eyJ" + strings.Repeat("d", 20) + ".eyJ" + strings.Repeat("e", 20) + ".x",
	} {
		for _, field := range []string{"Stripe live API key for payments service", "payments-team", "secret/payments/stripe-live"} {
			findings := entry.Validate([]entry.Entry{one(t, replaced(t, field, "x "+value))}, entry.DefaultRules(now()))
			if !contains(findings, "holds what looks like the value of a key") {
				t.Errorf("%s in place of %s: findings %v", value[:8], field, findings)
			}
			for _, f := range findings {
				if strings.Contains(f.String(), value) {
					t.Errorf("finding repeats the value: %s", f)
				}
			}
		}
	}
}

func TestUniqueAcrossFiles(t *testing.T) {
	t.Parallel()
	parse := func(name, src string) entry.Entry {
		entries, findings := entry.Parse(name, []byte(src))
		if len(entries) != 1 {
			t.Fatal(findings)
		}
		return entries[0]
	}
	good := file(t, "good.yaml")
	findings := entry.Validate([]entry.Entry{parse("a.yaml", good), parse("b.yaml", "\n\n"+good), parse("c.yaml", strings.Replace(good, "storage:\n", "storage:\n  store: other\n", 1))}, entry.DefaultRules(now()))
	want := []string{
		`b.yaml:3:1: key_id: "payments-stripe-live-001" is already the id of the entry at a.yaml:1; give each key an id of its own`,
		"b.yaml:16:3: storage.vault_path: is already the path of the entry at a.yaml:14; give each key a path of its own",
		`c.yaml:1:1: key_id: "payments-stripe-live-001" is already the id of the entry at a.yaml:1; give each key an id of its own`,
	}
	if got := fmt.Sprint(findings); got != fmt.Sprint(want) {
		t.Errorf("findings\n\t%s\nwant\n\t%s", got, fmt.Sprint(want))
	}
}

func TestLaggingFiles(t *testing.T) {
	t.Parallel()
	rules := entry.DefaultRules(time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC))
	e := one(t, file(t, "good.yaml"))
	if findings := entry.Validate([]entry.Entry{e}, rules); !contains(findings, "expiration: is past") {
		t.Errorf("findings %v", findings)
	}
	rules.AllowOverdue = true
	if findings := entry.Validate([]entry.Entry{e}, rules); len(findings) > 0 {
		t.Errorf("findings %v", findings)
	}
}
