package main

import (
	"encoding/csv"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// A selector says which keys are meant: those in service that match all of it.
type selector struct {
	text   string // as it was typed
	filter registry.Filter
	// What the registry cannot be asked for.
	key          string    // with * for anything
	issuedBefore time.Time // the generation in use was made before this
}

// A selectorField is one FIELD=VALUE of a selector.
type selectorField struct {
	name, help string
	set        func(s *selector, value string, now time.Time) error
}

// selectorFields are the fields in the order of help.
func selectorFields() []selectorField {
	text := func(into func(*selector) *string) func(*selector, string, time.Time) error {
		return func(s *selector, value string, _ time.Time) error {
			*into(s) = value
			return nil
		}
	}
	return []selectorField{
		{"team", "the team that answers for the key", text(func(s *selector) *string { return &s.filter.OwnerTeam })},
		{"person", "the first person to call for it", text(func(s *selector) *string { return &s.filter.OwnerPerson })},
		{"provider", "who issued it, such as aws", text(func(s *selector) *string { return &s.filter.Provider })},
		{"account", "the provider's account", text(func(s *selector) *string { return &s.filter.Account })},
		{"principal", "whom it authenticates as", text(func(s *selector) *string { return &s.filter.Principal })},
		{"stored-in", "the name of its store, or the kind or name of a consumer", text(func(s *selector) *string { return &s.filter.StoredIn })},
		{"path", "its store path begins with this", text(func(s *selector) *string { return &s.filter.PathPrefix })},
		{"permission", "one of its permissions", text(func(s *selector) *string { return &s.filter.Permission })},
		{"key", "its id, with * for anything", (*selector).setKey},
		{"due", "true: it is due for rotation", (*selector).setDue},
		{"issued-before", "the generation in use was made before this time", (*selector).setIssuedBefore},
	}
}

func selectorNames() []string {
	var names []string
	for _, f := range selectorFields() {
		names = append(names, f.name)
	}
	return names
}

// parseSelector reads FIELD=VALUE,FIELD=VALUE. A value with a comma is quoted as
// in CSV, together with its field.
func parseSelector(text string, now time.Time) (*selector, error) {
	if strings.TrimSpace(text) == "" {
		return nil, usagef("--selector is empty; write FIELD=VALUE, such as team=payments; the fields are %s", strings.Join(selectorNames(), ", "))
	}
	if err := plainText("--selector", text); err != nil {
		return nil, err
	}
	r := csv.NewReader(strings.NewReader(text))
	r.TrimLeadingSpace = true
	terms, err := r.Read()
	if err != nil {
		return nil, usagef(`--selector %s: the quotes do not match; write "principal=CN=a,OU=b",team=payments where a value has a comma`, text)
	}
	s := &selector{text: text}
	seen := map[string]bool{}
	for _, term := range terms {
		name, value, ok := strings.Cut(term, "=")
		fields := selectorFields()
		i := slices.IndexFunc(fields, func(f selectorField) bool { return f.name == name })
		switch {
		case !ok || name == "":
			return nil, usagef("--selector: %q is no FIELD=VALUE; the fields are %s", term, strings.Join(selectorNames(), ", "))
		case i < 0:
			return nil, usagef("--selector: there is no field %q; %s", name, unknownField(name))
		case value == "":
			return nil, usagef("--selector: %s is empty; write %[1]s=VALUE, or leave it out", name)
		case seen[name]:
			return nil, usagef("--selector: %s is given twice; a key must match all fields, so give each once", name)
		}
		seen[name] = true
		if err := fields[i].set(s, value, now); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func unknownField(name string) string {
	// The words of a command line are guessed at in the same way.
	guess := &cobra.Command{SuggestionsMinimumDistance: 2}
	for _, n := range selectorNames() {
		guess.AddCommand(&cobra.Command{Use: n, Run: func(*cobra.Command, []string) {}})
	}
	if near := guess.SuggestionsFor(name); len(near) > 0 {
		return fmt.Sprintf("did you mean %s?", near[0])
	}
	return "the fields are " + strings.Join(selectorNames(), ", ")
}

func (s *selector) setKey(value string, _ time.Time) error {
	if !regexp.MustCompile(`^[a-z0-9._*-]+$`).MatchString(value) {
		return usagef("--selector: key=%s can match no key id; write small letters, digits, dots, hyphens, underscores, and * for anything", value)
	}
	s.key = value
	return nil
}

func (s *selector) setDue(value string, now time.Time) error {
	if value != "true" {
		return usagef("--selector: due=%s cannot be asked for; write due=true, or leave it out", value)
	}
	s.filter.DueBefore = now
	return nil
}

func (s *selector) setIssuedBefore(value string, _ time.Time) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, value); err == nil {
			s.issuedBefore = t
			return nil
		}
	}
	return usagef("--selector: issued-before=%s is no time; write 2027-01-31, or 2027-01-31T14:00:00Z", value)
}

// matches checks what the registry was not asked for.
func (s *selector) matches(k *keyturn.Key) bool {
	if s.key != "" {
		if ok, err := path.Match(s.key, string(k.ID)); err != nil || !ok {
			return false
		}
	}
	if s.issuedBefore.IsZero() {
		return true
	}
	current := k.Current()
	return current != nil && current.Created.Before(s.issuedBefore)
}

// completeSelector offers the fields that are not given yet.
func completeSelector(_ *cobra.Command, _ []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	given, field := "", typed
	if i := strings.LastIndexByte(typed, ','); i >= 0 {
		given, field = typed[:i+1], typed[i+1:]
	}
	var out []cobra.Completion
	for _, f := range selectorFields() {
		if strings.HasPrefix(f.name, field) && !strings.Contains(","+given, ","+f.name+"=") {
			out = append(out, cobra.CompletionWithDesc(given+f.name+"=", f.help))
		}
	}
	return out, cobra.ShellCompDirectiveNoSpace | cobra.ShellCompDirectiveNoFileComp
}
