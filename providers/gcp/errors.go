package gcp

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
)

// why is what Google refused a call for, where it makes a difference to us.
type why string

const (
	unauthenticated    why = "the access token"
	uploadForbidden    why = "a policy against uploads"
	preconditionFailed why = "a precondition it does not name"
	keyInvalid         why = "the API key"
	keyRestricted      why = "a restriction of an API key that is alive"
)

// explain reads an error of a Google API (API design guide, "Errors").
func explain(e *keyturn.Error, body []byte) why {
	var said struct {
		Error struct {
			Status, Message string
			Details         []struct {
				Reason     string
				RetryDelay string
				Violations []struct{ Type string }
			}
		}
	}
	if json.Unmarshal(body, &said) != nil {
		return ""
	}
	var reasons, policies []string
	for _, d := range said.Error.Details {
		if wait, err := time.ParseDuration(d.RetryDelay); err == nil && wait > 0 {
			e.RetryAfter = wait
		}
		reasons = append(reasons, d.Reason)
		for _, v := range d.Violations {
			policies = append(policies, v.Type)
		}
	}
	switch status := said.Error.Status; {
	case status == "RESOURCE_EXHAUSTED" && strings.Contains(strings.ToLower(said.Error.Message), "number of keys"):
		e.Kind, e.RetryAfter = keyturn.Exhausted, 0
		e.Message = "the service account holds ten keys already; delete one that is no longer needed"
	case slices.ContainsFunc(policies, func(p string) bool { return strings.HasSuffix(p, "disableServiceAccountKeyUpload") }):
		e.Kind, e.Message = keyturn.Denied, "an organisation policy (iam.disableServiceAccountKeyUpload) forbids uploading keys; set mint: create, or exempt the project"
		return uploadForbidden
	case slices.ContainsFunc(policies, func(p string) bool { return strings.HasSuffix(p, "disableServiceAccountKeyCreation") }):
		e.Kind, e.Message = keyturn.Denied, "an organisation policy (iam.disableServiceAccountKeyCreation) forbids creating keys; exempt the project"
	case status == "FAILED_PRECONDITION" && len(policies) == 0:
		e.Message = "Google says that a precondition failed, not which"
		return preconditionFailed
	case slices.Contains(reasons, "API_KEY_INVALID"):
		e.Kind, e.Message = keyturn.Denied, "Google says that the API key is not valid"
		return keyInvalid
	case slices.ContainsFunc(reasons, restricts):
		e.Message = "the API is not enabled in the project, or a restriction of the key forbids it"
		return keyRestricted
	case status == "UNAUTHENTICATED":
		return unauthenticated
	case status == "PERMISSION_DENIED":
		e.Message = "the administrator lacks a permission; see the role in providers/gcp/README.md"
	}
	return ""
}

// restricts reports whether a reason is given only after the API key was found
// to be alive (google.api.ErrorReason).
func restricts(reason string) bool {
	return reason == "SERVICE_DISABLED" || reason == "BILLING_DISABLED" ||
		strings.HasPrefix(reason, "API_KEY_") && strings.HasSuffix(reason, "_BLOCKED")
}

// undocumented is for an answer that is not what Google documents. For a mint
// the key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
