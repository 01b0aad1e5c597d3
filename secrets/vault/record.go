package vault

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/secrets"
)

// The fields Keyturn writes, at the staged path and at the one consumers
// read. Every other field of a consumer's path belongs to somebody else.
const (
	fieldKey        = "key"                // the value
	fieldID         = "key_id"             // the provider's id of it
	fieldGeneration = "generation"         // the version's name
	fieldCreated    = "generation_created" // when the provider made the key, RFC 3339
	fieldCheck      = "generation_check"   // ties the name to the value, see check
)

func isOurs(field string) bool {
	switch field {
	case fieldKey, fieldID, fieldGeneration, fieldCreated, fieldCheck:
		return true
	}
	return false
}

// A record is one KV version of a path.
type record struct {
	version int            // 0 where the path has none
	fields  map[string]any // nil where there is none, or it is deleted or destroyed
}

// name is what the Store calls this version: none where nothing can be read,
// the generation where Keyturn wrote it, else Vault's number, as in "kv:17".
// A value somebody edited by hand under Keyturn's generation is not Keyturn's
// any more: its check does not fit.
func (r record) name() keyturn.SecretVersion {
	if r.fields == nil {
		return ""
	}
	if g, ok := r.fields[fieldGeneration].(string); ok && g != "" && r.fields[fieldCheck] == check(r.fields) {
		return keyturn.SecretVersion(g)
	}
	return kvName(r.version)
}

// describe says what can be said without the value.
func (r record) describe() secrets.Version {
	id, _ := r.fields[fieldID].(string)
	v := secrets.Version{Name: r.name(), RemoteID: id}
	if text, ok := r.fields[fieldCreated].(string); ok && v.Name != kvName(r.version) {
		if t, err := time.Parse(time.RFC3339Nano, text); err == nil {
			v.Created = t
		}
	}
	return v
}

// value returns the value and the provider's id of it.
func (r record) value(op string) (secrets.Value, error) {
	key, _ := r.fields[fieldKey].(string)
	if key == "" {
		return secrets.Value{}, keyturn.Errorf(keyturn.Invalid, op,
			"version %s has no text in the field %q; write the value there, and the provider's id of it in %q", r.name(), fieldKey, fieldID)
	}
	id, _ := r.fields[fieldID].(string)
	return secrets.Value{RemoteID: id, Secret: keyturn.NewSecret(key)}, nil
}

// draftFields is the record of a draft.
func draftFields(d secrets.Draft) map[string]any {
	fields := map[string]any{
		fieldKey:        d.Value.Expose(),
		fieldID:         d.RemoteID,
		fieldGeneration: d.Label,
	}
	if !d.Created.IsZero() {
		fields[fieldCreated] = d.Created.UTC().Format(time.RFC3339Nano)
	}
	fields[fieldCheck] = check(fields)
	return fields
}

// promoted merges the value of target, under the name to, with the fields
// others keep beside the current value, so that a consumer's "endpoint" does
// not vanish. Where nothing current can be read they come from target.
func promoted(current, target record, to keyturn.SecretVersion) map[string]any {
	others := current.fields
	if others == nil {
		others = target.fields
	}
	fields := foreign(others)
	for _, f := range []string{fieldKey, fieldID, fieldCreated} {
		if v, ok := target.fields[f]; ok {
			fields[f] = v
		}
	}
	fields[fieldGeneration] = string(to)
	fields[fieldCheck] = check(fields)
	return fields
}

// foreign returns a copy of the fields that are not Keyturn's.
func foreign(fields map[string]any) map[string]any {
	out := map[string]any{}
	maps.Copy(out, fields)
	maps.DeleteFunc(out, func(f string, _ any) bool { return isOurs(f) })
	return out
}

// check is a short hash over Keyturn's own fields. It tells a value Keyturn
// wrote from one edited by hand in Vault's UI, which keeps the generation
// beside it. It is no secret: it lies next to the value it is made from.
func check(fields map[string]any) string {
	b, err := json.Marshal([]any{fields[fieldGeneration], fields[fieldKey], fields[fieldID], fields[fieldCreated]})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:8])
}

// kvName is the name of a version Keyturn did not write.
func kvName(version int) keyturn.SecretVersion {
	return keyturn.SecretVersion(fmt.Sprintf("kv:%d", version))
}

// kvNumber is the reverse of kvName.
func kvNumber(v keyturn.SecretVersion) (int, bool) {
	digits, ok := strings.CutPrefix(string(v), "kv:")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && n > 0
}
