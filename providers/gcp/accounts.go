package gcp

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

const iam = "https://iam.googleapis.com"

// accountKeys issues keys of service accounts.
type accountKeys struct{ *client }

var (
	_ providers.Minter            = accountKeys{}
	_ providers.Lister            = accountKeys{}
	_ providers.Verifier          = accountKeys{}
	_ providers.Suspender         = accountKeys{}
	_ providers.Revoker           = accountKeys{}
	_ providers.UsageReader       = accountKeys{}
	_ providers.Identifier        = accountKeys{}
	_ providers.PermissionChecker = accountKeys{}
	_ providers.UseReader         = accountKeys{}
)

// key is a key as IAM shows it (IAM API, "ServiceAccountKey").
type key struct {
	Name           string    `json:"name"`
	PublicKeyData  []byte    `json:"publicKeyData"`  // only if asked for
	PrivateKeyData []byte    `json:"privateKeyData"` // only from keys.create
	ValidAfter     time.Time `json:"validAfterTime"`
	ValidBefore    time.Time `json:"validBeforeTime"`
	Disabled       bool      `json:"disabled"`
	// ExtendedStatus stays for the life of the key. It says EXPOSED of one
	// Google found in public, and COMPROMISE_DETECTED.
	ExtendedStatus []struct {
		Key string `json:"key"`
	} `json:"extendedStatus"`
}

func (a accountKeys) remote(k key, email string) providers.RemoteKey {
	over := !k.ValidBefore.IsZero() && !a.env.Now().Before(k.ValidBefore)
	return providers.RemoteKey{
		ID: last(k.Name), Principal: email, Created: k.ValidAfter,
		Enabled: !k.Disabled && !over && len(k.ExtendedStatus) == 0,
	}
}

// List asks for one service account's keys, or for all accounts and then each
// one's keys: IAM has no request for the keys of a project. A key that has
// ended, or that Google found to be exposed, is not Enabled.
func (a accountKeys) List(ctx context.Context, principal string) iter.Seq2[providers.RemoteKey, error] {
	const op = "gcp: list"
	return func(yield func(providers.RemoteKey, error) bool) {
		if principal != "" {
			keys, _, err := a.keysOf(ctx, op, principal)
			each(keys, err, yield)
			return
		}
		for page := ""; ; {
			var out struct {
				Accounts []struct{ Email string }
				Next     string `json:"nextPageToken"`
			}
			q := url.Values{"pageSize": {"100"}}
			if page != "" {
				q.Set("pageToken", page)
			}
			err := a.manage(ctx, request{op: op, host: iam, path: "/v1/projects/" + a.project + "/serviceAccounts", query: q}, &out)
			if err != nil {
				yield(providers.RemoteKey{}, err)
				return
			}
			for _, account := range out.Accounts {
				keys, gone, err := a.keysOf(ctx, op, account.Email)
				if gone {
					continue // deleted since the page was read, and its keys with it
				}
				if !each(keys, err, yield) {
					return
				}
			}
			if page = out.Next; page == "" {
				return
			}
		}
	}
}

// each yields a listing or its error, and reports whether to go on.
func each(keys []providers.RemoteKey, err error, yield func(providers.RemoteKey, error) bool) bool {
	if err != nil {
		yield(providers.RemoteKey{}, err)
		return false
	}
	for _, k := range keys {
		if !yield(k, nil) {
			return false
		}
	}
	return true
}

// keysOf reads the keys of one service account, which come on one page. Keys
// that Google makes for itself are left out.
func (a accountKeys) keysOf(ctx context.Context, op, email string) (keys []providers.RemoteKey, gone bool, err error) {
	path, err := a.accountPath(op, email)
	if err != nil {
		return nil, false, keyturn.Errorf(keyturn.NotFound, op, "there is no service account of that name; give its e-mail address")
	}
	var out struct{ Keys []key }
	gone, err = a.unlessGone(ctx, request{op: op, host: iam, path: path + "/keys", query: url.Values{"keyTypes": {"USER_MANAGED"}}}, &out)
	for _, k := range out.Keys {
		r := a.remote(k, email)
		if r.ID == "" {
			return nil, false, undocumented(op)
		}
		keys = append(keys, r)
	}
	return keys, gone, err
}

// Disable switches the key off; it keeps its place among the ten. Access
// tokens it was already exchanged for work on for up to an hour.
func (a accountKeys) Disable(ctx context.Context, principal, id string) error {
	return a.act(ctx, "gcp: disable", principal, id, ":disable")
}

// Enable switches the key on again.
func (a accountKeys) Enable(ctx context.Context, principal, id string) error {
	return a.act(ctx, "gcp: enable", principal, id, ":enable")
}

func (a accountKeys) act(ctx context.Context, op, principal, id, verb string) error {
	path, err := a.keyPath(op, principal, id)
	if err != nil {
		return err
	}
	return a.manage(ctx, request{op: op, method: http.MethodPost, host: iam, path: path + verb, in: struct{}{}}, nil)
}

// Revoke deletes the key. Access tokens it was already exchanged for work on
// for up to an hour (IAM API, "Method: keys.delete").
func (a accountKeys) Revoke(ctx context.Context, principal, id string) error {
	const op = "gcp: revoke"
	path, err := a.keyPath(op, principal, id)
	if err != nil {
		return err
	}
	gone, err := a.unlessGone(ctx, request{op: op, method: http.MethodDelete, host: iam, path: path}, nil)
	if gone {
		return nil
	}
	return err
}

// LastUsed asks Activity Analyzer, which knows the day only and begins it at
// 07:00 UTC. Where it says nothing, IAM is asked whether the key exists.
func (a accountKeys) LastUsed(ctx context.Context, principal, id string) (time.Time, error) {
	const op = "gcp: last used"
	path, err := a.keyPath(op, principal, id)
	if err != nil {
		return time.Time{}, err
	}
	name := "//iam.googleapis.com/projects/" + a.project + "/serviceAccounts/" + principal + "/keys/" + id
	var out struct {
		Activities []struct {
			Activity struct {
				At time.Time `json:"lastAuthenticatedTime"`
			}
		}
	}
	err = a.manage(ctx, request{
		op: op, host: "https://policyanalyzer.googleapis.com",
		path:  "/v1/projects/" + a.project + "/locations/global/activityTypes/serviceAccountKeyLastAuthentication/activities:query",
		query: url.Values{"filter": {`activities.full_resource_name="` + name + `"`}},
	}, &out)
	if err != nil {
		return time.Time{}, err
	}
	var at time.Time
	for _, x := range out.Activities {
		at = slices.MaxFunc([]time.Time{at, x.Activity.At}, time.Time.Compare)
	}
	if !at.IsZero() {
		return at, nil
	}
	var k key
	if err := a.manage(ctx, request{op: op, host: iam, path: path}, &k); err != nil {
		return time.Time{}, err
	}
	if last(k.Name) != id {
		return time.Time{}, undocumented(op)
	}
	return time.Time{}, nil
}
