package scan

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"

	"github.com/keyturn/keyturn"
)

// A baseline is what is known already, by fingerprint: the values at each place, and
// the zero value where a file does not say.
type baseline map[string][]keyturn.Secret

// readBaseline reads a report of gitleaks, with or without values, or the JSON that
// "keyturn scan" prints.
func readBaseline(path string) (baseline, error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, invalid("the baseline %s cannot be read; name another with --baseline FILE", path)
	}
	type known struct{ Fingerprint, Secret string }
	var list []known
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		var printed struct{ Findings []known }
		err = json.Unmarshal(text, &printed)
		list = printed.Findings
	} else {
		err = json.Unmarshal(text, &list)
	}
	if err != nil {
		return nil, invalid("the baseline %s is no report of findings; write one with: keyturn scan git --output json", path)
	}
	out := baseline{}
	for i, k := range list {
		if k.Fingerprint == "" {
			return nil, invalid("the baseline %s: finding %d has no fingerprint; write it anew with: keyturn scan git --output json", path, i+1)
		}
		if redacted := k.Secret == "REDACTED" || strings.HasSuffix(k.Secret, "..."); redacted {
			k.Secret = ""
		}
		out[k.Fingerprint] = append(out[k.Fingerprint], keyturn.NewSecret(k.Secret))
	}
	return out, nil
}

// knows reports whether a finding is in the baseline. Its fingerprint may be there as
// it is, or as it is shown.
func (b baseline) knows(fingerprint string, f Finding) bool {
	for _, print := range []string{fingerprint, f.Fingerprint} {
		for _, value := range b[print] {
			if value.IsZero() || value.Equal(f.Value) {
				return true
			}
		}
	}
	return false
}
