package leaks

import (
	"encoding/json"
	"strings"

	"github.com/keyturn/keyturn"
)

// Parts returns what a value consists of that a scanner may find by itself: the texts
// in a JSON document, such as the private key of a Google credentials file, and
// what a PEM block encodes, however its lines are broken. A value that has no
// parts returns none.
func Parts(s keyturn.Secret) []keyturn.Secret {
	var out []keyturn.Secret
	var fields map[string]any
	if json.Unmarshal([]byte(s.Expose()), &fields) == nil {
		for _, v := range fields {
			if text, ok := v.(string); ok && strings.HasPrefix(text, "-----BEGIN ") {
				out = append(out, pem(text)...)
			}
		}
		return out
	}
	return pem(s.Expose())
}

// pem returns the base64 of each PEM block in a text, without line breaks, escaped
// ones included: a block in source code is found with "\n" written out.
func pem(text string) []keyturn.Secret {
	text = strings.ReplaceAll(text, `\n`, "\n")
	var out []keyturn.Secret
	for {
		_, rest, ok := strings.Cut(text, "-----BEGIN ")
		if !ok {
			return out
		}
		_, rest, _ = strings.Cut(rest, "-----")
		var body string
		body, text, _ = strings.Cut(rest, "-----END ")
		body = strings.Join(strings.Fields(strings.ReplaceAll(body, `\r`, "")), "")
		if len(body) >= 4*keyturn.LeastMark {
			out = append(out, keyturn.NewSecret(body))
		}
	}
}

// PartsOf returns the fingerprints of a value's parts. Only the keyed ones are made:
// nobody else has seen the parts in this form.
func (f Fingerprinter) PartsOf(s keyturn.Secret) []keyturn.Fingerprints {
	var out []keyturn.Fingerprints
	for _, part := range Parts(s) {
		if p := (keyturn.Fingerprints{HMAC: f.under(part.Expose())}); p.HMAC != "" {
			out = append(out, p)
		}
	}
	return out
}
