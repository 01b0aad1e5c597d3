package vault

import (
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hashicorp/vault/api"

	"github.com/keyturn/keyturn"
)

// A request is one call of Vault's API at a path.
type request func(ctx context.Context, v *api.Client, path string) (*api.Secret, error)

func get(ctx context.Context, v *api.Client, path string) (*api.Secret, error) {
	return v.Logical().ReadWithContext(ctx, path)
}

func remove(ctx context.Context, v *api.Client, path string) (*api.Secret, error) {
	return v.Logical().DeleteWithContext(ctx, path)
}

// call sends one request with a token that works. A refusal may mean that the
// token ended before its time: then Vault did nothing, and after one new
// login the request is sent again.
func (s *Store) call(ctx context.Context, op, path string, do request) (*api.Secret, error) {
	sess, err := s.auth.session(ctx, op)
	if err != nil {
		return nil, err
	}
	secret, err := send(ctx, op, sess.client, path, do)
	if keyturn.KindOf(err) != keyturn.Denied {
		return secret, err
	}
	_, lookup := send(ctx, op, sess.client, pathLookup, get)
	switch keyturn.KindOf(lookup) {
	case "": // the token is fine, the policy is not
		return nil, err
	case keyturn.Denied:
	default:
		return nil, lookup
	}
	s.auth.drop(sess)
	if sess, err = s.auth.session(ctx, op); err != nil {
		return nil, err
	}
	return send(ctx, op, sess.client, path, do)
}

// pathLookup is where a token is asked about itself. Vault's default policy
// allows it.
const pathLookup = "auth/token/lookup-self"

// send sends one request and translates its error.
func send(ctx context.Context, op string, client *api.Client, path string, do request) (*api.Secret, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var retryAfter string
	client = client.WithResponseCallbacks(func(r *api.Response) { retryAfter = r.Header.Get("Retry-After") })
	secret, err := do(ctx, client, path)
	if err != nil {
		return nil, translate(ctx, op, path, err, retryAfter)
	}
	return secret, nil
}

// translate gives an error of the API client its kind. It never quotes the
// error: that holds Vault's answer, which may hold what we sent.
func translate(ctx context.Context, op, path string, err error, retryAfter string) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	var answer *api.ResponseError
	if errors.As(err, &answer) {
		kind, message := kindOf(answer.StatusCode)
		if kind == keyturn.Invalid && slices.ContainsFunc(answer.Errors, isLostSwap) {
			kind, message = keyturn.Conflict, "somebody else wrote it first"
		}
		e := keyturn.Errorf(kind, op, "%s (status %d, %s)", message, answer.StatusCode, path)
		if kind.Retryable() {
			e.RetryAfter = parseRetryAfter(retryAfter)
		}
		return e
	}
	var cert *tls.CertificateVerificationError
	switch {
	case errors.As(err, &cert):
		return keyturn.Errorf(keyturn.Unavailable, op, "Vault's TLS certificate is not trusted; check address and ca_file")
	case errors.Is(err, context.DeadlineExceeded):
		return keyturn.Errorf(keyturn.Unavailable, op, "Vault did not answer in time")
	}
	return keyturn.Errorf(keyturn.Unavailable, op, "Vault could not be reached; check that it runs at the configured address")
}

// isLostSwap recognises a lost check-and-set, which has no status of its own.
func isLostSwap(answer string) bool {
	return strings.Contains(answer, "check-and-set parameter did not match")
}

// kindOf is what a status of Vault's API means.
// https://developer.hashicorp.com/vault/api-docs#http-status-codes
func kindOf(status int) (keyturn.Kind, string) {
	switch status {
	case http.StatusForbidden, http.StatusUnauthorized:
		return keyturn.Denied, "Vault refused it; check the policy of Keyturn's role, see docs/stores.md"
	case http.StatusNotFound:
		return keyturn.NotFound, "Vault has no such path; check that the engine is mounted there"
	case http.StatusTooManyRequests:
		return keyturn.RateLimited, "Vault's rate limit is reached"
	case http.StatusPreconditionFailed:
		return keyturn.Unavailable, "this Vault node does not know the latest write yet"
	case 472, 473:
		return keyturn.Unavailable, "this Vault node is a standby and cannot serve it"
	case http.StatusServiceUnavailable:
		return keyturn.Unavailable, "Vault is sealed or down for maintenance; unseal it"
	}
	if status >= 500 {
		return keyturn.Unavailable, "Vault failed"
	}
	return keyturn.Invalid, "Vault did not accept the request"
}

// parseRetryAfter reads a Retry-After header: seconds or a date.
func parseRetryAfter(value string) time.Duration {
	if n, err := strconv.Atoi(value); err == nil {
		return max(0, time.Duration(n)*time.Second)
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(0, time.Until(at))
	}
	return 0
}
