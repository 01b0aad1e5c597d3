package keyturn

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// A Mark is a word a value is known by: how it was made, a colon, and a fingerprint.
// Marks are stored for ever.
type Mark string

// How a mark was made.
const (
	MarkHMAC   = "hmac:"   // Fingerprints.HMAC
	MarkHMSL   = "hmsl:"   // Fingerprints.HMSL
	MarkSHA1   = "sha1:"   // Fingerprints.SHA1
	MarkSHA256 = "sha256:" // Fingerprints.SHA256
	MarkPart   = "part:"   // the HMAC of a part of the value
	MarkID     = "id:"     // a hash of the vendor's id of the key; see MarkOfID
)

// LeastMark is the length of the shortest id that has a mark. A shorter one is a word,
// or a number, that means something else elsewhere.
const LeastMark = 16

// MarkOfID is the mark of a vendor's id of a key. It is a hash, because what is looked
// up may turn out to be a value.
func MarkOfID(id string) Mark {
	sum := sha256.Sum256([]byte(id))
	return Mark(MarkID + hex.EncodeToString(sum[:16]))
}

// Marks are the marks of a value with these fingerprints, the surest first.
func (p Fingerprints) Marks() (out []Mark) {
	for _, m := range []struct{ kind, print string }{{MarkHMAC, p.HMAC}, {MarkHMSL, p.HMSL}, {MarkSHA1, p.SHA1}, {MarkSHA256, p.SHA256}} {
		if m.print != "" {
			out = append(out, Mark(m.kind+m.print))
		}
	}
	return out
}

// Marks are what this generation may be known by.
func (i Issued) Marks() []Mark {
	out := i.Fingerprints.Marks()
	for _, p := range i.Parts {
		if p.HMAC != "" {
			out = append(out, Mark(MarkPart+p.HMAC))
		}
	}
	if len(i.RemoteID) >= LeastMark {
		out = append(out, MarkOfID(i.RemoteID))
	}
	return out
}

// Kind says how a mark was made.
func (m Mark) Kind() string {
	kind, _, _ := strings.Cut(string(m), ":")
	return kind + ":"
}
