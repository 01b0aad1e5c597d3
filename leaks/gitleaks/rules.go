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

func providerOf(rule string) string {
	for _, v := range vendors {
		if strings.HasPrefix(rule, v.prefix) {
			return v.provider
		}
	}
	return ""
}
