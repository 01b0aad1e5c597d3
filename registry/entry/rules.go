package entry

import (
	"fmt"
	"time"
)

// Rules is the policy of an estate, as data. Start from [DefaultRules].
type Rules struct {
	// Now is the moment the entries are judged at.
	Now time.Time
	// Providers are the names there are; empty allows any.
	Providers []string
	// Teams says which team a Kubernetes namespace or a service belongs to.
	// One that is not listed counts as the team its own name says.
	Teams map[string]string
	// AllowOverdue leaves out keys that are past their expiry or rotation by
	// their file. It is for estates whose dates are kept by the registry, so
	// that files may lag behind.
	AllowOverdue bool

	MaxRotationDays  int // longest rotation interval
	MaxLifeYears     int // longest time from creation or rotation to expiry
	MinPurpose       int // letters of a description
	MinJustification int // letters of the justification of a broad scope

	// SharedOwners are words that name nobody: as a team, as the local part of
	// an address, or as a part of either set off by "-".
	SharedOwners []string
	// Placeholders are words that stand for text still to be written.
	Placeholders []string
	// BroadWords make a permission broad when one of its parts, set off by
	// punctuation, is one of them. So does any "*".
	BroadWords []string
}

// DefaultRules are the rules of a strict estate on the day now.
func DefaultRules(now time.Time) Rules {
	return Rules{
		Now:              now,
		MaxRotationDays:  365,
		MaxLifeYears:     1,
		MinPurpose:       10,
		MinJustification: 30,
		SharedOwners: []string{
			"shared", "everyone", "everybody", "all", "anyone", "any", "unowned", "nobody", "noone", "none", "unknown",
			"company", "org", "engineering-all", "noreply", "no-reply",
		},
		Placeholders: []string{
			"todo", "tbd", "fixme", "xxx", "placeholder", "changeme", "change-me", "none", "unknown", "n/a", "na", "test",
			"description", "lorem", "foo", "bar", "asdf",
		},
		BroadWords: []string{
			"admin", "administrator", "administratoraccess", "poweruseraccess", "iamfullaccess", "owner", "root", "superuser", "sudo",
			"fullaccess", "fullcontrol", "full", "all", "everything", "unrestricted", "clusterwide", "clusteradmin",
			"globaladministrator", "superadmin", "orgadmin", "editor", "sklive", "rklive", "secretkey", "wildcard", "any",
		},
	}
}

// Validate checks entries against rules: each by itself, and all together for
// ids and store paths used twice.
func Validate(entries []Entry, rules Rules) []Finding {
	c := NewChecker(rules)
	var findings []Finding
	for _, e := range entries {
		findings = append(findings, c.Check(e)...)
	}
	return sortFindings(findings)
}

// A Checker validates entries one at a time. It remembers only what must be
// unique, so an estate of any size can stream through it. It is not safe for
// concurrent use.
type Checker struct {
	rules Rules
	ids   map[string]string // id: "file:line" of its entry
	paths map[[2]string]string
}

// NewChecker returns a Checker that has seen no entry.
func NewChecker(rules Rules) *Checker {
	return &Checker{rules: rules, ids: map[string]string{}, paths: map[[2]string]string{}}
}

// Check returns what is wrong with e, alone and beside the entries before it.
func (c *Checker) Check(e Entry) []Finding {
	check := &check{rules: &c.rules, e: &e}
	check.identity()
	check.owner()
	check.dates()
	check.scope()
	check.storage()
	check.consumers()
	check.rotation()
	check.pastedValues()
	c.unique(check)
	return sortFindings(check.findings)
}

// unique reports an id or a place that an earlier entry has.
func (c *Checker) unique(check *check) {
	e := check.e
	here := func(field string) string {
		line, _ := e.place(field)
		return fmt.Sprintf("%s:%d", e.file, line)
	}
	if e.KeyID != "" {
		if first, taken := c.ids[e.KeyID]; taken {
			check.report("key_id", fmt.Sprintf("%s is already the id of the entry at %s", shown(e.KeyID), first), "give each key an id of its own")
		} else {
			c.ids[e.KeyID] = here("key_id")
		}
	}
	if e.Storage.VaultPath != "" {
		at := [2]string{e.store(), e.Storage.VaultPath}
		if first, taken := c.paths[at]; taken {
			check.report("storage.vault_path", "is already the path of the entry at "+first, "give each key a path of its own")
		} else {
			c.paths[at] = here("storage.vault_path")
		}
	}
}

// A check is the look at one entry.
type check struct {
	rules    *Rules
	e        *Entry
	findings []Finding
}

func (c *check) report(field, problem, mend string) {
	c.findings = append(c.findings, c.e.Finding(field, problem, mend))
}

// require reports an empty field. It reports whether there is anything to
// check further.
func (c *check) require(field, value, mend string) bool {
	if value == "" {
		c.report(field, "is missing", mend)
	}
	return value != ""
}
