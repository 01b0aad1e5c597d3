package report

import (
	"bytes"
	"encoding/json"
)

// most is how much of a report is looked at to find out its format.
const most = 64 << 10

// guess tells the format of a report that begins so; empty if it cannot.
func guess(head []byte) string {
	d := json.NewDecoder(bytes.NewReader(head))
	switch first, err := d.Token(); {
	case err != nil:
		return ""
	case first == json.Delim('['):
		return Gitleaks
	case first != json.Delim('{'):
		return ""
	}
	for d.More() {
		field, err := d.Token()
		if err != nil {
			return ""
		}
		switch field {
		case "$schema", "runs":
			return SARIF
		case "SourceMetadata", "msg":
			return TruffleHog
		case "plugins_used", "filters_used":
			return DetectSecrets
		}
		var skipped json.RawMessage
		if d.Decode(&skipped) != nil {
			return ""
		}
	}
	return ""
}
