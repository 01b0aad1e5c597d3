package entra

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// application is an application as Graph shows it.
type application struct {
	AppID     string     `json:"appId"`
	Passwords []password `json:"passwordCredentials"`
}

// password is a passwordCredential. Nothing in it says who uses it or when
// (Microsoft Graph v1.0, passwordCredential).
type password struct {
	KeyID string    `json:"keyId"`
	Name  string    `json:"displayName"`
	Start time.Time `json:"startDateTime"`
	End   time.Time `json:"endDateTime"`
}

func (p *provider) remote(principal, app string, c password) providers.RemoteKey {
	return providers.RemoteKey{
		ID: app + "." + c.KeyID, Principal: principal, Label: c.Name, Created: c.Start,
		// There is no switch; but a password past its end opens nothing.
		Enabled: c.End.IsZero() || p.env.Now().Before(c.End),
	}
}

// pageSize is the most Graph puts on a page of applications (Microsoft Graph,
// "Paging"). It may put fewer.
const pageSize = 999

const fields = "id,appId,passwordCredentials"

// List reads one application, or all of the tenant page by page.
func (p *provider) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "entra: list"
	if principal != "" {
		return func(yield func(providers.RemoteKey, error) bool) { p.listOne(ctx, op, principal, yield) }
	}
	return func(yield func(providers.RemoteKey, error) bool) {
		q := url.Values{"$select": {fields}, "$top": {strconv.Itoa(pageSize)}}.Encode()
		for seen := map[string]bool{}; ; {
			seen[q] = true
			var page struct {
				Value []application `json:"value"`
				Next  string        `json:"@odata.nextLink"`
			}
			err := p.graph(ctx, op, http.MethodGet, "/applications?"+q, nil, &page)
			if err == nil && page.Value == nil {
				err = undocumented(op)
			}
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			for _, app := range page.Value {
				if !p.each(op, byClientID+app.AppID, app, yield) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			var ok bool
			if q, ok = p.nextPage(page.Next); !ok || seen[q] {
				yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.Unavailable, op, "the next page is not where Graph's pages are"))
				return
			}
		}
	}
}

func (p *provider) listOne(ctx context.Context, op, principal string, yield func(providers.RemoteKey, error) bool) {
	path, err := principalPath(op, principal)
	var app application
	if err == nil {
		err = p.graph(ctx, op, http.MethodGet, path+"?"+url.Values{"$select": {fields}}.Encode(), nil, &app)
	}
	if err != nil {
		yield(providers.RemoteKey{}, err)
		return
	}
	p.each(op, principal, app, yield)
}

// each yields an application's passwords, and reports whether more are wanted.
func (p *provider) each(op, principal string, app application, yield func(providers.RemoteKey, error) bool) bool {
	if !plain(app.AppID) {
		yield(providers.RemoteKey{}, undocumented(op))
		return false
	}
	for _, c := range app.Passwords {
		if !plain(c.KeyID) {
			yield(providers.RemoteKey{}, undocumented(op))
			return false
		}
		if !yield(p.remote(principal, app.AppID, c), nil) {
			return false
		}
	}
	return true
}

// nextPage is the query of the next page, if link is one of Graph's own or of
// the address we were told to use: an access token is shown nowhere else.
func (p *provider) nextPage(link string) (string, bool) {
	for _, base := range []string{p.at.graph, p.vendor} {
		if q, ok := strings.CutPrefix(link, strings.TrimSuffix(base, "/")+version+"/applications?"); ok {
			return q, true
		}
	}
	return "", false
}

// CheckPermissions reads one application, or the first of the tenant. Whether
// passwords may be added and removed only a change would show.
func (p *provider) CheckPermissions(ctx context.Context, principal string) ([]providers.Permission, error) {
	const op = "entra: check permissions"
	path := "/applications?" + url.Values{"$select": {"id,appId"}, "$top": {"1"}}.Encode()
	if principal != "" {
		one, err := principalPath(op, principal)
		if err != nil {
			return nil, err
		}
		path = one + "?" + url.Values{"$select": {"id,appId"}}.Encode()
	}
	token, err := p.token(ctx, op)
	if err != nil {
		return nil, err
	}
	var out struct {
		AppID string        `json:"appId"`
		Value []application `json:"value"`
	}
	reads := providers.Permission{
		Name: "Application.Read.All or Application.ReadWrite.OwnedBy", Granted: true,
		Need: "listing passwords; without it an orphan is never found",
	}
	err = p.as(ctx, op, token, http.MethodGet, path, nil, &out)
	switch {
	case forbidden(err):
		reads.Granted = false
	case err != nil:
		return nil, err
	case out.AppID == "" && out.Value == nil:
		return nil, undocumented(op)
	}
	return []providers.Permission{reads}, nil
}
