package scan

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/zricethezav/gitleaks/v8/config"
)

// The parts of a .gitleaks.toml, in the order in which they are written.
type rulesFile struct {
	Title      string           `toml:"title,omitempty"`
	Extend     *extendTable     `toml:"extend,omitempty"`
	Rules      []ruleTable      `toml:"rules,omitempty"`
	Allowlists []allowlistTable `toml:"allowlists,omitempty"`
}

type extendTable struct {
	UseDefault bool `toml:"useDefault"`
}

type ruleTable struct {
	ID          string   `toml:"id"`
	Description string   `toml:"description,omitempty"`
	Regex       string   `toml:"regex"`
	SecretGroup int      `toml:"secretGroup,omitempty"`
	Entropy     float64  `toml:"entropy,omitempty"`
	Keywords    []string `toml:"keywords,omitempty"`
	Tags        []string `toml:"tags,omitempty"`
}

type allowlistTable struct {
	Description string   `toml:"description"`
	Paths       []string `toml:"paths,omitempty,multiline"`
	Regexes     []string `toml:"regexes,omitempty,multiline"`
	StopWords   []string `toml:"stopwords,omitempty,multiline"`
}

func (r Rule) table() ruleTable {
	out := ruleTable{r.ID, r.Description, r.Regex, r.SecretGroup, r.Entropy, r.Keywords, nil}
	if r.Provider != "" {
		out.Tags = []string{providerTag + r.Provider}
	}
	return out
}

// toml writes the rules alone, for the engine.
func (c Custom) toml() ([]byte, error) {
	return toml.Marshal(c.file())
}

func (c Custom) file() (out rulesFile) {
	for _, r := range c.Rules {
		out.Rules = append(out.Rules, r.table())
	}
	if a := c.Allow; len(a.Paths)+len(a.Regexes)+len(a.StopWords) > 0 {
		out.Allowlists = append(out.Allowlists, allowlistTable{"what this organisation knows to be no secret", a.Paths, a.Regexes, a.StopWords})
	}
	return out
}

// fixtures are folders of made-up values, by the names that most languages use.
func fixtures() allowlistTable {
	return allowlistTable{Description: "test fixtures", Paths: []string{`(?:^|/)testdata/`, `(?:^|/)tests?/fixtures/`}}
}

// WriteRules writes a .gitleaks.toml that gitleaks, too, understands: its own rules,
// those for the keys of providers that it has none for, the custom rules, and an
// allowlist for test fixtures. The same arguments make the same file. A custom rule
// with a mistake in it is an Invalid error.
func WriteRules(w io.Writer, providers []string, custom Custom) error {
	if err := custom.Check(); err != nil {
		return err
	}
	theirs, err := shipped()
	if err != nil {
		return err
	}
	var head bytes.Buffer
	head.WriteString(rulesHead)
	var added []Rule
	for _, p := range slices.Compact(slices.Sorted(slices.Values(providers))) {
		rules := vendors()[p].rules
		for i := range rules {
			rules[i].Provider = p
		}
		added = append(added, rules...)
		fmt.Fprintf(&head, "#   %-12s %s\n", p, foundBy(p, theirs, append(rules, custom.Rules...)))
	}
	for _, r := range custom.Rules {
		added = slices.DeleteFunc(added, func(a Rule) bool { return a.ID == r.ID })
	}
	file := Custom{append(added, custom.Rules...), custom.Allow}.file()
	file.Title, file.Extend = "rules for the keys of this organisation", &extendTable{UseDefault: true}
	file.Allowlists = append([]allowlistTable{fixtures()}, file.Allowlists...)
	body, err := toml.Marshal(file)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n%s", &head, body)
	return err
}

const rulesHead = `# Written by "keyturn scan rules", for the root of a repository. Write it anew rather
# than change it: rules of your own belong into "scan" in keyturn.yaml.
#
# The keys in the registry, and the rules that find them:
`

// foundBy names the rules that find the keys of a provider.
func foundBy(provider string, theirs *config.ViperConfig, added []Rule) string {
	ids := slices.Clone(vendors()[provider].gitleaks)
	if len(ids) == 0 {
		for _, r := range theirs.Rules {
			if strings.HasPrefix(r.ID, provider+"-") {
				ids = append(ids, r.ID)
			}
		}
	}
	for _, r := range added {
		if r.Provider == provider {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) == 0 {
		return "none; write one with this provider into scan.rules of keyturn.yaml"
	}
	return strings.Join(ids, ", ")
}
