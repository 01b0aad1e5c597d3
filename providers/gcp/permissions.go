package gcp

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/keyturn/keyturn/providers"
)

const resourceManager = "https://cloudresourcemanager.googleapis.com"

// accountNeeds are the permissions that keys of service accounts need.
func accountNeeds() []providers.Permission {
	return []providers.Permission{
		{Name: "iam.serviceAccounts.get", Need: "issue keys"},
		{Name: "iam.serviceAccountKeys.create", Need: "issue keys"},
		{Name: "iam.serviceAccountKeys.list", Need: "find orphans and free places"},
		{Name: "iam.serviceAccountKeys.get", Need: "find the owner of a leaked value"},
		{Name: "iam.serviceAccountKeys.disable", Need: "switch the old key off"},
		{Name: "iam.serviceAccountKeys.enable", Need: "undo a rotation"},
		{Name: "iam.serviceAccountKeys.delete", Need: "end keys"},
		{Name: "iam.serviceAccounts.list", Need: "list the whole project"},
		{Name: "policyanalyzer.serviceAccountKeyLastAuthenticationActivities.query", Need: "see that the old key has gone quiet"},
		{Name: "logging.logEntries.list", Need: "tell what was done with a leaked key"},
		{Name: "logging.privateLogEntries.list", Need: "tell what it read, where that is logged"},
	}
}

// apiNeeds are the permissions that API keys need.
func apiNeeds() []providers.Permission {
	return []providers.Permission{
		{Name: "apikeys.keys.create", Need: "issue API keys"},
		{Name: "apikeys.keys.getKeyString", Need: "issue API keys"},
		{Name: "apikeys.keys.list", Need: "find orphans"},
		{Name: "apikeys.keys.get", Need: "find the owner of a leaked value"},
		{Name: "apikeys.keys.lookup", Need: "find the owner of a leaked value"},
		{Name: "apikeys.keys.delete", Need: "end API keys"},
	}
}

// CheckPermissions asks what the administrator may do: with the service
// account principal, and in the project.
func (a accountKeys) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	return a.check(ctx, principal, accountNeeds())
}

// CheckPermissions asks what the administrator may do with API keys.
func (a apiKeys) CheckPermissions(ctx context.Context, _ string) ([]providers.Permission, error) {
	return a.check(ctx, "", apiNeeds())
}

// check fills in what is granted. Granting the role on one service account is
// enough for what is done to it alone, so that account is asked about itself.
func (c *client) check(ctx context.Context, principal string, needs []providers.Permission) ([]providers.Permission, error) {
	const op = "gcp: check permissions"
	var ofAccount, ofProject []string
	for _, n := range needs {
		if own := strings.HasPrefix(n.Name, "iam.") && n.Name != "iam.serviceAccounts.list"; own && principal != "" {
			ofAccount = append(ofAccount, n.Name)
		} else {
			ofProject = append(ofProject, n.Name)
		}
	}
	var granted []string
	if len(ofAccount) > 0 {
		path, err := c.accountPath(op, principal)
		if err == nil {
			granted, err = c.test(ctx, op, iam, path, ofAccount)
		}
		if err != nil {
			return nil, err
		}
	}
	more, err := c.test(ctx, op, resourceManager, "/v1/projects/"+c.project, ofProject)
	if err != nil {
		return nil, err
	}
	granted = append(granted, more...)
	for i := range needs {
		needs[i].Granted = slices.Contains(granted, needs[i].Name)
	}
	return needs, nil
}

// test asks which of some permissions the caller has (IAM API and Resource
// Manager API, "testIamPermissions"). It changes nothing.
func (c *client) test(ctx context.Context, op, host, path string, permissions []string) ([]string, error) {
	var out struct{ Permissions []string }
	err := c.manage(ctx, request{
		op: op, method: http.MethodPost, host: host, path: path + ":testIamPermissions",
		in: map[string][]string{"permissions": permissions},
	}, &out)
	return out.Permissions, err
}
