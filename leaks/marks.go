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
	var out marks
	add := out.add
	add(f.Of(found.Value).Marks()...)
	if found.HMSL != "" {
		add(keyturn.Mark(keyturn.MarkHMSL + strings.ToLower(found.HMSL)))
	}
	if found.SHA1 != "" && !f.Key.IsZero() {
		add(keyturn.Mark(keyturn.MarkSHA1 + f.under(strings.ToLower(found.SHA1))))
	}
	if len(found.RemoteID) >= keyturn.LeastMark {
		add(keyturn.MarkOfID(found.RemoteID))
	}
	add(f.within(found.Value)...)
	return out
}

// MarksBeside returns what may be known of what was found with a value: another value,
// or the id it is used with, which means that its value is near.
func (f Fingerprinter) MarksBeside(found ...Finding) []keyturn.Mark {
	var out []keyturn.Mark
	seen := map[keyturn.Mark]bool{}
	for _, one := range found {
		for _, text := range one.Beside {
			for _, m := range f.within(text) {
				if !seen[m] {
					seen[m] = true
					out = append(out, m)
				}
			}
		}
	}
	return out
}

// within returns the marks of the parts and the words of a text.
func (f Fingerprinter) within(text keyturn.Secret) []keyturn.Mark {
	var out marks
	for _, p := range f.PartsOf(text) {
		out.add(keyturn.Mark(keyturn.MarkPart + p.HMAC))
	}
	for _, word := range regexp.MustCompile(`[A-Za-z0-9_-]{16,128}`).FindAllString(text.Expose(), mostWords) {
		out.add(f.quick(keyturn.NewSecret(word)).Marks()...)
		out.add(keyturn.MarkOfID(word))
	}
	return out
}

// marks are some, each once.
type marks []keyturn.Mark

func (m *marks) add(more ...keyturn.Mark) {
	for _, one := range more {
		if !slices.Contains(*m, one) {
			*m = append(*m, one)
		}
	}
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
