package scim

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// show is a resource as it is answered.
func (q *request) show(k kind, m registry.Member) (object, error) {
	o, err := decode(m.Document)
	if err != nil || o == nil {
		return nil, keyturn.Errorf(keyturn.Unavailable, "scim: show", "the stored document of a %s is no JSON object", k.schema.Name)
	}
	schemas := []any{k.schema.ID}
	var urns []string
	for n, v := range o {
		if _, is := v.(object); is && isURN(n) {
			urns = append(urns, n)
		}
	}
	slices.Sort(urns)
	for _, n := range urns {
		schemas = append(schemas, n)
	}
	o["schemas"], o["id"] = schemas, m.ID
	if k.isUser() && !m.Active {
		o["active"] = false
	}
	for _, e := range objects(o, "members") {
		if id := text(e, "value"); id != "" && text(e, "$ref") == "" && text(e, "type") != "Group" {
			e["$ref"] = q.base + "/" + userKind.place + "/" + id
		}
	}
	o["meta"] = object{
		"resourceType": k.schema.Name,
		"created":      m.Created.UTC().Format(time.RFC3339Nano),
		"lastModified": m.Changed.UTC().Format(time.RFC3339Nano),
		"location":     q.location(k, m),
		"version":      tag(m),
	}
	return o, nil
}

func isURN(name string) bool { return len(name) > 4 && strings.EqualFold(name[:4], "urn:") }

func (q *request) location(k kind, m registry.Member) string {
	return q.base + "/" + k.place + "/" + m.ID
}

// tag is the entity tag of a version. It is weak: the same version may be shown
// with other attributes.
func tag(m registry.Member) string { return `W/"` + strconv.FormatInt(m.Version, 10) + `"` }

// matches reports whether a header If-Match or If-None-Match names the member's
// version. Tags are compared weakly, as SCIM's are weak.
func matches(header string, m registry.Member) bool {
	for t := range strings.SplitSeq(header, ",") {
		t = strings.TrimSpace(t)
		if t == "*" || t != "" && strings.TrimPrefix(t, "W/") == strings.TrimPrefix(tag(m), "W/") {
			return true
		}
	}
	return false
}
