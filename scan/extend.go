package scan

import (
	"slices"

	"github.com/zricethezav/gitleaks/v8/config"
)

// extend adds to rules what base has, as gitleaks does: a rule of the same id takes
// from base what it does not say itself. gitleaks' own function counts in a package
// variable how often it was called, and does nothing from the third time on.
func extend(rules, base *config.ViperConfig) {
	mine := map[string]int{}
	for i := range rules.Rules {
		mine[rules.Rules[i].ID] = i
	}
	for _, b := range base.Rules {
		if slices.Contains(rules.Extend.DisabledRules, b.ID) {
			continue
		}
		i, ok := mine[b.ID]
		if !ok {
			rules.Rules = append(rules.Rules, b)
			continue
		}
		r := &rules.Rules[i]
		if r.Description == "" {
			r.Description = b.Description
		}
		if r.Regex == "" {
			r.Regex = b.Regex
		}
		if r.Path == "" {
			r.Path = b.Path
		}
		if r.SecretGroup == 0 {
			r.SecretGroup = b.SecretGroup
		}
		if r.Entropy == 0 {
			r.Entropy = b.Entropy
		}
		r.Keywords = append(r.Keywords, b.Keywords...)
		r.Tags = append(r.Tags, b.Tags...)
		r.Allowlists = append(r.Allowlists, b.Allowlists...)
		r.Required = append(r.Required, b.Required...)
		r.SkipReport = r.SkipReport || b.SkipReport
	}
	rules.Allowlists = append(rules.Allowlists, base.Allowlists...)
	rules.Extend = config.Extend{} // done; the engine is not to do it again
}
