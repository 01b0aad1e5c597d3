package entry_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry/entry"
)

func TestKey(t *testing.T) {
	t.Parallel()
	got := one(t, file(t, "full.yaml")).Key()
	want := keyturn.Key{
		ID: "search-aws-indexer", Purpose: "Lets the indexer write its segments to S3,\nand read the queue that feeds it.\n",
		Owner: keyturn.Owner{Team: "search", Person: "bob+keys@example.com"},
		Scope: keyturn.Scope{
			Provider: "aws", Account: "012345678901", Principal: "svc-indexer", Permissions: []string{"s3:*", "sqs:ReceiveMessage"},
			Justification: "The bucket layout changes weekly until the migration ends in June.",
		},
		Storage: keyturn.Storage{
			Secret: keyturn.SecretRef{Store: "search-vault", Path: "kv/search/indexer"},
			Consumers: []keyturn.Consumer{
				{Kind: "http_probe", Name: "https://indexer.internal/.well-known/keyturn"},
				{Kind: "last_used", Name: "provider"},
				{Kind: "service", Name: "search/indexer"},
				{Kind: "service", Name: "search-backfill"},
			},
		},
		Audit:   keyturn.Audit{Team: "search-oncall", EveryDays: 90, LastReviewed: utc(2026, 3, 31, 23, 0)},
		Policy:  one(t, file(t, "full.yaml")).Rotation,
		Created: utc(2026, 1, 5, 0, 0), Expires: utc(2027, 2, 1, 8, 30), Rotated: utc(2026, 2, 1, 8, 30),
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("key (-want +got):\n%s", d)
	}
	if got := one(t, file(t, "good.yaml")).Key().Storage.Secret.Store; got != "default" {
		t.Errorf("an entry without a store is in %q", got)
	}
}

// populate gives every field a value of its own that a file can hold.
func populate(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprintf("text %d: #'\"*&", *n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if v.SetInt(int64(*n)); v.Type() == reflect.TypeFor[keyturn.Duration]() {
			v.SetInt(int64(*n) * int64(time.Second))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		populate(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		populate(v.Index(0), n)
		populate(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"A": "{key}", "B: c": fmt.Sprint(*n)}))
	case reflect.Struct:
		switch v.Type() {
		case reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(utc(2026, 1, 1, 0, *n)))
			return
		case reflect.TypeFor[keyturn.Window]():
			w, err := keyturn.ParseWindow(fmt.Sprintf("Mon,Fri-Sun 22:%02d-04:00 America/Port-au-Prince", *n%60))
			if err != nil {
				panic(err)
			}
			v.Set(reflect.ValueOf(w))
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				populate(v.Field(i), n)
			}
		}
	default:
		panic("teach populate about " + v.Type().String())
	}
}

// intent is a key with every field filled that an entry carries.
func intent() keyturn.Key {
	var key keyturn.Key
	n := 0
	populate(reflect.ValueOf(&key).Elem(), &n)
	key.Generation, key.Ledger, key.Intent, key.Retired, key.Revision = 0, nil, nil, time.Time{}, 0
	key.Storage.Consumers = []keyturn.Consumer{
		{Kind: entry.KubernetesSecret, Name: "a: b", Namespace: "#n"},
		{Kind: entry.HTTPProbe, Name: "https://x/?a=b#c"},
		{Kind: entry.LastUsed, Name: "provider"},
		{Kind: entry.Service, Name: "yes"},
	}
	return key
}

