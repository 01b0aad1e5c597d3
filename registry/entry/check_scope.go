package entry

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"
)

func (c *check) scope() {
	s := c.e.Scope
	if c.require("scope.provider", s.Provider, "name the provider, such as stripe") {
		c.provider(s.Provider)
	}
	c.require("scope.account_id", s.AccountID, "give the provider's id of the account the key belongs to")
	if len(s.Permissions) == 0 {
		c.report("scope.permissions", "is missing", "list what the key may do")
	}
	for i, p := range s.Permissions {
		if field := fmt.Sprintf("scope.permissions[%d]", i); strings.TrimSpace(p) == "" {
			c.report(field, "is empty", "name a permission")
		} else if slices.Contains(s.Permissions[:i], p) {
			c.report(field, "is listed twice", "remove one")
		}
	}
	for i, endpoint := range s.WebhookEndpoints {
		c.url(fmt.Sprintf("scope.webhook_endpoints[%d]", i), endpoint)
	}
	c.breadth(s)
}

func (c *check) provider(name string) {
	if len(c.rules.Providers) == 0 || slices.Contains(c.rules.Providers, name) {
		return
	}
	mend := "the providers are " + strings.Join(c.rules.Providers, ", ")
	if near := nearest(strings.ToLower(name), c.rules.Providers); near != "" {
		mend = "did you mean " + near + "?"
	}
	c.report("scope.provider", shown(name)+" is no known provider", mend)
}

// breadth wants a reason for each key that could do more than one job.
func (c *check) breadth(s Scope) {
	why := strings.TrimSpace(s.Justification)
	if utf8.RuneCountInString(why) >= c.rules.MinJustification && len(strings.Fields(why)) >= 4 && !c.isPlaceholder(why) {
		return
	}
	for i, p := range s.Permissions {
		if !c.isBroad(p) {
			continue
		}
		field, mend := fmt.Sprintf("scope.permissions[%d]", i), "narrow it, or say in scope.justification why nothing less will do"
		if why != "" {
			field, mend = "scope.justification", fmt.Sprintf("say in a sentence of %d letters or more why nothing less will do", c.rules.MinJustification)
		}
		c.report(field, "a broad scope needs a justification", mend)
		return
	}
}

// isBroad looks at each part of a permission, and at the whole of it with
// its punctuation taken out: "s3:*", "admin:org", "roles/owner", "cluster-wide".
func (c *check) isBroad(permission string) bool {
	if strings.Contains(permission, "*") {
		return true
	}
	isBreak := func(r rune) bool { return !isWordRune(r) }
	p := strings.ToLower(permission)
	whole := strings.Join(strings.FieldsFunc(p, isBreak), "")
	parts := strings.FieldsFunc(p, func(r rune) bool { return isBreak(r) && r != '_' && r != '-' })
	for _, part := range append(parts, whole) {
		bare := strings.Join(strings.FieldsFunc(part, isBreak), "")
		for _, word := range c.rules.BroadWords {
			if bare == word || len(word) >= 10 && strings.HasSuffix(bare, word) { // AmazonS3FullAccess
				return true
			}
		}
	}
	return false
}

// url checks an address that programs will call.
func (c *check) url(field, address string) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		c.report(field, "is not a web address", "write one such as https://payments.internal/path")
	case u.User != nil:
		c.report(field, "holds a user name or password", "take it out of the address, and rotate it if it was real")
	}
}
