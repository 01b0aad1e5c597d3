package vault

import (
	"crypto/sha256"
	"fmt"
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/keyturn/keyturn"
)

// A location is one path of a KV version 2 engine. Vault serves it under
// mount/data/path, mount/metadata/path and so on.
// https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2
type location struct{ mount, path string }

func (l location) at(endpoint string) string { return l.mount + "/" + endpoint + "/" + l.path }

// locate splits the path of a ref into mount and path.
func (s *Store) locate(op string, ref keyturn.SecretRef) (location, error) {
	bad := func(why string) (location, error) {
		return location{}, keyturn.Errorf(keyturn.Invalid, op, "path %q %s", ref.Path, why)
	}
	for _, part := range strings.Split(ref.Path, "/") {
		if part == "" || part == "." || part == ".." {
			return bad("must be a mount and a path such as secret/payments/stripe-live, without empty parts, . or ..")
		}
	}
	if !utf8.ValidString(ref.Path) || strings.ContainsFunc(ref.Path, unicode.IsControl) {
		return bad("holds characters that cannot be part of a path")
	}
	mount, rest, _ := strings.Cut(ref.Path, "/")
	if s.cfg.Mount != "" {
		mount = s.cfg.Mount
		var under bool
		if rest, under = strings.CutPrefix(ref.Path, mount+"/"); !under {
			return bad(fmt.Sprintf("must begin with the configured mount %s/", mount))
		}
	}
	if rest == "" {
		return bad("names only a mount; write mount/path")
	}
	if rest == s.cfg.StagedPrefix || strings.HasPrefix(rest, s.cfg.StagedPrefix+"/") {
		return bad("lies in the folder of staged values; choose a path outside of " + s.cfg.StagedPrefix)
	}
	return location{mount, rest}, nil
}

// staged is where the value of a label waits: a folder of its own, which no
// consumer's policy covers. The whole label is in the name, because a path
// may outlive the id of the key it belonged to.
func (s *Store) staged(l location, label string) location {
	return location{l.mount, path.Join(s.cfg.StagedPrefix, l.path, fileName(label))}
}

// fileName turns a label into one part of a path. Two labels never get the
// same name: what is not a letter, digit, - _ or . is escaped, / as ~, and a
// long label is cut and ends in its hash, because Vault encrypts and lengthens
// each part and some of its storages allow no more than 255 bytes.
func fileName(label string) string {
	var b strings.Builder
	for i := range len(label) {
		switch c := label[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.' && i > 0:
			b.WriteByte(c)
		case c == '/':
			b.WriteByte('~')
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	name := b.String()
	if len(name) > 80 {
		sum := sha256.Sum256([]byte(label))
		name = fmt.Sprintf("%s=-%x", name[:40], sum[:16])
	}
	return name
}

// checkLabel refuses a label that could be taken for Vault's own name of a
// version, or that could not be stored as it is.
func checkLabel(op, label string) error {
	if label == "" || !utf8.ValidString(label) || strings.ContainsFunc(label, unicode.IsControl) {
		return keyturn.Errorf(keyturn.Invalid, op, "a label must be text and must not be empty")
	}
	if _, ok := kvNumber(keyturn.SecretVersion(label)); ok {
		return keyturn.Errorf(keyturn.Invalid, op, "%q is Vault's own kind of version name, not a label", label)
	}
	return nil
}
