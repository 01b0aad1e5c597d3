package identitycenter

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/identitystore/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// failure turns what the SDK returned into an error of ours, nil into nil.
// Neither the SDK's text nor AWS's message is kept: both quote the request. Only
// AWS's own word makes a NotFound: a proxy's 404 must make a leaver of nobody.
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
	answered := undocumented(op)
	if resp := new(smithyhttp.ResponseError); errors.As(err, &resp) && resp.Response != nil {
		if status := new(keyturn.Error); errors.As(exchange.StatusError(op, resp.Response.Response), &status) && status.Kind != keyturn.NotFound {
			answered = status
		}
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		if strings.HasPrefix(api.ErrorMessage(), "Signature expired") || strings.HasPrefix(api.ErrorMessage(), "Signature not yet current") {
			answered.Kind, answered.Message = keyturn.Unavailable, "the signature's time is off; set the worker's clock"
		} else if kind, message := meaning(api); kind != "" {
			answered.Kind, answered.Message = kind, api.ErrorCode()+": "+message
		}
	}
	if wait := waits(err); wait > 0 {
		answered.RetryAfter = wait
	}
	return answered
}

// waits is how long AWS asks to wait, if it does.
func waits(err error) time.Duration {
	seconds := int32(0)
	if e := new(types.ThrottlingException); errors.As(err, &e) {
		seconds = e.RetryAfterSeconds
	}
	if e := new(types.InternalServerException); errors.As(err, &e) {
		seconds = e.RetryAfterSeconds
	}
	return time.Duration(seconds) * time.Second
}

// meaning says what the codes mean that the Identity Store API Reference
// documents, with its "Common Errors". Other codes are left to the status.
func meaning(api smithy.APIError) (keyturn.Kind, string) {
	if e := new(types.ResourceNotFoundException); errors.As(api, &e) && e.ResourceType == types.ResourceTypeIdentityStore {
		return keyturn.Invalid, "there is no such identity store; correct identity_store and region"
	}
	switch api.ErrorCode() {
	case "ResourceNotFoundException":
		return keyturn.NotFound, "Identity Center knows no such person or group"
	case "ThrottlingException", "Throttling", "RequestLimitExceeded", "TooManyRequestsException":
		return keyturn.RateLimited, "too many requests"
	case "AccessDeniedException", "AccessDenied", "NotAuthorized", "OptInRequired":
		return keyturn.Denied, "the credential lacks a permission; see the policy in people/identitycenter/README.md"
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "ExpiredTokenException",
		"ExpiredToken", "IncompleteSignature", "MissingAuthenticationToken", "MissingAuthenticationTokenException":
		return keyturn.Denied, "AWS does not accept the credential"
	case "RequestExpired", "RequestTimeTooSkewed":
		return keyturn.Unavailable, "the request's time is off; set the worker's clock"
	case "InternalServerException", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException":
		return keyturn.Unavailable, "trouble at AWS"
	case "ValidationException", "ValidationError":
		return keyturn.Invalid, "AWS does not accept the request as written"
	}
	return "", ""
}

// undocumented is for an answer that lacks what AWS documents, or none at all.
func undocumented(op string) *keyturn.Error {
	return keyturn.Errorf(keyturn.Unavailable, op, "no documented answer came back, or there was no credential to ask with")
}
