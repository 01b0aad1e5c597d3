package jira

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// property is the entity property that marks an issue or a comment as ours.
// People do not see it, and it is written together with what it marks
// ("Create issue" and "Add comment", properties).
const property = "keyturn"

// labelPrefix begins the label by which a ticket is searched. Without an app of
// ours on the site, Jira does not index entity properties for JQL.
const labelPrefix = "keyturn-"

// A brand is the property's value.
type brand struct {
	Ticket  string `json:"ticket,omitempty"`  // the Key a ticket was opened under
	Project string `json:"project,omitempty"` // the project it was opened in
	Comment string `json:"comment,omitempty"` // the Key of a comment
}

// on is b as the properties of something to be created.
func (b brand) on() []map[string]any {
	return []map[string]any{{"key": property, "value": b}}
}

// is reports whether a property's value is b. Others may use the name too,
// for anything.
func (b brand) is(value json.RawMessage) bool {
	var got brand
	return json.Unmarshal(value, &got) == nil && got == b
}

// label is what the ticket of key is searched by. A label takes no spaces, at
// most 255 characters and anybody may read it, so it is a hash; the project in
// it keeps apart two Keyturns that work in two projects of a site.
func (t *tracker) label(key string) string {
	sum := sha256.Sum256([]byte(t.Project + "\n" + key))
	return labelPrefix + hex.EncodeToString(sum[:10])
}
