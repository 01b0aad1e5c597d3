package main

import (
	"strings"
	"testing"
)

func TestPeopleMistakes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, says string }{
		"no such directory":     {"people: {directories: {idp: {directory: oktaa}}}", `no directory "oktaa"; use one of entra, google, identitycenter, list, okta, scim`},
		"a name that is no URL": {"people: {directories: {My IdP: {directory: list}}}", "1 to 32 of a-z"},
		"a name that is taken":  {"people: {directories: {operator: {directory: list}}}", "choose another name"},
		"SCIM without a token":  {"people: {directories: {idp: {directory: scim}}}", "webhook_secret_file"},
		"a negative rate":       {"people: {directories: {idp: {directory: list, calls_per_second: -1}}}", "cannot be negative"},
		"a fallback's name":     {"people: {fallback: Ben}", `people.fallback: write an e-mail address, not "Ben"`},
		"a lead's name":         {"people: {teams: {payments: {lead: Ben}}}", "people.teams.payments.lead"},
		"everybody's path":      {"people: {personal_paths: [secret/people/]}", "{email} or {user}"},
		"fewer than none":       {"people: {most_leavers: -1}", "cannot be negative"},
		"an address over http":  {"webhooks: {public_url: http://keyturn.example.com}", "https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errOut := command("-config", write(t, t.TempDir(), "worker.yaml", good+c.text+"\n"), "-check-config")
			if status != 1 || !strings.Contains(errOut, c.says) {
				t.Errorf("status %d, and it does not say %q: %s%s", status, c.says, out, errOut)
			}
		})
	}
}
