package http

import (
	"context"
	"net/http"
	"slices"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// Verify shows the service the key and nothing else. A value that works but is
// another key's is Invalid: it is neither the key that was meant nor a dead one.
func (p *provider) Verify(ctx context.Context, id string, secret keyturn.Secret) error {
	const op = "http: verify"
	got, err := p.show(ctx, op, secret)
	if err == nil && id != "" && got != id {
		return keyturn.Errorf(keyturn.Invalid, op, "the value works, but it is not that of the key asked about")
	}
	return err
}

// Identify asks the value which key it is. A dead one can no longer say.
func (p *provider) Identify(ctx context.Context, secret keyturn.Secret) (string, error) {
	const op = "http: identify"
	id, err := p.show(ctx, op, secret)
	if keyturn.KindOf(err) == keyturn.Denied {
		return "", keyturn.Errorf(keyturn.NotFound, op, "the value is that of no living key")
	}
	return id, err
}

// show tells what proves that a key is dead from what proves nothing: whatever
// stands in front of a service may say 401 or 403 too, but not the code.
func (p *provider) show(ctx context.Context, op string, secret keyturn.Secret) (string, error) {
	if secret.IsZero() {
		return "", keyturn.Errorf(keyturn.Invalid, op, "there is no value to try")
	}
	r, err := p.send(ctx, op, http.MethodGet, root+"/verify", secret, nil)
	switch {
	case err != nil:
		return "", err
	case r.Status == http.StatusUnauthorized && r.code() != "key_refused":
		return "", keyturn.Errorf(keyturn.Unavailable, op, "something in front of the service refused the request")
	case r.Status == http.StatusForbidden:
		return "", keyturn.Errorf(keyturn.Invalid, op, "the request is forbidden, which proves neither that the key works nor that it is dead")
	}
	var out struct{ ID string }
	if err := r.read(op, &out); err != nil {
		return "", err
	}
	if !isID(out.ID) {
		return "", undocumented(op)
	}
	return out.ID, nil
}

// CheckPermissions asks the service what it implements and what the
// administrator may do, and compares the first with the setting lacks.
func (p *provider) CheckPermissions(ctx context.Context, _ string) ([]providers.Permission, error) {
	const op = "http: check permissions"
	var service struct {
		Contract     string   `json:"contract"`
		Capabilities []string `json:"capabilities"`
		Granted      []string `json:"granted"`
	}
	r, err := p.manage(ctx, op, http.MethodGet, root, nil)
	if err == nil {
		err = r.read(op, &service)
	}
	if err != nil {
		return nil, err
	}
	if service.Contract != "keyturn/v1" || service.Capabilities == nil || service.Granted == nil {
		return nil, undocumented(op)
	}
	out := []providers.Permission{
		{Name: "keys.read", Need: "to find keys whose minting was cut short"},
		{Name: "keys.write", Need: "to make and end keys"},
	}
	for i := range out {
		out[i].Granted = slices.Contains(service.Granted, out[i].Name)
	}
	for _, c := range []providers.Permission{
		{Name: suspends, Need: "to switch an old key off before it is revoked; if the service cannot, add suspend to the setting lacks"},
		{Name: lastUsed, Need: "to see that an old key has gone quiet; if the service cannot tell, add last_used to the setting lacks"},
		{Name: principals, Need: "to make keys for a principal; if keys belong to nobody, add principals to the setting lacks"},
	} {
		c.Granted = slices.Contains(service.Capabilities, c.Name)
		if !p.lacks(c.Name) {
			out = append(out, c)
		}
	}
	return out, nil
}
