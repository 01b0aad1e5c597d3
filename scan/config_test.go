package scan

import (
	"strings"
	"testing"
)

const withDefaults = "[extend]\nuseDefault = true\n"

func acme(end string) string { return "acme_" + "live_" + "k3v9q0x7m2p5t8w1" + end }

func custom(more ...Rule) Custom {
	return Custom{Rules: append([]Rule{{
		ID: "acme-api-key", Description: "Acme API key", Regex: `acme_(?:live|test)_[a-z0-9]{16,17}`, Keywords: []string{"ACME_"}, Provider: "acme",
	}}, more...)}
}

// TestRules: which rules hold.
func TestRules(t *testing.T) {
	t.Parallel()
	const (
		stripe = "a.txt:stripe-access-token:1"
		acmes  = "b.txt:acme-api-key:1"
		paper  = "c.txt:paper:1"
	)
	for name, c := range map[string]struct {
		toml, other string
		request     Request
		want        []string
	}{
		"gitleaks' own":               {want: []string{stripe}},
		"and custom ones":             {request: Request{Custom: custom()}, want: []string{stripe, acmes}},
		"those of the repository":     {toml: "[[rules]]\nid = 'paper'\nregex = 'paper-[0-9]+'\n", want: []string{paper}},
		"and custom ones, too":        {toml: "[[rules]]\nid = 'paper'\nregex = 'paper-[0-9]+'\n", request: Request{Custom: custom()}, want: []string{acmes, paper}},
		"on top of gitleaks' own":     {toml: withDefaults + "[[rules]]\nid = 'paper'\nregex = 'paper-[0-9]+'\n", want: []string{stripe, paper}},
		"switched off":                {toml: withDefaults + "disabledRules = ['stripe-access-token']\n", want: nil},
		"changed":                     {toml: withDefaults + "[[rules]]\nid = 'stripe-access-token'\nentropy = 7.9\n", want: nil},
		"allowed by path":             {toml: withDefaults + "[[allowlists]]\npaths = ['^a']\n", want: nil},
		"allowed the old way":         {toml: withDefaults + "[allowlist]\npaths = ['^a']\n", want: nil},
		"allowed for another rule":    {toml: withDefaults + "[[allowlists]]\ntargetRules = ['jwt']\npaths = ['^a']\n", want: []string{stripe}},
		"allowed for this rule":       {toml: withDefaults + "[[allowlists]]\ntargetRules = ['stripe-access-token']\npaths = ['^a']\n", want: nil},
		"allowed if two things hold":  {toml: withDefaults + "[[allowlists]]\ncondition = 'AND'\npaths = ['^a']\nregexes = ['dc$']\n", want: nil},
		"only one of them":            {toml: withDefaults + "[[allowlists]]\ncondition = 'AND'\npaths = ['^a']\nregexes = ['xx$']\n", want: []string{stripe}},
		"allowed within a rule":       {toml: withDefaults + "[[rules]]\nid = 'stripe-access-token'\n[rules.allowlist]\nregexes = ['dc$']\n", want: nil},
		"allowed by the organisation": {request: Request{Custom: Custom{Allow: Allow{StopWords: []string{"LYJWDARJ"}}}}, want: nil},
		"extended by a file":          {toml: "[extend]\npath = 'other.toml'\n", other: "[[rules]]\nid = 'paper'\nregex = 'paper-[0-9]+'\n", want: []string{paper}},
		"extended twice":              {toml: "[extend]\npath = 'other.toml'\n", other: withDefaults, want: []string{stripe}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			f.write("a.txt", key("")+"\n")
			f.write("b.txt", acme("")+"\n")
			f.write("c.txt", "paper-"+"123\n")
			if c.toml != "" {
				f.write(".gitleaks.toml", c.toml)
			}
			if c.other != "" {
				f.write("other.toml", c.other)
			}
			c.request.What = Directory
			f.wants(c.request, c.want...)
		})
	}
}

// TestRulesFile: a file that is named takes the place of the repository's, and is not
// searched itself.
func TestRulesFile(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write(".gitleaks.toml", "[[rules]]\nid = 'none'\nregex = 'never'\n")
	f.write("ci/rules.toml", "[[rules]]\nid = 'paper'\nregex = 'paper-[0-9]+'\ndescription = 'paper-"+"1'\n")
	f.write("c.txt", "paper-"+"123\n")
	f.wants(Request{What: Directory, RulesFile: f.dir + "/ci/rules.toml"}, "c.txt:paper:1")
}

// TestRulesAgain: gitleaks keeps count, in a package variable, of the files it has
// extended, and from the third on extends none.
func TestRulesAgain(t *testing.T) {
	t.Parallel()
	f := newFolder(t)
	f.write("a.txt", key("")+"\n")
	f.write(".gitleaks.toml", withDefaults)
	for range 4 {
		f.wants(Request{What: Directory}, "a.txt:stripe-access-token:1")
	}
}