// TestRoundTrip fails for a field of a key that files forget.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	key := intent()
	key.Scope.Account = "0123" // reads as a number unless it is quoted
	key.Purpose = "line one\nline two: 'x'\n\n  indented\n"
	out, err := entry.Marshal(entry.FromKey(key))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(key, one(t, string(out)).Key()); d != "" {
		t.Errorf("round trip (-want +got):\n%s\n%s", d, out)
	}
	again, err := entry.Marshal(one(t, string(out)))
	if err != nil || string(again) != string(out) {
		t.Errorf("written twice, error %v (-first +second):\n%s", err, cmp.Diff(string(out), string(again)))
	}
	sparse, err := entry.Marshal(entry.FromKey(keyturn.Key{ID: "a", Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: "default"}}}))
	if err != nil || strings.Contains(string(sparse), "rotation:") || strings.Contains(string(sparse), "last_rotated") || strings.Contains(string(sparse), "store:") {
		t.Errorf("what was left out is written, error %v:\n%s", err, sparse)
	}
}

func TestMarshalLooksLikeTheFile(t *testing.T) {
	t.Parallel()
	out, err := entry.Marshal(entry.FromKey(one(t, file(t, "good.yaml")).Key()))
	if err != nil {
		t.Fatal(err)
	}
	want := file(t, "good.yaml")
	for _, edit := range [][2]string{
		{`"`, ""},
		{" [charges:write, customers:read]", "\n    - charges:write\n    - customers:read"},
		{" [https://api.example.com/stripe-webhook]", "\n    - https://api.example.com/stripe-webhook"},
	} {
		want = strings.ReplaceAll(want, edit[0], edit[1])
	}
	if d := cmp.Diff(want, string(out)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

// observed is a key in service, with facts that no file knows.
func observed() keyturn.Key {
	key := intent()
	key.Generation = 3
	key.Ledger = []keyturn.Issued{{Generation: 3, RemoteID: "AKIA", State: keyturn.Current}}
	key.Intent = &keyturn.Intent{Run: "run", Operation: keyturn.Rotate, Generation: 4}
	key.Revision = 12
	return key
}

func TestMergeKeepsFacts(t *testing.T) {
	t.Parallel()
	stored := observed()
	want := one(t, file(t, "full.yaml"))
	want.Audit.LastAudit = stored.Audit.LastReviewed.AddDate(0, 0, -1)
	got := entry.Merge(stored, want)

	expected := want.Key()
	expected.ID = stored.ID
	expected.Created, expected.Expires, expected.Rotated = stored.Created, stored.Expires, stored.Rotated
	expected.Generation, expected.Ledger, expected.Intent, expected.Retired, expected.Revision = stored.Generation, stored.Ledger, stored.Intent, stored.Retired, stored.Revision
	expected.Scope.Provider, expected.Scope.Account, expected.Scope.Principal = stored.Scope.Provider, stored.Scope.Account, stored.Scope.Principal
	expected.Storage.Secret = stored.Storage.Secret
	expected.Audit.LastReviewed = stored.Audit.LastReviewed // the later one
	if d := cmp.Diff(expected, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("merged (-want +got):\n%s", d)
	}
	if d := cmp.Diff(observed(), stored); d != "" {
		t.Errorf("Merge changed its argument:\n%s", d)
	}

	// Before anything was issued, the file is all there is.
	waiting := intent()
	waiting.Revision = 2
	expected = want.Key()
	expected.ID, expected.Revision, expected.Audit.LastReviewed = waiting.ID, 2, waiting.Audit.LastReviewed
	if d := cmp.Diff(expected, entry.Merge(waiting, want), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("merged into a key that was never issued (-want +got):\n%s", d)
	}
	if d := cmp.Diff(want.Key(), entry.Merge(keyturn.Key{}, want)); d != "" {
		t.Errorf("merged into nothing (-want +got):\n%s", d)
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	stored := observed()
	same := entry.FromKey(stored)
	if changes := entry.Diff(stored, same); len(changes) > 0 {
		t.Errorf("a key differs from its own entry: %v", changes)
	}
	stale := same
	stale.LastRotated, stale.Expiration = utc(2020, 1, 1, 0, 0), utc(2021, 1, 1, 0, 0)
	stale.Audit.LastAudit = utc(2020, 1, 1, 0, 0)
	if changes := entry.Diff(stored, stale); len(changes) > 0 {
		t.Errorf("facts the registry knows better are a difference: %v", changes)
	}
	want := same
	want.OwnerIndividual = "carol@example.com"
	want.Scope.Permissions = []string{"a", "b, c"}
	want.Storage.ConsumedBy = []entry.Consumer{{Service: "x"}, {KubernetesSecret: "y", Namespace: "z"}}
	want.Rotation.Overlap = 0
	want.Rotation.Windows = []keyturn.Window{window(t, "Mon,Wed 02:00-06:00"), window(t, "Sat 22:00-04:00 Europe/Berlin")}
	want.Rotation.SLA = keyturn.Duration(36 * time.Hour)
	want.Rotation.Test = &keyturn.Test{Command: &keyturn.CommandTest{Argv: []string{"check"}}}
	got := map[string]entry.Change{}
	for _, c := range entry.Diff(stored, want) {
		got[c.Field] = c
	}
	for field, text := range map[string]string{
		"owner_individual": "carol@example.com", "scope.permissions": `a, "b, c"`, "storage.consumed_by": "service x, kubernetes_secret z/y",
		"rotation.windows": `"Mon,Wed 02:00-06:00 UTC", Sat 22:00-04:00 Europe/Berlin`, "rotation.sla": "36h0m0s",
		"rotation.overlap": "", "rotation.test.command.argv": "check", "rotation.test.http.url": "",
	} {
		if c, ok := got[field]; !ok || c.Want != text || c.Have == c.Want {
			t.Errorf("%s: change %+v, want it to become %q", field, c, text)
		}
	}
	if _, ok := got["owner_team"]; ok {
		t.Error("what stays the same is a difference")
	}
	if changes := entry.Diff(keyturn.Key{}, same); len(changes) < 20 || changes[0].Field != "key_id" || changes[0].Have != "" {
		t.Errorf("a new key: %v", changes)
	}
	// What Diff reports and only that is what Merge changes.
	merged := entry.Merge(stored, want)
	if left := entry.Diff(merged, want); len(left) > 0 {
		t.Errorf("after Merge there is still %v", left)
	}
}

func TestCheckEdit(t *testing.T) {
	t.Parallel()
	e := one(t, file(t, "full.yaml"))
	stored := e.Key()
	stored.Generation = 1
	if findings := entry.CheckEdit(stored, e); len(findings) > 0 {
		t.Errorf("nothing changed: %v", findings)
	}
	for field, edit := range map[string]func(*keyturn.Key){
		"keys.yaml:11:3: scope.provider":      func(k *keyturn.Key) { k.Scope.Provider = "gcp" },
		"keys.yaml:12:3: scope.account_id":    func(k *keyturn.Key) { k.Scope.Account = "1" },
		"keys.yaml:13:3: scope.principal":     func(k *keyturn.Key) { k.Scope.Principal = "root" },
		"keys.yaml:20:3: storage.store":       func(k *keyturn.Key) { k.Storage.Secret.Store = "default" },
		"keys.yaml:21:3: storage.vault_path":  func(k *keyturn.Key) { k.Storage.Secret.Path = "elsewhere" },
		"keys.yaml:1:1: key_id: is the id of": func(k *keyturn.Key) { k.Retired = now() },
	} {
		other := stored
		edit(&other)
		if findings := entry.CheckEdit(other, e); len(findings) != 1 || !contains(findings, field) {
			t.Errorf("%s: findings %v", field, findings)
		}
		if other.Retired.IsZero() {
			other.Generation = 0 // nothing issued yet: a mistake in the file can be corrected
			if findings := entry.CheckEdit(other, e); len(findings) > 0 {
				t.Errorf("%s: of a key that was never issued: %v", field, findings)
			}
		}
	}
	if findings := entry.CheckEdit(keyturn.Key{}, e); len(findings) > 0 {
		t.Errorf("a new key: %v", findings)
	}
}
