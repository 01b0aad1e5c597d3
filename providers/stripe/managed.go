package stripe

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// managed also makes, lists and expires keys, over the preview.
type managed struct {
	tracked
	settings
}

var (
	_ providers.Minter            = (*managed)(nil)
	_ providers.Lister            = (*managed)(nil)
	_ providers.Verifier          = (*managed)(nil)
	_ providers.Revoker           = (*managed)(nil)
	_ providers.UsageReader       = (*managed)(nil)
	_ providers.PermissionChecker = (*managed)(nil)
)

func (p *managed) Info() providers.Info {
	out := p.tracked.Info()
	out.Title = "Stripe API keys (managed, private preview)"
	out.Docs = "https://docs.stripe.com/keys/managed-api-keys"
	out.MaxLive = 0 // no limit is documented
	out.Labels = true
	out.UsageLag = 24 * time.Hour // not documented; our caution
	return out
}

const keysPath = "/v2/iam/api_keys"

// key is a v2.iam.api_key without its value, which answers carry in plain
// text in test mode: what has no field is not kept.
type key struct {
	ID       string     `json:"id"`
	Type     string     `json:"type"`
	Status   string     `json:"status"`
	Note     string     `json:"note"`
	Created  time.Time  `json:"created"`
	LastUsed *time.Time `json:"last_used"`
}

func (k key) remote() providers.RemoteKey {
	return providers.RemoteKey{ID: k.ID, Label: k.Note, Created: k.Created, Enabled: true}
}

// Mint creates a restricted key with req.Permissions. Without any it is
// refused: Stripe was seen to ignore an empty list. The preview takes no end
// date, so Mint leaves that out.
//
// In live mode Stripe encrypts the value to an RSA key made for this one call.
// Its private half never leaves the process, so the answer of an earlier call
// could not be read: the Idempotency-Key is the label and what tells this
// call's key from others. A lost answer leaves an orphan with the label in its
// note, as at every other vendor.
func (p *managed) Mint(ctx context.Context, req providers.MintRequest) (providers.Minted, error) {
	const op = "stripe: mint"
	var none providers.Minted
	strange := func(r rune) bool { return r < ' ' || r >= 0x7f }
	switch {
	case req.Principal != "":
		return none, keyturn.Errorf(keyturn.Invalid, op, "an API key belongs to no principal; leave the entry's scope.principal empty")
	case len(req.Permissions) == 0:
		return none, keyturn.Errorf(keyturn.Invalid, op, "the entry lists no permissions; a key that may do everything is not made")
	case len(req.Label) > maxLabel || strings.ContainsFunc(req.Label, strange):
		return none, keyturn.Errorf(keyturn.Invalid, op, "the label is longer than %d characters or not plain text; give the entry another id", maxLabel)
	}
	box, err := newBox(op)
	if err != nil {
		return none, err
	}
	in := map[string]any{
		"type": secretKey, "name": req.Label, "note": req.Label, "permissions": req.Permissions,
		"public_key": map[string]any{"id": box.id, "pem_key": map[string]any{"algorithm": "RSA", "data": box.public}},
	}
	r := p.request(op, http.MethodPost, keysPath)
	r.header["Idempotency-Key"], r.body = req.Label+"/"+box.id, in
	var out struct {
		key
		Value sealed `json:"secret_key"`
	}
	if _, err := p.manage(ctx, r, &out); err != nil {
		return none, err
	}
	value, ok := box.open(out.Value)
	if !ok || !isKey(out.ID) {
		return none, undocumented(op)
	}
	if !strings.HasPrefix(value.Expose(), "rk_") {
		return none, keyturn.Errorf(keyturn.Unavailable, op, "Stripe made a key that is not a restricted one; it is not used")
	}
	return providers.Minted{Key: out.remote(), Secret: value}, nil
}

const (
	secretKey = "secret_key"
	// maxLabel leaves room for the rest of an Idempotency-Key, of which Stripe
	// takes 255 characters ("Idempotent requests").
	maxLabel = 200
)

// Revoke expires the key. Stripe does not say what it answers about a key that
// has expired before, so one that calls the request bad is looked into.
func (p *managed) Revoke(ctx context.Context, _, id string) error {
	const op = "stripe: revoke"
	if !isKey(id) {
		return strangeID(op)
	}
	got, err := p.manage(ctx, p.request(op, http.MethodPost, keysPath+"/"+id+"/expire"), nil)
	switch {
	case got.status == http.StatusNotFound && got.stripes():
		return nil
	case got.status == http.StatusNotFound:
		return undocumented(op) // somebody else's 404 is no dead key
	case got.status == http.StatusBadRequest && p.expired(ctx, op, id):
		return nil
	}
	return err
}

func (p *managed) expired(ctx context.Context, op, id string) bool {
	var now key
	_, err := p.manage(ctx, p.request(op, http.MethodGet, keysPath+"/"+id), &now)
	return err == nil && now.ID == id && now.Status == "expired"
}

// LastUsed reads last_used, which is absent for a key never used. An expired
// key is NotFound.
func (p *managed) LastUsed(ctx context.Context, _, id string) (time.Time, error) {
	const op = "stripe: last used"
	if !isKey(id) {
		return time.Time{}, strangeID(op)
	}
	var out key
	if _, err := p.manage(ctx, p.request(op, http.MethodGet, keysPath+"/"+id), &out); err != nil {
		return time.Time{}, err
	}
	switch {
	case out.ID != id:
		return time.Time{}, undocumented(op)
	case out.Status != "active":
		return time.Time{}, keyturn.Errorf(keyturn.NotFound, op, "the key has expired")
	case out.LastUsed == nil:
		return time.Time{}, nil
	}
	return *out.LastUsed, nil
}

// CheckPermissions lists one key. Whether the platform may also make and
// expire keys, only doing so would show.
func (p *managed) CheckPermissions(ctx context.Context, _ string) ([]providers.Permission, error) {
	const op = "stripe: check permissions"
	list := providers.Permission{Name: "GET " + keysPath, Need: "managing this account's API keys at all"}
	_, got, err := p.page(ctx, op, "?limit=1")
	if err != nil && got.status != http.StatusForbidden {
		return nil, err
	}
	list.Granted = err == nil
	return []providers.Permission{list}, nil
}
