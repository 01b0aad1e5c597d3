package keyturn_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// floors is the architecture: for each package, the packages of this module
// it may import. The first matching line counts.
var floors = []struct{ pkg, may string }{
	{".", ""},
	// 1: ports, and what only needs the nouns
	{"exchange", "."},
	{"providers", "."},
	{"secrets", "."},
	{"registry", "."},
	{"rollout", "."},
	{"leaks", "."},
	{"synthetic", "."},
	{"tickets", "."},
	{"notices", "."},
	{"people", "."},
	{"fleet", ". registry"},
	// 2: adapters know the nouns, their own port and their own test kit
	{"providers/all", "providers providers/*"},
	{"providers/fake", "."},
	{"providers/providertest", ". providers providers/fake"},
	{"providers/*/*fake", ". providers/fake"},
	{"providers/*", ". exchange providers"},
	{"secrets/secretstest", ". secrets"},
	{"secrets/*", ". secrets"},
	{"registry/registrytest", ". registry"},
	{"registry/rows", ". registry"},
	{"registry/entry", ". registry"},
	{"registry/*", ". registry registry/rows"},
	{"rollout/*", ". rollout"},
	{"tickets/ticketstest", ". tickets providers/fake"},
	{"tickets/*/*fake", "providers/fake"},
	{"tickets/*", ". exchange tickets"},
	{"notices/dispatch", ". notices registry"},
	{"notices/*", ". exchange notices"},
	{"people/*/*fake", ". providers/fake"},
	{"people/scim", ". people registry"},
	{"people/roster", ". people registry"},
	{"people/peopletest", ". people providers/fake"},
	{"people/hr", ". people people/roster registry"},
	{"people/*", ". exchange people"},
	{"leaks/stream", ". leaks"},
	{"leaks/gitleaks", ". leaks leaks/stream"},
	{"leaks/trufflehog", ". leaks leaks/stream"},
	{"leaks/detectsecrets", ". leaks leaks/stream"},
	{"leaks/report", ". leaks leaks/gitleaks leaks/trufflehog leaks/detectsecrets"},
	{"leaks/*/*fake", ". providers/fake"},
	{"leaks/*", ". exchange leaks"},
	{"scan", ". leaks"},
	// 3 and 4: side effects, and the order they happen in
	{"activities", ". fleet people providers secrets registry rollout leaks synthetic tickets"},
	{"workflows", ". activities registry"},
	// 5: what binaries share
	{"config", ". registry registry/postgres registry/sqlite secrets secrets/local secrets/vault"},
	{"dial", "config"},
	{"webhooks", ". leaks people registry tickets workflows"},
	// 6: the binaries. starter links no provider: an operator's laptop needs no
	// vendor credential. A store it reaches only to supply a value made by hand.
	{"worker", ". config dial fleet registry registry/entry activities workflows webhooks leaks synthetic providers providers/all secrets secrets/* rollout rollout/* tickets tickets/* notices notices/* people people/* leaks/*"},
	{"starter", ". config dial fleet leaks leaks/report people people/hr people/roster registry registry/entry activities scan secrets workflows"},
	// servertest starts real servers for tests
	{"servertest", ""},
}

// TestFloors reads the source itself rather than asking the go command, so
// that go test notices when a cached result is stale.
func TestFloors(t *testing.T) {
	t.Parallel()
	const module = "github.com/keyturn/keyturn"
	err := filepath.WalkDir(".", func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (file == "dev" || strings.HasPrefix(d.Name(), ".") && file != ".") {
			return fs.SkipDir // dev is a module of its own and may import anything
		}
		if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") {
			return nil
		}
		src, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		from := filepath.ToSlash(filepath.Dir(file))
		may, ok := allowed(from)
		if !ok {
			t.Errorf("%s is on no floor; give it a line", from)
		}
		for _, spec := range src.Imports {
			imp, _ := strconv.Unquote(spec.Path.Value)
			if to := local(module, imp); to != "" && !matchAny(may, to) {
				t.Errorf("%s must not import %s", file, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// local returns imp relative to module, "." for module itself, and "" for a
// package from elsewhere.
func local(module, imp string) string {
	if imp == module {
		return "."
	}
	if rest, ok := strings.CutPrefix(imp, module+"/"); ok {
		return rest
	}
	return ""
}

func allowed(pkg string) (may string, ok bool) {
	for _, f := range floors {
		if matchAny(f.pkg, pkg) {
			return f.may, true
		}
	}
	return "", false
}

func matchAny(patterns, pkg string) bool {
	for _, p := range strings.Fields(patterns) {
		if ok, _ := path.Match(p, pkg); ok {
			return true
		}
	}
	return false
}
