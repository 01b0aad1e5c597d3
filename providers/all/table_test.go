package all_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/providers/all"
)

const (
	table   = "../../docs/providers.md"
	catalog = "../../starter/providers.json" // the command links no provider, and embeds this
)

var update = flag.Bool("update", false, "write "+table+" and "+catalog+" anew")

// An example is settings a provider opens with, from testdata/NAME.json. A
// provider whose settings decide what it can do has one for each case.
type example struct {
	When     string          `json:"when"`    // the case, in words: "without suspend"; empty for the usual one
	Account  string          `json:"account"` // "account" where nothing is said
	Settings json.RawMessage `json:"settings"`
}

// A listing is what the catalogue says of one folder.
type listing struct {
	Name   string `json:"name"`
	Page   string `json:"page"` // where the README is in this repository
	Cases  []kind `json:"cases"`
	Readme string `json:"readme"`
}

// A kind is one type of provider, found by asking it.
type kind struct {
	When     string   `json:"when,omitempty"`
	Title    string   `json:"title"`
	Docs     string   `json:"docs"`
	Can      []string `json:"can"`
	Cannot   []string `json:"cannot"`
	MaxLive  int      `json:"max_live"`
	Labels   bool     `json:"labels"`
	Settle   string   `json:"settle"`
	UsageLag string   `json:"usage_lag,omitempty"`
}

// without is what happens where a capability is missing, in the order of
// providers.Capabilities.
func without() []struct{ Can, Then string } {
	return []struct{ Can, Then string }{
		{providers.CanMint, "The key is tracked; a person makes the new one in the vendor's console and stores it. Rotating it by workflow is refused and says so."},
		{providers.CanList, "Keys that Keyturn does not know cannot be found, nor can one whose minting was cut short: such providers have no minting either."},
		{providers.CanVerify, "Only the entry's own test tries the value."},
		{providers.CanSuspend, "No disabled soak: the old key is watched until it is quiet and then ended for good. Rolling back is possible until then."},
		{providers.CanRevoke, "A person ends the key in the vendor's console."},
		{providers.CanLastUsed, "Nothing at the vendor shows that an old key went quiet: consumers are asked, and the overlap is longer."},
		{providers.CanIdentify, "A value found somewhere is matched only by the fingerprints kept since it was issued."},
		{providers.CanRevokeValue, "A value alone cannot be ended; the key is revoked by its id."},
		{providers.CanCheckPermissions, "What the administrator credential may do shows when it is first used."},
		{providers.CanReadUses, "A leak says that it is not known what was done with the key; a person looks into the vendor's own log."},
		{providers.CanLocate, "A key that is known by its id only, and that Keyturn does not manage, is left to a person."},
	}
}

// TestTable asks every provider what it can do and holds the documents to the
// answer.
func TestTable(t *testing.T) {
	t.Parallel()
	var listings []listing
	for _, f := range all.Factories() {
		l, err := list(f)
		if err != nil {
			t.Errorf("%s: %v", f.Name, err)
			continue
		}
		listings = append(listings, l)
	}
	if t.Failed() {
		return // a document without one of them would be wrong
	}
	names, err := filepath.Glob("testdata/*.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if name = strings.TrimSuffix(filepath.Base(name), ".json"); !slices.ContainsFunc(listings, func(l listing) bool { return l.Name == name }) {
			t.Errorf("testdata/%s.json is for no provider in Factories", name)
		}
	}
	golden(t, table, markdown(listings))
	golden(t, catalog, encode(t, listings))
}

func list(f providers.Factory) (listing, error) {
	out := listing{Name: f.Name, Page: "providers/" + f.Name + "/README.md"}
	readme, err := os.ReadFile(filepath.Join("..", f.Name, "README.md"))
	if err != nil {
		return out, errors.New("it has no README.md")
	}
	out.Readme = string(readme)
	text, err := os.ReadFile(filepath.Join("testdata", f.Name+".json"))
	if err != nil {
		return out, fmt.Errorf(`write providers/all/testdata/%s.json: a list of [{"settings": {...}}] the provider opens with, and one more with a "when" for each case in which it can do something else`, f.Name)
	}
	var examples []example
	err = strictly(text, &examples)
	if err == nil && len(examples) == 0 {
		err = errors.New("it is empty")
	}
	if err != nil {
		return out, fmt.Errorf("testdata/%s.json: want a list of examples: %w", f.Name, err)
	}
	for _, e := range examples {
		p, err := f.New(providers.Env{
			Account: orAccount(e.Account),
			HTTP:    &http.Client{Transport: noNetwork{}},
			Decode:  func(into any) error { return strictly(e.Settings, into) },
			Now:     time.Now,
			Log:     slog.New(slog.DiscardHandler),
		})
		if err != nil {
			return out, fmt.Errorf("testdata/%s.json: %w", f.Name, err)
		}
		out.Cases = append(out.Cases, ask(p, e.When))
	}
	return out, nil
}

func orAccount(account string) string {
	if account == "" {
		return "account"
	}
	return account
}

func ask(p providers.Provider, when string) kind {
	info, can := p.Info(), providers.Capabilities(p)
	k := kind{
		When: when, Title: info.Title, Docs: info.Docs, Can: append([]string{}, can...), Cannot: []string{},
		MaxLive: info.MaxLive, Labels: info.Labels, Settle: short(info.Settle),
	}
	for _, w := range without() {
		if !slices.Contains(can, w.Can) {
			k.Cannot = append(k.Cannot, w.Can)
		}
	}
	if slices.Contains(can, providers.CanLastUsed) {
		k.UsageLag = short(info.UsageLag)
	}
	return k
}

// TestWithoutKnowsEveryCapability fails when a capability is added and nobody
// says what happens without it.
func TestWithoutKnowsEveryCapability(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../catalog.go")
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, constant := range regexp.MustCompile(`(?m)^\tCan\w+ += "(.+)"$`).FindAllSubmatch(source, -1) {
		want = append(want, string(constant[1]))
	}
	for _, w := range without() {
		got = append(got, w.Can)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("capabilities in catalog.go (-) and explained here (+):\n%s", diff)
	}
}

// noNetwork fails every request: opening a provider makes none.
type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("a provider made a request when it was opened")
}

func strictly(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// golden compares a document with what it should be, or writes it.
func golden(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	const mend = "write it anew: go test ./providers/all -run TestTable -update"
	got, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%s is missing; %s", path, mend)
		return
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("%s is out of date; %s\n(-it says +it should)\n%s", path, mend, diff)
	}
}
