package fleet

import "github.com/keyturn/keyturn"

// CanariesFirst puts the first key of each team before all others, and keeps the
// order among them and among the others. It returns how many those are. What is
// wrong for all of a team's keys then shows on one.
func CanariesFirst(keys []keyturn.Key) (ordered []keyturn.Key, canaries int) {
	seen := map[string]bool{}
	var rest []keyturn.Key
	ordered = make([]keyturn.Key, 0, len(keys))
	for _, k := range keys {
		if seen[k.Owner.Team] {
			rest = append(rest, k)
			continue
		}
		seen[k.Owner.Team] = true
		ordered = append(ordered, k)
	}
	return append(ordered, rest...), len(ordered)
}
