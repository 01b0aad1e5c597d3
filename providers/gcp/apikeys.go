package gcp

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

const keysHost = "https://apikeys.googleapis.com"

// labelled is the annotation that holds a key's label. Anybody who may list
// the project's API keys can read it.
const labelled = "keyturn-label"

// apiKeys issues API keys.
type apiKeys struct{ *client }

var (
	_ providers.Minter            = apiKeys{}
	_ providers.Lister            = apiKeys{}
	_ providers.Verifier          = apiKeys{}
	_ providers.Revoker           = apiKeys{}
	_ providers.Identifier        = apiKeys{}
	_ providers.PermissionChecker = apiKeys{}
)

// shown is an API key as Google shows it (API Keys API, "Key").
type shown struct {
	Name        string            `json:"name"`
	Annotations map[string]string `json:"annotations"`
	Created     time.Time         `json:"createTime"`
	Deleted     time.Time         `json:"deleteTime"`
}

func (k shown) remote() providers.RemoteKey {
	return providers.RemoteKey{ID: last(k.Name), Principal: apiKey, Label: k.Annotations[labelled], Created: k.Created, Enabled: true}
}

func (a apiKeys) keys() string { return "/v2/projects/" + a.project + "/locations/global/keys" }

// List reads the project's API keys. Deleted ones, which Google keeps for 30
// days, are left out.
func (a apiKeys) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "gcp: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" && principal != apiKey {
			yield(providers.RemoteKey{}, keyturn.Errorf(keyturn.NotFound, op, "API keys have one principal only, %s", apiKey))
			return
		}
		for page := ""; ; {
			var out struct {
				Keys []shown
				Next string `json:"nextPageToken"`
			}
			q := url.Values{"pageSize": {"300"}}
			if page != "" {
				q.Set("pageToken", page)
			}
			err := a.manage(ctx, request{op: op, host: keysHost, path: a.keys(), query: q}, &out)
			var keys []providers.RemoteKey
			for _, k := range out.Keys {
				r := k.remote()
				if r.ID == "" {
					err = undocumented(op)
				}
				if k.Deleted.IsZero() {
					keys = append(keys, r)
				}
			}
			if !each(keys, err, yield) {
				return
			}
			if page = out.Next; page == "" {
				return
			}
		}
	}
}

// Revoke deletes the key. Google can bring it back for 30 days, for whoever
// may; the next request finds it gone.
func (a apiKeys) Revoke(ctx context.Context, _, id string) error {
	const op = "gcp: revoke"
	if err := checkID(op, id); err != nil {
		return err
	}
	var done operation
	gone, err := a.unlessGone(ctx, request{op: op, method: http.MethodDelete, host: keysHost, path: a.keys() + "/" + id}, &done)
	switch {
	case gone:
		return nil
	case err != nil:
		return err
	}
	return a.await(ctx, op, &done)
}

// Verify tries the key on the probe. There is no call that only says whether a
// key works, so the probe's refusals are read: a key that is blocked from it is
// alive. keys:lookupKey would not do: it finds deleted keys too.
func (a apiKeys) Verify(ctx context.Context, _ string, secret keyturn.Secret) error {
	const op = "gcp: verify"
	strange := func(r rune) bool { return r <= ' ' || r >= 0x7f }
	if secret.IsZero() || strings.ContainsFunc(secret.Expose(), strange) {
		return keyturn.Errorf(keyturn.Invalid, op, "there is no value to try, or it contains a space or a line break")
	}
	at, err := url.Parse(a.Probe)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the setting probe is no address")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address("https://"+at.Host, at.Path), nil)
	if err != nil {
		return keyturn.Errorf(keyturn.Invalid, op, "the setting probe is no address")
	}
	req.Header.Set("X-Goog-Api-Key", secret.Expose())
	var reason why
	body, err := a.send(op, req, func(e *keyturn.Error, body []byte) {
		if reason = explain(e, body); reason == "" || reason == unauthenticated {
			unclear(e)
		}
	})
	switch {
	case reason == keyRestricted:
		return nil
	case err == nil && !isObject(body):
		return undocumented(op)
	}
	return err
}

// unclear keeps a refusal that does not speak of the key from passing for the
// proof that it is dead.
func unclear(e *keyturn.Error) {
	if e.Kind == keyturn.Denied {
		e.Kind, e.Message = keyturn.Unavailable, "the probe's refusal does not say whether the key is alive; set probe to another API"
	}
}

// Identify looks the value up, and then whether the key it finds is one of
// this project.
func (a apiKeys) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "gcp: identify"
	stranger := keyturn.Errorf(keyturn.NotFound, op, "the value is no API key of project %s", a.project)
	if secret.IsZero() {
		return "", stranger
	}
	var found, own shown
	err := a.manage(ctx, request{op: op, host: keysHost, path: "/v2/keys:lookupKey", query: url.Values{"keyString": {secret.Expose()}}}, &found)
	switch id := last(found.Name); {
	case keyturn.KindOf(err) == keyturn.Denied:
		// Google answers so where the key is another project's, too.
		if may, failed := a.test(ctx, op, resourceManager, "/v1/projects/"+a.project, []string{"apikeys.keys.lookup"}); failed == nil && len(may) == 1 {
			return "", stranger
		}
		return "", err
	case err != nil:
		return "", err
	case id == "":
		return "", stranger // deleted for good
	default:
		err = a.manage(ctx, request{op: op, host: keysHost, path: a.keys() + "/" + id}, &own)
	}
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		return "", stranger
	case err != nil:
		return "", err
	case own.Name != found.Name:
		return "", stranger
	}
	return last(own.Name), nil
}
