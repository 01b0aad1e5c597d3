package gitleaks

import "strings"

// keyIDs is the rule that finds the id of an AWS access key, not its value.
const keyIDs = "aws-access-token"

// vendors says what the ids of rules that are about a vendor begin with
// (config/gitleaks.toml).
var vendors = []struct{ prefix, provider string }{
	{"aws-", "aws"},
	{"azure-ad-", "entra"},
	{"datadog-", "datadog"},
	{"gcp-", "gcp"},
	{"github-", "github"},
	{"gitlab-", "gitlab"},
	{"okta-", "okta"},
	{"openai-", "openai"},
	{"stripe-", "stripe"},
	{"twilio-", "twilio"},
}

// providerTag begins the tag by which a rule of one's own says which vendor it is
// about; "keyturn scan rules" writes it.
const providerTag = "provider:"

func providerOf(rule string, tags []string) string {
	for _, t := range tags {
		if vendor, ok := strings.CutPrefix(t, providerTag); ok {
			return vendor
		}
	}
	for _, v := range vendors {
		if strings.HasPrefix(rule, v.prefix) {
			return v.provider
		}
	}
	return ""
}
