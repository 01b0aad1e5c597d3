package github

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// A grant is a fine-grained personal access token as the organisation sees it:
// what is granted to it, not the token (REST API, "Personal access tokens").
type grant struct {
	ID    int64
	Owner struct {
		Login string
	}
	Granted  time.Time  `json:"access_granted_at"`
	Name     string     `json:"token_name"`
	Expired  bool       `json:"token_expired"`
	LastUsed *time.Time `json:"token_last_used_at"`
}

func (g grant) id() string { return strconv.FormatInt(g.ID, 10) }

func (g grant) remote() providers.RemoteKey {
	return providers.RemoteKey{ID: g.id(), Principal: pats, Label: g.Name, Created: g.Granted, Enabled: !g.Expired}
}

// grants lists the organisation's grants, oldest first, or those of one owner.
func (p *provider) grants(ctx context.Context, op, owner string) iter.Seq2[grant, error] {
	path := "/orgs/" + url.PathEscape(p.env.Account) + "/personal-access-tokens?sort=created_at&direction=asc"
	if owner != "" {
		path += "&owner%5B%5D=" + url.QueryEscape(owner)
	}
	return pages(ctx, p, op, path, all[grant])
}

func (p *provider) grant(ctx context.Context, op, id string) (grant, error) {
	for g, err := range p.grants(ctx, op, "") {
		if err != nil || g.id() == id {
			return g, err
		}
	}
	return grant{}, keyturn.Errorf(keyturn.NotFound, op, "the organisation has let in no token with id %s", id)
}

var numberPattern = regexp.MustCompile(`^[1-9][0-9]*$`)

func (p *provider) grantPath(op, id string) (string, error) {
	if !numberPattern.MatchString(id) {
		return "", keyturn.Errorf(keyturn.Invalid, op, "the id is not the number of a token's grant")
	}
	return "/orgs/" + url.PathEscape(p.env.Account) + "/personal-access-tokens/" + id, nil
}

func (p *provider) tokenUsed(ctx context.Context, op, id string) (time.Time, error) {
	if _, err := p.grantPath(op, id); err != nil {
		return time.Time{}, err
	}
	g, err := p.grant(ctx, op, id)
	if err != nil || g.LastUsed == nil {
		return time.Time{}, err
	}
	return *g.LastUsed, nil
}

// fineGrained and installed are how two kinds of token begin ("About
// authentication to GitHub").
const (
	fineGrained = "github_pat_"
	installed   = "ghs_"
)

// verifyToken shows GitHub the token. One that is alive but may not is alive.
// With an id, a fine-grained token must also still be let into the
// organisation: its owner keeps it when Revoke has ended that.
func (p *provider) verifyToken(ctx context.Context, op, id string, secret keyturn.Secret) error {
	if strings.HasPrefix(secret.Expose(), "-----BEGIN") {
		return keyturn.Errorf(keyturn.Invalid, op, "the value is a private key; the id of a deploy key is owner/repo/number")
	}
	granted := p.PersonalTokens && id != "" && strings.HasPrefix(secret.Expose(), fineGrained)
	if granted {
		if _, err := p.grantPath(op, id); err != nil {
			return err
		}
		if _, err := p.session(ctx, op); err != nil { // before the value is shown to anybody
			return ofOurs(op, err)
		}
	}
	owner, err := p.owner(ctx, op, secret)
	if err != nil || !granted {
		return err
	}
	g, err := p.grant(ctx, op, id)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return keyturn.Errorf(keyturn.Denied, op, "the organisation no longer lets the token in")
	case err != nil:
		return ofOurs(op, err)
	case owner != "" && !strings.EqualFold(owner, g.Owner.Login):
		return keyturn.Errorf(keyturn.Invalid, op, "the value works, but it is not that of token %s", id)
	}
	return nil
}

