package github

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/exchange"
)

// refused turns a status into an error that says the mend where there is one.
func (t *tracker) refused(op string, resp *http.Response) error {
	err := exchange.StatusError(op, resp)
	var e *keyturn.Error
	if !errors.As(err, &e) {
		return err
	}
	switch resp.StatusCode {
	case http.StatusUnauthorized:
		e.Message = "GitHub refused the token; renew the secret that the setting token names"
	case http.StatusForbidden, http.StatusTooManyRequests:
		body := func() []byte {
			b, _ := io.ReadAll(io.LimitReader(resp.Body, 4<<10))
			return b
		}
		if wait, ok := exchange.GitHubThrottled(resp.StatusCode, resp.Header, body, t.env.Now()); ok {
			return &keyturn.Error{Kind: keyturn.RateLimited, Op: op, Message: "too many requests", RetryAfter: wait}
		}
		e.Message = "the token may not; it needs the permission Issues (read and write) for the repository, and its account the role Write"
	case http.StatusUnprocessableEntity:
		e.Message = "GitHub does not accept it; check the settings assignees and type, and that the text has at most 65,536 characters"
	}
	return e
}

// repository is the part of a repository that is read ("Get a repository").
type repository struct {
	FullName    string `json:"full_name"`
	HasIssues   *bool  `json:"has_issues"`
	Archived    bool
	Permissions *struct{ Push bool }
}

// repository reads the repository and explains why it cannot be had. GitHub
// says 404 for what the token may not see.
func (t *tracker) repository(ctx context.Context, op string) (repository, error) {
	var r repository
	got, err := t.call(ctx, op, http.MethodGet, t.in(""), nil, &r)
	switch {
	case got.status == http.StatusNotFound:
		return r, keyturn.Errorf(keyturn.Denied, op, "GitHub shows the token no repository %s; check the setting repository, and that the token was given access to it", t.Repository)
	case moved(got.status):
		return r, keyturn.Errorf(keyturn.Invalid, op, "the repository was renamed or moved; correct the setting repository")
	case err != nil:
		return r, err
	case r.FullName == "" || r.HasIssues == nil:
		return r, undocumented(op)
	case !*r.HasIssues:
		return r, keyturn.Errorf(keyturn.Invalid, op, "issues are switched off in the repository; switch them on in its settings, or name another in the setting repository")
	}
	return r, nil
}

func moved(status int) bool { return status == 301 || status == 307 || status == 308 }

// missing explains why there is nothing where an issue should be: 404 or 410,
// or a redirect if it was transferred ("Get an issue"). A token that has lost
// the repository would make every ticket look deleted, so before we say that
// one is gone, we look whether we see the repository.
func (t *tracker) missing(ctx context.Context, op string, got answer, err error) error {
	if got.status != http.StatusNotFound && got.status != http.StatusGone && !moved(got.status) {
		return err
	}
	if _, err := t.repository(ctx, op); err != nil {
		return err
	}
	return keyturn.Errorf(keyturn.NotFound, op, "there is no such issue in %s; it was deleted or moved", t.Repository)
}