func TestBadRules(t *testing.T) {
	t.Parallel()
	rule := func(field string) string { return "[[rules]]\nid = 'paper'\n" + field + "\n" }
	for name, c := range map[string]struct {
		toml  string
		words []string
	}{
		"no TOML":          {"[[rules]\nid = 1", []string{".gitleaks.toml:1:", "this is no TOML; mend the file"}},
		"no rules":         {"rules = 5\n", []string{"these are no rules", "mend the file"}},
		"regex":            {rule("regex = '('"), []string{`rule "paper": regex: `, "missing closing )"}},
		"path":             {rule("regex = 'a'\npath = '('"), []string{`rule "paper": path: `}},
		"rule's allowlist": {rule("regex = 'a'\n[[rules.allowlists]]\nregexes = ['a', '[']"), []string{`rule "paper": allowlist: `}},
		"old allowlist":    {"[allowlist]\npaths = ['(']\n", []string{".gitleaks.toml: allowlist: "}},
		"joined":           {"[[allowlists]]\npaths = ['a', '\\Qb']\n", []string{"allowlist: "}},
		"both":             {"[allowlist]\npaths = ['a']\n[[allowlists]]\npaths = ['a']\n", []string{"allowlist is the old word"}},
		"empty allowlist":  {"[[allowlists]]\ndescription = 'x'\n", []string{"must contain at least one check", "mend the file"}},
		"no such target":   {"[[allowlists]]\ntargetRules = ['x']\npaths = ['a']\n", []string{"'x' does not exist"}},
		"secret group":     {rule("regex = 'a'\nsecretGroup = 2"), []string{"invalid regex secret group 2"}},
		"nothing":          {rule(""), []string{"both |regex| and |path| are empty"}},
		"extend an URL":    {"[extend]\nurl = 'https://example.com'\n", []string{"extend.url: rules are read from files only"}},
		"extend both":      {"[extend]\nuseDefault = true\npath = 'x'\n", []string{"exclude each other"}},
		"extend nothing":   {"[extend]\npath = 'x.toml'\n", []string{"there are no rules at ", "x.toml"}},
		"extend itself":    {"[extend]\npath = '.gitleaks.toml'\n", []string{"extend.path: the third file in a row"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFolder(t)
			f.write(".gitleaks.toml", c.toml)
			refuses(t, Request{What: Directory, Path: f.dir}, c.words...)
		})
	}
	refuses(t, Request{What: Directory, Path: ".", RulesFile: "nowhere.toml"}, "there are no rules at nowhere.toml; name the file that holds them")
}

func TestCheck(t *testing.T) {
	t.Parallel()
	good := Rule{ID: "a", Regex: "b"}
	for want, c := range map[string]Custom{
		"rules[0].id: ":           {Rules: []Rule{{ID: "a:b", Regex: "c"}}},
		"rules[1].id: \"a\" is t": {Rules: []Rule{good, good}},
		"rules[1].regex: error p": {Rules: []Rule{good, {ID: "b", Regex: "("}}},
		"rules[0].regex: this fi": {Rules: []Rule{{ID: "b"}}},
		"rules[0].regex: this ha": {Rules: []Rule{{ID: "b", Regex: `\Qa`}}},
		"rules[0].keywords: ":     {Rules: []Rule{{ID: "b", Regex: "a", Keywords: []string{""}}}},
		"rules[0].entropy: 9":     {Rules: []Rule{{ID: "b", Regex: "a", Entropy: 9}}},
		"rules[0].secret_group: ": {Rules: []Rule{{ID: "b", Regex: "(a)", SecretGroup: 2}}},
		"allow.paths[1]: error p": {Allow: Allow{Paths: []string{"a", "["}}},
		"allow.regexes[0]: this ": {Allow: Allow{Regexes: []string{"a*"}}},
		"allow.stopwords[0]: ":    {Allow: Allow{StopWords: []string{""}}},
	} {
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
		refuses(t, Request{What: Directory, Path: t.TempDir(), Custom: c}, want)
	}
	if err := custom().Check(); err != nil {
		t.Error(err)
	}
}

// TestAllowed: what somebody said to be no secret.
func TestAllowed(t *testing.T) {
	t.Parallel()
	f := newRepo(t)
	f.write("a", key("")+" # gitleaks:allow\n"+key("b")+"\n")
	f.write("d/b", key("")+"\n")
	first := f.commit()
	f.wants(Request{What: Directory}, "a:stripe-access-token:2", "d/b:stripe-access-token:1")
	f.write(".gitleaksignore", "# known\nd/b:stripe-access-token:1\n"+first+":a:stripe-access-token:2\n")
	f.wants(Request{What: Directory}, "a:stripe-access-token:2")
	f.wants(Request{What: Directory, Path: f.dir + "/d"})
	f.wants(Request{What: History})
}