// owner asks GitHub whose a token is: empty where it is nobody's or the token
// may not ask.
func (p *provider) owner(ctx context.Context, op string, secret keyturn.Secret) (string, error) {
	if strings.HasPrefix(secret.Expose(), installed) {
		var out struct {
			Count *int `json:"total_count"`
		}
		got, err := p.do(ctx, secret, request{op, http.MethodGet, "/installation/repositories?per_page=1", nil, &out})
		if err == nil && out.Count == nil {
			err = undocumented(op)
		}
		return "", unlessForbidden(got, err)
	}
	var user struct{ Login string }
	got, err := p.do(ctx, secret, request{op, http.MethodGet, "/user", nil, &user})
	if err == nil && user.Login == "" {
		err = undocumented(op)
	}
	return user.Login, unlessForbidden(got, err)
}

// unlessForbidden takes a 403 that is not throttling for success: GitHub knows
// the token. A dead one is a 401.
func unlessForbidden(got answer, err error) error {
	if got.status == http.StatusForbidden && keyturn.KindOf(err) == keyturn.Denied {
		return nil
	}
	return err
}

// Identify finds the grant a fine-grained token has in the organisation.
// GitHub tells whose a value is, not which: it is NotFound for an owner without
// a living token here, and Unsupported for one with several.
func (p *provider) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "github: identify"
	value := secret.Expose()
	switch {
	case value == "":
		return "", keyturn.Errorf(keyturn.Invalid, op, "there is no value to ask about")
	case !strings.HasPrefix(value, fineGrained):
		return "", keyturn.Errorf(keyturn.Unsupported, op, "only fine-grained personal access tokens (github_pat_) have an id an organisation can see")
	}
	if err := p.inventory(op); err != nil {
		return "", err
	}
	if _, err := p.session(ctx, op); err != nil {
		return "", err // before the value is shown to anybody
	}
	owner, err := p.owner(ctx, op, secret)
	switch {
	case keyturn.KindOf(err) == keyturn.Denied:
		return "", keyturn.Errorf(keyturn.NotFound, op, "the value is that of no living token")
	case err != nil:
		return "", err
	case owner == "":
		return "", keyturn.Errorf(keyturn.Unsupported, op, "GitHub does not tell whose the token is")
	}
	var found []string
	for g, err := range p.grants(ctx, op, owner) {
		if err != nil {
			return "", err
		}
		if strings.EqualFold(g.Owner.Login, owner) && !g.Expired {
			found = append(found, g.id())
		}
	}
	switch len(found) {
	case 0:
		return "", keyturn.Errorf(keyturn.NotFound, op, "its owner has no living token in the organisation")
	case 1:
		return found[0], nil
	}
	return "", keyturn.Errorf(keyturn.Unsupported, op, "its owner has %d tokens in the organisation, and GitHub does not tell which this is", len(found))
}

// RevokeValue ends a token wherever it works, and cannot be undone. GitHub
// tells the owner. It accepts the request and acts later (REST API,
// "Revocation"); the caller must be nobody, and has 60 such requests an hour.
// An installation token ends itself.
func (p *provider) RevokeValue(ctx context.Context, secret keyturn.Secret) error {
	const op = "github: revoke value"
	value := secret.Expose()
	if value == "" {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to revoke")
	}
	if strings.HasPrefix(value, installed) {
		got, err := p.do(ctx, secret, request{op, http.MethodDelete, "/installation/token", nil, nil})
		if got.status == http.StatusUnauthorized {
			return nil // dead already
		}
		return err
	}
	for _, prefix := range []string{"ghp_", fineGrained, "gho_", "ghu_", "ghr_"} {
		if strings.HasPrefix(value, prefix) {
			in := map[string][]string{"credentials": {value}}
			_, err := p.do(ctx, keyturn.Secret{}, request{op, http.MethodPost, "/credentials/revoke", in, nil})
			return err
		}
	}
	return keyturn.Errorf(keyturn.Unsupported, op, "GitHub revokes only its tokens by value; end a deploy key by its id")
}
