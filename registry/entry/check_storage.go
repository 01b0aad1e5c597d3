package entry

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

func (c *check) storage() {
	path, field := c.e.Storage.VaultPath, "storage.vault_path"
	if !c.require(field, path, `say where the value lives, such as "secret/payments/stripe-live"`) {
		return
	}
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.TrimSpace(part) != part {
			c.report(field, "is not a clean path", "write its parts with one slash between them and none at either end")
			return
		}
	}
}

func (c *check) consumers() {
	namespaces, services := map[string]bool{}, map[string]bool{}
	for i, consumer := range c.e.Storage.ConsumedBy {
		field := fmt.Sprintf("storage.consumed_by[%d]", i)
		c.consumer(field, consumer)
		if consumer.Namespace != "" {
			namespaces[c.team(consumer.Namespace)] = true
		}
		if consumer.Service != "" {
			team, _, _ := strings.Cut(consumer.Service, "/") // "payments/checkout" is the checkout of payments
			services[c.team(team)] = true
		}
		if slices.Contains(c.e.Storage.ConsumedBy[:i], consumer) {
			c.report(field, "is listed twice", "remove one")
		}
	}
	for _, teams := range []map[string]bool{namespaces, services} {
		if len(teams) > 1 {
			c.report("storage.consumed_by", "is shared by several teams: "+strings.Join(slices.Sorted(maps.Keys(teams)), ", "),
				"issue one key for each; if it is one team, write its services as team/service or list its names in the rules")
			return
		}
	}
}

// team is whose a namespace or a service is. What carries the owner's name is
// the owner's.
func (c *check) team(name string) string {
	if team, listed := c.rules.Teams[name]; listed {
		return team
	}
	if owner := c.e.OwnerTeam; name == owner || strings.HasPrefix(name, owner+"-") {
		return owner
	}
	return name
}

func (c *check) consumer(field string, consumer Consumer) {
	kinds := 0
	for _, value := range []string{consumer.KubernetesSecret, consumer.HTTPProbe, consumer.LastUsed, consumer.Service} {
		if value != "" {
			kinds++
		}
	}
	switch {
	case kinds != 1:
		c.report(field, "must say in exactly one way who reads the key", "give kubernetes_secret, http_probe, last_used or service")
		return
	case consumer.KubernetesSecret != "" && consumer.Namespace == "":
		c.report(field, "names a Kubernetes secret without its namespace", "add namespace")
	case consumer.KubernetesSecret == "" && consumer.Namespace != "":
		c.report(field+".namespace", "goes only with kubernetes_secret", "remove it")
	case consumer.LastUsed != "" && consumer.LastUsed != "provider":
		c.report(field+".last_used", "is not provider", "write last_used: provider, the only record there is")
	}
	if consumer.HTTPProbe != "" {
		c.url(field+".http_probe", consumer.HTTPProbe)
	}
}

// valuePattern knows values of keys by what vendors begin them with.
var valuePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE KEY` +
		`|\b(?:sk|rk)_(?:live|test)_[0-9A-Za-z]{16,}|\bwhsec_[0-9A-Za-z+/]{16,}` +
		`|\bgh[pousr]_[0-9A-Za-z]{30,}|\bgithub_pat_[0-9A-Za-z_]{30,}|\bglpat-[0-9A-Za-z_-]{20,}` +
		`|\bxox[abprs]-[0-9A-Za-z-]{10,}|\bsk-[0-9A-Za-z_-]{20,}|\bSG\.[0-9A-Za-z_-]{16,}\.` +
		`|\bhv[sb]\.[0-9A-Za-z_-]{20,}|\bAIza[0-9A-Za-z_-]{30,}|\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.`)
})

// mayHoldValue sorts out quickly what valuePattern cannot match.
func mayHoldValue(text string) bool {
	for _, mark := range [...]string{"k_", "whsec_", "gh", "glpat-", "xox", "sk-", "SG.", "hv", "AIza", "eyJ", "-----BEGIN"} {
		if len(text) >= 16 && strings.Contains(text, mark) {
			return true
		}
	}
	return false
}

// pastedValues finds values of keys in an entry, which never holds one. The
// finding does not repeat it.
func (c *check) pastedValues() {
	for _, f := range flatten(c.e) {
		if mayHoldValue(f.value) && valuePattern().MatchString(f.value) {
			c.report(f.field, "holds what looks like the value of a key", "remove it from the file and from git's history, and rotate that key now")
		}
	}
}
