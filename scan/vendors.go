package scan

import (
	"slices"
	"strings"
)

// A vendor is how the keys of a provider are recognised.
type vendor struct {
	gitleaks []string // gitleaks' own rules for them
	rules    []Rule   // for those that gitleaks has no rule for
}

// After the name of a variable or field: what assigns it, and what may follow a value.
const (
	assigned = `[\s"\x27]{0,3}(?:=|:|=>|:=|,)[\s"\x27\x60=]{0,5}`
	ended    = `(?:[\s"\x27\x60;,]|\\[nr]|$)`
)

// vendors are the providers whose keys have a look of their own, or are written where
// a name says what they are.
func vendors() map[string]vendor {
	return map[string]vendor{
		// gitleaks finds the id of an access key, and not the key.
		"aws": {[]string{"aws-access-token"}, []Rule{{
			ID: "aws-secret-access-key", Description: "AWS secret access key",
			Regex:    `(?i)(?:aws_?secret_?key|secret_?access_?key)` + assigned + `([A-Za-z0-9/+]{40})` + ended,
			Keywords: []string{"secret"}, Entropy: 4,
		}}},
		// gitleaks finds 40 characters beside the word datadog; API keys have 32, and
		// the agent's variables begin with DD_. The prefixes are those of
		// https://docs.datadoghq.com/account_management/personal-access-tokens
		"datadog": {[]string{"datadog-access-token"}, []Rule{{
			ID: "datadog-key", Description: "Datadog API or application key",
			Regex:    `(?i)(?:datadog|\bdd)[_.-]?(?:api|app|application)[_.-]?key` + assigned + `([0-9a-f]{32}|[0-9a-f]{40})` + ended,
			Keywords: []string{"datadog", "dd_", "dd-", "dd."}, Entropy: 3,
		}, {
			ID: "datadog-token", Description: "Datadog access token or application key",
			Regex:    `\b(dd(?:pat|sat|app?)_[A-Za-z0-9_-]{20,})`,
			Keywords: []string{"ddpat_", "ddsat_", "ddap_", "ddapp_"}, Entropy: 3,
		}}},
		"entra": {[]string{"azure-ad-client-secret"}, nil},
		"gcp":   {[]string{"gcp-api-key", "private-key"}, nil},
		// Tokens of app installations have become longer, with the app's id and a JWT in
		// them.
		"github": {[]string{"github-app-token", "github-fine-grained-pat", "github-oauth", "github-pat", "github-refresh-token", "private-key"}, []Rule{{
			ID: "github-installation-token", Description: "GitHub App installation token",
			Regex:    `\b(ghs_[0-9]+_ey[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,})`,
			Keywords: []string{"ghs_"}, Entropy: 3,
		}}},
		"gitlab": {[]string{"gitlab-deploy-token", "gitlab-pat", "gitlab-pat-routable"}, nil},
		"okta": {[]string{"okta-access-token"}, []Rule{{
			ID: "okta-client-secret", Description: "Okta client secret",
			Regex:    `(?i)okta[\w.-]{0,30}secret` + assigned + `([\w-]{40,64})` + ended,
			Keywords: []string{"okta"}, Entropy: 3.5,
		}}},
		"openai": {[]string{"openai-api-key"}, nil},
		"stripe": {[]string{"stripe-access-token"}, nil},
		// gitleaks finds the id of an API key, and not its secret.
		"twilio": {[]string{"twilio-api-key"}, []Rule{{
			ID: "twilio-secret", Description: "Twilio API key secret or auth token",
			Regex:    `(?i)twilio[\w.-]{0,30}(?:secret|auth[_.-]?token)` + assigned + `([0-9a-z]{32})` + ended,
			Keywords: []string{"twilio"}, Entropy: 3,
		}}},
	}
}

// providerTag marks a rule with the provider whose keys it finds.
const providerTag = "provider:"

// providerOf is the provider a rule is about.
func providerOf(rule string, tags []string) string {
	for _, t := range tags {
		if name, ok := strings.CutPrefix(t, providerTag); ok {
			return name
		}
	}
	if rule == "private-key" {
		return "" // many vendors' keys are
	}
	for name, v := range vendors() {
		if slices.Contains(v.gitleaks, rule) || strings.HasPrefix(rule, name+"-") {
			return name
		}
	}
	return ""
}
