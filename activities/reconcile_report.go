package activities

import (
	"context"
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/secrets"
)

// reportNamed reports a key that an entry names and the vendor does not have, or
// has switched off, if the entry still says so.
func (r *reconciliation) reportNamed(ctx context.Context, s suspect) error {
	k, err := r.Registry.Get(ctx, s.key)
	if err != nil {
		return err
	}
	i := k.Remote(s.remoteID)
	if i == nil || k.Intent != nil || !k.Retired.IsZero() {
		return nil
	}
	f := registry.Finding{
		Kind: s.kind, Subject: s.remoteID, Key: k.ID, Owner: k.Owner, Severity: registry.Critical,
		Mend: fmt.Sprintf("replace it: keyturn rotate %s", k.ID),
	}
	switch {
	case s.kind == DisabledKey:
		f.Detail = fmt.Sprintf("consumers of %s read it, and %s has it switched off or past its end", k.ID, r.issuer)
		f.Mend = fmt.Sprintf("switch it on again at %s, or %s", r.issuer, f.Mend)
	case i.State == keyturn.Current:
		f.Detail = fmt.Sprintf("consumers of %s read it, and %s has no such key", k.ID, r.issuer)
	default:
		f.Severity = registry.Warning
		f.Detail = fmt.Sprintf("%s still names it as %s, and %s has no such key", k.ID, i.State, r.issuer)
	}
	return r.found(ctx, f)
}

// reportUnnamed reports a key that the vendor has and no entry names. It looks for
// the principal's entries once, and returns them for the next key.
func (r *reconciliation) reportUnnamed(ctx context.Context, s suspect, kin *relatives) (_ *relatives, err error) {
	if kin == nil {
		if kin, err = r.relatives(ctx, s.principal); err != nil {
			return nil, err
		}
	}
	if kin.named[s.remoteID] {
		return kin, nil
	}
	if id, generation, ours := parseLabel(r.listed[s.remoteID].label); ours {
		return kin, r.reportOrphan(ctx, s, id, generation)
	}
	return kin, r.reportUnknown(ctx, s, kin)
}

func (r *reconciliation) reportUnknown(ctx context.Context, s suspect, kin *relatives) error {
	k := r.listed[s.remoteID]
	f := registry.Finding{
		Kind: UnknownKey, Subject: s.remoteID, Owner: kin.owner, Severity: registry.Warning,
		Detail: fmt.Sprintf("%s has this key%s, and no entry names it", r.issuer, about(k)),
	}
	adopt := fmt.Sprintf("write an entry for it, and then: keyturn adopt KEY --remote-id %s", s.remoteID)
	if kin.unissued != "" {
		adopt = fmt.Sprintf("keyturn adopt %s --remote-id %s", kin.unissued, s.remoteID)
	}
	f.Mend = fmt.Sprintf("if somebody uses it, take it over: %s; otherwise end it at %s", adopt, r.issuer)
	if !k.enabled {
		f.Severity, f.Mend = registry.Info, "end it at "+r.issuer.String()
		f.Detail += "; it is switched off or past its end"
	}
	if kin.nameless != "" {
		f.Detail += fmt.Sprintf("; it may be the one of %s, whose id nobody gave", kin.nameless)
	}
	return r.found(ctx, f)
}

// about says whose a key is and how old, as far as the vendor does.
func about(k listedKey) (out string) {
	if k.principal != "" {
		out += " of " + k.principal
	}
	if !k.created.IsZero() {
		out += ", made on " + k.created.UTC().Format(time.DateOnly)
	}
	return out
}

// reportOrphan reports a key with a label of ours. No operation ends it, because
// only what a ledger names is ever ended.
func (r *reconciliation) reportOrphan(ctx context.Context, s suspect, id keyturn.KeyID, generation int) error {
	f := registry.Finding{
		Kind: OrphanKey, Subject: s.remoteID, Key: id, Severity: registry.Critical,
		Detail: fmt.Sprintf("%s has this key%s, made as generation %d of %s, and no entry names it", r.issuer, about(r.listed[s.remoteID]), generation, id),
		Mend:   fmt.Sprintf("make sure that nobody uses it and end it at %s: no operation of Keyturn ends a key that no entry names", r.issuer),
	}
	k, err := r.Registry.Get(ctx, id)
	switch {
	case keyturn.KindOf(err) == keyturn.NotFound:
		f.Key = ""
		return r.found(ctx, f)
	case err != nil:
		return err
	case k.Intent != nil || k.Remote(s.remoteID) != nil:
		return nil
	}
	f.Owner = k.Owner
	read, err := r.read(ctx, &k)
	if keyturn.KindOf(err).Retryable() {
		return err
	}
	if err == nil && (read.RemoteID == s.remoteID || string(read.Name) == keyturn.Label(id, generation)) {
		f.Detail += "; consumers read it"
		f.Mend = "do not end it: the registry is older than the store, as after a restore from a backup; bring the registry up to date"
	}
	return r.found(ctx, f)
}

// read is the version that consumers of a key read.
func (r *reconciliation) read(ctx context.Context, k *keyturn.Key) (secrets.Version, error) {
	store, err := r.Secrets.Open(k.Storage.Secret.Store)
	if err != nil {
		return secrets.Version{}, keyturn.Errorf(keyturn.Invalid, "reconcile", "no store named %q is configured on this worker", k.Storage.Secret.Store)
	}
	return store.Current(ctx, k.Storage.Secret)
}

// makes reports whether the vendor's API makes keys, so that nobody has to do it
// by hand.
func (r *reconciliation) makes() bool { _, ok := r.provider.(providers.Minter); return ok }
