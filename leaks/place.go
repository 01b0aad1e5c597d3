package leaks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/keyturn/keyturn"
)

// mostText is how much is kept of a text a stranger wrote.
const mostText = 200

// Place says where in its repository a value was found: file, line and commit.
// What would show the value is left out.
func (f Finding) Place() string {
	var out []string
	if f.File != "" {
		file := f.Clean(f.File)
		if f.Line > 0 {
			file += fmt.Sprintf(":%d", f.Line)
		}
		out = append(out, file)
	}
	if f.Commit != "" {
		out = append(out, "commit "+f.Clean(f.Commit))
	}
	return strings.Join(out, ", ")
}

// Link is URL without credentials, and empty if it shows the value or is none a
// person can follow.
func (f Finding) Link() string {
	u, err := url.Parse(f.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || f.shows(f.URL) || len(f.URL) > 1000 {
		return ""
	}
	u.User = nil
	return u.String()
}

// EventID is Event, or a hash of it where it is long or shows the value: scanners put
// file names into it.
func (f Finding) EventID() string {
	if len(f.Event) <= mostText && f.Clean(f.Event) == f.Event {
		return f.Event
	}
	sum := sha256.Sum256([]byte(f.Event))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Clean makes a text a stranger wrote fit to be kept: one short printable line that
// shows neither the value nor what was found beside it.
func (f Finding) Clean(text string) string {
	const leftOut = "[left out: it shows the value]"
	if f.shows(text) {
		return leftOut
	}
	text = regexp.MustCompile(`(\w://)[^/@\s]*@`).ReplaceAllString(text, "$1")
	text = strings.Map(func(r rune) rune {
		if r == unicode.ReplacementChar || !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, text)
	if f.shows(text) { // what was invisible hid it
		return leftOut
	}
	if runes := []rune(text); len(runes) > mostText {
		text = string(runes[:mostText]) + "…"
	}
	return text
}

func (f Finding) shows(text string) bool {
	texts := []string{text}
	for _, unescape := range []func(string) (string, error){url.PathUnescape, url.QueryUnescape} {
		if plain, err := unescape(text); err == nil {
			texts = append(texts, plain)
		}
	}
	shown := func(s keyturn.Secret) bool { return slices.ContainsFunc(texts, s.In) }
	if shown(f.Value) || slices.ContainsFunc(f.Beside, shown) {
		return true
	}
	for _, p := range Parts(f.Value) {
		if shown(p) {
			return true
		}
	}
	return false
}
