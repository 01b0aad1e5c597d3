package entry

import (
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// keyIDPattern keeps ids fit for workflow ids, labels at providers and file
// names; "@" is out, because no person's address belongs in those.
var keyIDPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{2,99}$`) })

func (c *check) identity() {
	e := c.e
	if c.require("key_id", e.KeyID, "give the key an id such as payments-stripe-live-001") && !keyIDPattern().MatchString(e.KeyID) {
		c.report("key_id", "is not a valid id", "use 3 to 100 lower-case letters, digits, dots, hyphens and underscores, beginning with a letter or digit")
	}
	const mend = "say what the key is for, in words somebody else understands at night"
	if !c.require("description", e.Description, mend) {
		return
	}
	text := strings.TrimSpace(e.Description)
	switch {
	case c.isPlaceholder(text):
		c.report("description", "is a placeholder", mend)
	case utf8.RuneCountInString(text) < c.rules.MinPurpose || strings.EqualFold(text, e.KeyID):
		c.report("description", "says too little", mend)
	}
}

// isPlaceholder reports whether a text begins with a word that stands for one
// still to be written and says little more, or holds no letters at all.
func (c *check) isPlaceholder(text string) bool {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !isWordRune(r) && r != '/' && r != '-' })
	if len(words) == 0 {
		return true
	}
	first := strings.Trim(words[0], "/-")
	marked := first == "todo" || first == "tbd" || first == "fixme" // whatever follows them
	return first == "" || slices.Contains(c.rules.Placeholders, first) && (marked || len(words) <= 2)
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r >= utf8.RuneSelf
}

func (c *check) owner() {
	e := c.e
	team := strings.ToLower(strings.TrimSpace(e.OwnerTeam))
	const teamMend = "name the one team that answers for the key"
	if c.require("owner_team", team, teamMend) && c.namesNobody(team) {
		c.report("owner_team", "names no single team", teamMend)
	}
	const personMend = "give the e-mail address of one person on the team"
	person := strings.ToLower(e.OwnerIndividual)
	if !c.require("owner_individual", person, personMend) {
		return
	}
	local, domain, _ := strings.Cut(person, "@")
	if parsed, err := mail.ParseAddress(e.OwnerIndividual); err != nil || parsed.Address != e.OwnerIndividual || !strings.Contains(domain, ".") {
		c.report("owner_individual", "is not an e-mail address", personMend)
		return
	}
	local, _, _ = strings.Cut(local, "+")
	switch {
	case c.namesNobody(local):
		c.report("owner_individual", "is a shared address", personMend)
	case team != "" && slices.Contains([]string{team, team + "-team", "team-" + team, team + "team", team + ".team"}, local),
		strings.HasSuffix(local, "-team"), strings.HasPrefix(local, "team-"):
		c.report("owner_individual", "is the address of a team", personMend)
	}
}

// namesNobody reports whether a name is one of the words for everybody, or
// has one as a part: "shared", "payments-shared".
func (c *check) namesNobody(name string) bool {
	if slices.Contains(c.rules.SharedOwners, name) {
		return true
	}
	for _, part := range strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' || r == ' ' }) {
		if part == "shared" || part == "everyone" || part == "unowned" {
			return true
		}
	}
	return false
}
