package gitguardian

import "strings"

// vendors says what the names of detectors that are about a vendor begin with ("Detectors
// supported").
var vendors = []struct{ prefix, provider string }{
	{"aws_", "aws"},
	{"datadog", "datadog"},
	{"github_", "github"},
	{"gitlab_", "gitlab"},
	{"googleaiza", "gcp"},
	{"googlecloud", "gcp"},
	{"okta", "okta"},
	{"openai", "openai"},
	{"stripe", "stripe"},
	{"twilio", "twilio"},
}

func providerOf(detector string) string {
	for _, v := range vendors {
		if strings.HasPrefix(detector, v.prefix) {
			return v.provider
		}
	}
	return ""
}
