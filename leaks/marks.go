package leaks

import (
	"regexp"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
)

// Marks returns what a finding's value may be known by; [HowMarked] says how sure each
// is. It takes milliseconds.
func (f Fingerprinter) Marks(found Finding) []keyturn.Mark {
	var out []keyturn.Mark
	seen := map[keyturn.Mark]bool{}
	add := func(marks ...keyturn.Mark) {
		for _, m := range marks {
			if !seen[m] {
				seen[m] = true
				out = append(out, m)
			}
		}
	}
	add(f.Of(found.Value).Marks()...)
	if found.HMSL != "" {
		add(keyturn.Mark(keyturn.MarkHMSL + strings.ToLower(found.HMSL)))
	}
	if found.SHA1 != "" && !f.Key.IsZero() {
		add(keyturn.Mark(keyturn.MarkSHA1 + f.under(strings.ToLower(found.SHA1))))
	}
	texts := append([]keyturn.Secret{found.Value}, found.Beside...)
	for _, text := range texts {
		for _, p := range f.PartsOf(text) {
			add(keyturn.Mark(keyturn.MarkPart + p.HMAC))
		}
	}
	if len(found.RemoteID) >= keyturn.LeastMark {
		add(keyturn.MarkOfID(found.RemoteID))
	}
	// A value that is used with an id is often found with it, and an id alone means
	// that the value is near.
	words := regexp.MustCompile(`[A-Za-z0-9_-]{16,128}`)
	for _, text := range texts {
		for _, word := range words.FindAllString(text.Expose(), mostWords) {
			add(f.quick(keyturn.NewSecret(word)).Marks()...)
			add(keyturn.MarkOfID(word))
		}
	}
	return out
}

// Lasting returns the marks that may be kept of a value nobody knows: a mark of an id
// is a plain hash, and what was taken for an id may be the value.
func Lasting(marks []keyturn.Mark) []keyturn.Mark {
	return slices.DeleteFunc(slices.Clone(marks), func(m keyturn.Mark) bool { return m.Kind() == keyturn.MarkID })
}

// mostWords bounds how many words of one text are looked up.
const mostWords = 40

// How a finding was matched to a key. The words are stored.
const (
	ByValue  = "value"  // the value is the key's
	ByPart   = "part"   // a part of the value is
	ByID     = "id"     // the vendor's id of the key was found; its value may be near
	ByVendor = "vendor" // the vendor was asked
)

// HowMarked says how a mark ties what was found to a key.
func HowMarked(m keyturn.Mark) string {
	switch m.Kind() {
	case keyturn.MarkPart:
		return ByPart
	case keyturn.MarkID:
		return ByID
	}
	return ByValue
}
