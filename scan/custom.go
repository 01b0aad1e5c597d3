package scan

import (
	"fmt"
	"regexp"
	"slices"
)

// Custom is what an organisation adds to the rules: the formats of its own keys, and
// what is no secret.
type Custom struct {
	Rules []Rule
	Allow Allow
}

// A Rule is one format.
type Rule struct {
	ID          string
	Description string
	Regex       string // in the syntax of Go
	// Keywords are words of which a text must hold one, in any case, to be searched;
	// none means that every text is. They make a scan fast.
	Keywords []string
	// Entropy is the bits for each character that a value must have more than; 0 takes
	// any.
	Entropy float64
	// SecretGroup is the group of Regex that is the value; 0 is the first that is
	// there, or else all of the match.
	SecretGroup int
	Provider    string // whose keys these are, as entries name it
}

// Allow is what is no secret: whatever one of these fits is not reported.
type Allow struct {
	Paths     []string // expressions for the names of files
	Regexes   []string // expressions for values
	StopWords []string // words in values, in any case
}

var ruleID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]*$`)

// Check reports the first mistake as an Invalid error that names the field.
func (c Custom) Check() error {
	for i, r := range c.Rules {
		if field, problem := r.problem(); problem != "" {
			return invalid("rules[%d].%s: %s", i, field, problem)
		}
		if slices.ContainsFunc(c.Rules[:i], func(o Rule) bool { return o.ID == r.ID }) {
			return invalid("rules[%d].id: %q is there twice; give one another name", i, r.ID)
		}
	}
	for _, list := range []struct {
		field       string
		expressions []string
	}{{"paths", c.Allow.Paths}, {"regexes", c.Allow.Regexes}} {
		for i, x := range list.expressions {
			if problem := expression(x); problem != "" {
				return invalid("allow.%s[%d]: %s", list.field, i, problem)
			}
		}
	}
	if i := slices.Index(c.Allow.StopWords, ""); i >= 0 {
		return invalid("allow.stopwords[%d]: an empty word is in every value; take it out", i)
	}
	return nil
}

func (r Rule) problem() (field, problem string) {
	if !ruleID.MatchString(r.ID) {
		return "id", fmt.Sprintf("%q; write letters, digits and dashes", r.ID)
	}
	if p := expression(r.Regex); p != "" {
		return "regex", p
	}
	groups := regexp.MustCompile(r.Regex).NumSubexp()
	switch {
	case slices.Contains(r.Keywords, ""):
		return "keywords", "an empty word is in every text; take it out"
	case r.Entropy < 0 || r.Entropy > 8:
		return "entropy", fmt.Sprintf("%g; write bits for each character, from 0 to 8", r.Entropy)
	case r.SecretGroup < 0 || r.SecretGroup > groups:
		return "secret_group", fmt.Sprintf("%d; the expression has %d groups", r.SecretGroup, groups)
	}
	return "", ""
}

// expression says what is wrong with a regular expression. The engine joins some, so
// one that ends inside a quotation is none.
func expression(x string) string {
	compiled, err := regexp.Compile(x)
	switch {
	case err != nil:
		return err.Error() + "; write it in the syntax of Go, see https://pkg.go.dev/regexp/syntax"
	case compiled.MatchString(""):
		return "this fits every text; write what only a value has"
	}
	if _, err := regexp.Compile("(?:" + x + ")"); err != nil {
		return "this has no end; close what it opens"
	}
	return ""
}
