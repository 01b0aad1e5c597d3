package github

import "strings"

// vendors says what the types of secrets that are about a vendor begin with ("Supported
// secret scanning patterns").
var vendors = []struct{ prefix, provider string }{
	{"aws_", "aws"},
	{"azure_active_directory_", "entra"},
	{"datadog_", "datadog"},
	{"github_", "github"},
	{"gitlab_", "gitlab"},
	{"google_api_key", "gcp"},
	{"google_cloud_", "gcp"},
	{"okta_", "okta"},
	{"openai_", "openai"},
	{"stripe_", "stripe"},
	{"twilio_", "twilio"},
}

func providerOf(kind string) string {
	for _, v := range vendors {
		if strings.HasPrefix(kind, v.prefix) {
			return v.provider
		}
	}
	return ""
}

// isID reports whether what GitHub calls the secret is the id of a key, and not its
// value.
func isID(kind string) bool {
	return kind == "aws_access_key_id" || kind == "google_cloud_private_key_id"
}
