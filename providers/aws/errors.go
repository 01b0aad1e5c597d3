package aws

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// failure turns what the SDK returned into an error of ours, nil into nil.
// Neither the SDK's text nor AWS's message is kept: both quote the request.
func failure(ctx context.Context, op string, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if own := new(keyturn.Error); errors.As(err, &own) {
		return own // reading our credential failed, or we said so ourselves
	}
	answered := &keyturn.Error{Kind: keyturn.Unavailable, Op: op, Message: "no documented answer came back, or there was no credential to ask with"}
	if resp := new(smithyhttp.ResponseError); errors.As(err, &resp) && resp.Response != nil {
		errors.As(exchange.StatusError(op, resp.Response.Response), &answered)
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		if strings.HasPrefix(api.ErrorMessage(), "Signature expired") || strings.HasPrefix(api.ErrorMessage(), "Signature not yet current") {
			answered.Kind, answered.Message = keyturn.Unavailable, "the signature's time is off; set the worker's clock"
		} else if kind, message := meaning(api.ErrorCode()); kind != "" {
			answered.Kind, answered.Message = kind, api.ErrorCode()+": "+message
		}
	}
	return answered
}

// code is the error code AWS answered with, if it did.
func code(err error) string {
	if api := smithy.APIError(nil); errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

// meaning says what the codes mean that IAM and STS document (IAM API
// Reference, "Common errors" and each action). Other codes are left to the
// status: a code is shown only if it is one of these.
func meaning(code string) (keyturn.Kind, string) {
	switch code {
	case "LimitExceeded":
		return keyturn.Exhausted, "the user holds two access keys already; delete one that is no longer needed"
	case "NoSuchEntity":
		return keyturn.NotFound, "no such user or access key"
	case "Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException":
		return keyturn.RateLimited, "too many requests; AWS does not say how long to wait"
	case "AccessDenied", "AccessDeniedException", "NotAuthorized", "OptInRequired":
		return keyturn.Denied, "the administrator's credential lacks a permission; see the policy in providers/aws/README.md"
	case "InvalidClientTokenId", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "AuthFailure",
		"UnrecognizedClientException", "IncompleteSignature", "MissingAuthenticationToken":
		return keyturn.Denied, "AWS does not accept the credential"
	case "RequestExpired", "RequestTimeTooSkewed":
		return keyturn.Unavailable, "the request's time is off; set the worker's clock"
	case "ConcurrentModification", "EntityTemporarilyUnmodifiable":
		return keyturn.Unavailable, "the user is being changed by somebody else"
	case "ServiceFailure", "ServiceUnavailable", "InternalFailure":
		return keyturn.Unavailable, "trouble at AWS"
	case "ValidationError", "MalformedPolicyDocument", "InvalidInput", "InvalidParameterValue", "MissingParameter":
		return keyturn.Invalid, "AWS does not accept the request as written; check the entry's scope.principal"
	}
	return "", ""
}

// undocumented is for an answer that lacks what AWS documents. For a mint the
// key may exist.
func undocumented(op string) error {
	return keyturn.Errorf(keyturn.Unavailable, op, "the answer is not the documented one")
}
