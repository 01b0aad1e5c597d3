package trufflehog

import (
	"maps"
	"slices"
	"strings"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
)

// What TruffleHog takes for Raw.
type raw int

const (
	isValue raw = iota
	isOwner     // it says whose value it is, and the value is in RawV2
	isKeyID     // likewise, and it is the vendor's id of the key
)

// detectors are those whose kinds of keys Keyturn knows (proto/detector_type.proto).
var detectors = map[string]struct {
	provider string
	raw      raw
}{
	"AWS":                                   {"aws", isKeyID},
	"AWSSessionKey":                         {"aws", isKeyID},
	"Azure":                                 {"entra", isValue},
	"AzureActiveDirectoryApplicationSecret": {"entra", isValue},
	"DatadogApikey":                         {"datadog", isValue},
	"DatadogToken":                          {"datadog", isValue},
	"GCP":                                   {"gcp", isOwner},
	"GoogleApiKey":                          {"gcp", isValue},
	"GoogleGeminiAPIKey":                    {"gcp", isValue},
	"Github":                                {"github", isValue},
	"GitHubApp":                             {"github", isValue},
	"GitHubOauth2":                          {"github", isOwner},
	"GitHubOld":                             {"github", isValue},
	"Gitlab":                                {"gitlab", isValue},
	"GitLabOauth2":                          {"gitlab", isValue},
	"Okta":                                  {"okta", isValue},
	"OpenAI":                                {"openai", isValue},
	"OpenAIAdmin":                           {"openai", isValue},
	"Stripe":                                {"stripe", isValue},
	"Twilio":                                {"twilio", isOwner},
	"TwilioApiKey":                          {"twilio", isKeyID},
}

// values puts into f what was found. RawV2 is often Raw and then what is used with it,
// with or without a colon between, so what follows Raw is told by itself, too.
func (l line) values(f *leaks.Finding) {
	rest := l.RawV2
	if after, ok := strings.CutPrefix(l.RawV2, l.Raw); ok {
		rest = strings.TrimPrefix(after, ":")
	}
	value := l.Raw
	if kind := detectors[l.DetectorName].raw; kind != isValue {
		if kind == isKeyID {
			f.RemoteID = l.Raw
		}
		if rest != "" {
			value = rest
		}
		if l.DetectorName == "AWSSessionKey" {
			value, _, _ = strings.Cut(value, ":") // the token of the session follows
		}
	}
	f.Value = keyturn.NewSecret(value)
	texts := []string{l.Raw, rest, l.RawV2}
	for _, part := range slices.Sorted(maps.Keys(l.SecretParts)) {
		texts = append(texts, l.SecretParts[part])
	}
	told := []string{value, ""}
	for _, text := range texts {
		if !slices.Contains(told, text) {
			told = append(told, text)
			f.Beside = append(f.Beside, keyturn.NewSecret(text))
		}
	}
}
