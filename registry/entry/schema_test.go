package entry_test

import (
	"bytes"
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/keyturn/keyturn/registry/entry"
)

type node = map[string]any

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(entry.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("entry.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("entry.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fits(t *testing.T, s *jsonschema.Schema, src string) error {
	t.Helper()
	asJSON, err := yaml.YAMLToJSON([]byte(src))
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}

func TestSchemaAcceptsWhatTheRulesAccept(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	for _, name := range []string{"good.yaml", "full.yaml"} {
		if err := fits(t, s, file(t, name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		out, err := entry.Marshal(one(t, file(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		if err := fits(t, s, string(out)); err != nil {
			t.Errorf("%s as exported: %v\n%s", name, err, out)
		}
	}
}

// TestSchemaAndRulesRefuseTheSame holds the schema to be no stricter than the
// rules, which have the last word.
func TestSchemaAndRulesRefuseTheSame(t *testing.T) {
	t.Parallel()
	s := compiled(t)
	rotation := func(lines string) string { return replaced(t, "audit:\n", "rotation:\n"+lines+"\naudit:\n") }
	for name, src := range map[string]string{
		"unknown field":      replaced(t, "owner_team:", "owner_taem:"),
		"unknown in scope":   replaced(t, "  account_id:", "  account: x\n  account_id:"),
		"bad id":             replaced(t, "payments-stripe-live-001", "alice@example.com"),
		"short purpose":      replaced(t, "Stripe live API key for payments service", "Stripe"),
		"no team":            replaced(t, "owner_team: payments\n", ""),
		"no mail address":    replaced(t, "alice@example.com", "alice"),
		"no expiry":          replaced(t, "expiration: 2027-04-01T10:00:00Z\n", ""),
		"bad time":           replaced(t, "expiration: 2027-04-01T10:00:00Z", "expiration: soon"),
		"number for text":    replaced(t, "acct_xxx", "12"),
		"no permissions":     replaced(t, `["charges:write", "customers:read"]`, "[]"),
		"text for list":      replaced(t, `["charges:write", "customers:read"]`, "all"),
		"empty consumer":     replaced(t, "    - kubernetes_secret: \"payments-stripe-credentials\"\n      namespace: payments\n", "    - {}\n"),
		"two consumers":      replaced(t, "      namespace: payments", "      namespace: payments\n      service: x"),
		"last used":          replaced(t, "      namespace: payments", "      namespace: payments\n    - last_used: me"),
		"too rarely":         replaced(t, "days: 365", "days: 366"),
		"bad duration":       rotation("  overlap: soon"),
		"number as duration": rotation("  overlap: 24"),
		"bad day":            rotation("  windows: [Samstag 02:00-06:00]"),
		"bad clock":          rotation("  windows: ['Sat 2:00-25:00']"),
		"bad zone":           rotation("  windows: ['Sat 02:00-06:00 berlin']"),
		"no windows":         rotation("  windows: []"),
		"window twice":       rotation("  windows: [Sat 02:00-06:00, Sat 02:00-06:00]"),
		"window of spaces":   rotation("  windows: ['Sat  02:00-06:00']"),
		"number as SLA":      rotation("  sla: 7"),
		"unknown on_leak":    rotation("  on_leak: panic"),
		"no extensions":      rotation("  max_extensions: 0"),
		"test of both":       rotation("  test: {http: {url: 'https://x'}, command: {argv: [x]}}"),
		"test of nothing":    rotation("  test: {}"),
		"bad method":         rotation("  test: {http: {url: 'https://x', method: get}}"),
		"bad status":         rotation("  test: {http: {url: 'https://x', status: 7}}"),
	} {
		if fits(t, s, src) == nil {
			t.Errorf("%s: the schema accepts it", name)
		}
		entries, findings := entry.Parse("f.yaml", []byte(src))
		if findings = append(findings, entry.Validate(entries, entry.DefaultRules(now()))...); len(findings) == 0 {
			t.Errorf("%s: the rules accept it", name)
		}
	}
}

// TestSchemaHasEveryField walks schema and structs side by side.
func TestSchemaHasEveryField(t *testing.T) {
	t.Parallel()
	var root node
	if err := json.Unmarshal(entry.Schema(), &root); err != nil {
		t.Fatal(err)
	}
	compareFields(t, root, root, reflect.TypeFor[entry.Entry](), "entry")
}

func compareFields(t *testing.T, root, at node, typ reflect.Type, path string) {
	t.Helper()
	if ref, ok := at["$ref"].(string); ok {
		at = root["$defs"].(node)[strings.TrimPrefix(ref, "#/$defs/")].(node)
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if typ.Kind() == reflect.Slice {
		items, ok := at["items"].(node)
		if !ok {
			t.Errorf("%s: the schema does not say what is in the list", path)
			return
		}
		compareFields(t, root, items, typ.Elem(), path+"[]")
		return
	}
	if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || typ.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return
	}
	for _, option := range asList(at["anyOf"]) { // a consumer may also be text
		if option["type"] == "object" {
			at = option
		}
	}
	if at["additionalProperties"] != false {
		t.Errorf("%s: the schema allows unknown fields", path)
	}
	properties := at["properties"].(node)
	var want, got []string
	for i := range typ.NumField() {
		f := typ.Field(i)
		if !f.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		want = append(want, name)
		if p, ok := properties[name].(node); ok {
			compareFields(t, root, p, f.Type, path+"."+name)
			if p["description"] == nil && p["$ref"] == nil {
				t.Errorf("%s.%s: the schema does not explain it", path, name)
			}
		}
	}
	for name := range properties {
		got = append(got, name)
	}
	slices.Sort(want)
	slices.Sort(got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s: fields of the struct and of the schema (-struct +schema):\n%s", path, d)
	}
}

func asList(v any) (out []node) {
	list, _ := v.([]any)
	for _, item := range list {
		out = append(out, item.(node))
	}
	return out
}
