package entry

import (
	"cmp"
	"time"

	"github.com/keyturn/keyturn"
)

// The kinds of [keyturn.Consumer] an entry can name.
const (
	KubernetesSecret = "kubernetes_secret"
	HTTPProbe        = "http_probe"
	LastUsed         = "last_used"
	Service          = "service"
)

func (e *Entry) store() string {
	if e.Storage.Store == "" {
		return DefaultStore
	}
	return e.Storage.Store
}

// Key is the key as its entry first creates it: intent, and the dates that
// only the file knows so far. For a key that is in the registry use [Merge].
func (e Entry) Key() keyturn.Key {
	key := keyturn.Key{
		ID:      keyturn.KeyID(e.KeyID),
		Purpose: e.Description,
		Owner:   keyturn.Owner{Team: e.OwnerTeam, Person: e.OwnerIndividual},
		Scope: keyturn.Scope{
			Provider: e.Scope.Provider, Account: e.Scope.AccountID, Principal: e.Scope.Principal,
			Permissions: e.Scope.Permissions, Endpoints: e.Scope.WebhookEndpoints, Justification: e.Scope.Justification,
		},
		Storage: keyturn.Storage{Secret: keyturn.SecretRef{Store: e.store(), Path: e.Storage.VaultPath}},
		Audit:   keyturn.Audit{Team: e.Audit.RotationOwner, EveryDays: e.Audit.RotationFrequencyDays, LastReviewed: e.Audit.LastAudit},
		Policy:  e.Rotation,
		Created: e.CreatedAt, Expires: e.Expiration, Rotated: e.LastRotated,
	}
	for _, c := range e.Storage.ConsumedBy {
		key.Storage.Consumers = append(key.Storage.Consumers, c.consumer())
	}
	return key
}

func (c Consumer) consumer() keyturn.Consumer {
	switch {
	case c.KubernetesSecret != "":
		return keyturn.Consumer{Kind: KubernetesSecret, Name: c.KubernetesSecret, Namespace: c.Namespace}
	case c.HTTPProbe != "":
		return keyturn.Consumer{Kind: HTTPProbe, Name: c.HTTPProbe}
	case c.LastUsed != "":
		return keyturn.Consumer{Kind: LastUsed, Name: c.LastUsed}
	}
	return keyturn.Consumer{Kind: Service, Name: c.Service}
}

// FromKey is the entry that says of key what a file can say.
func FromKey(key keyturn.Key) Entry {
	e := Entry{
		KeyID: string(key.ID), Description: key.Purpose,
		OwnerTeam: key.Owner.Team, OwnerIndividual: key.Owner.Person,
		CreatedAt: whole(key.Created), Expiration: whole(key.Expires), LastRotated: whole(key.Rotated),
		Scope: Scope{
			Provider: key.Scope.Provider, AccountID: key.Scope.Account, Principal: key.Scope.Principal,
			Permissions: key.Scope.Permissions, WebhookEndpoints: key.Scope.Endpoints, Justification: key.Scope.Justification,
		},
		Storage:  Storage{Store: key.Storage.Secret.Store, VaultPath: key.Storage.Secret.Path},
		Audit:    Audit{RotationOwner: key.Audit.Team, RotationFrequencyDays: key.Audit.EveryDays, LastAudit: whole(key.Audit.LastReviewed)},
		Rotation: key.Policy,
	}
	if e.Storage.Store == DefaultStore {
		e.Storage.Store = ""
	}
	for _, c := range key.Storage.Consumers {
		consumer := Consumer{}
		switch c.Kind {
		case KubernetesSecret:
			consumer.KubernetesSecret, consumer.Namespace = c.Name, c.Namespace
		case HTTPProbe:
			consumer.HTTPProbe = c.Name
		case LastUsed:
			consumer.LastUsed = c.Name
		default:
			consumer.Service = c.Name
		}
		e.Storage.ConsumedBy = append(e.Storage.ConsumedBy, consumer)
	}
	return e
}

// whole drops what a file does not write: fractions of seconds, time zones.
func whole(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// Merge is stored with the intent of want. Observed facts stay as they are:
// generation, ledger, open intent, revision, and the dates as soon as the
// registry knows better than the file. So do provider, account, principal and
// store path of a key that has been issued: [CheckEdit] reports an attempt to
// change those. A review is never undone by an older file. Merge with the zero
// Key is [Entry.Key].
func Merge(stored keyturn.Key, want Entry) keyturn.Key {
	merged := edit(stored, want)
	if issued(stored) {
		merged.Scope.Provider, merged.Scope.Account, merged.Scope.Principal = stored.Scope.Provider, stored.Scope.Account, stored.Scope.Principal
		merged.Storage.Secret = stored.Storage.Secret
	}
	return merged
}

// edit is Merge without its protection of issued keys.
func edit(stored keyturn.Key, want Entry) keyturn.Key {
	w := want.Key()
	if stored.ID == "" {
		return w
	}
	merged := stored
	merged.Purpose, merged.Owner, merged.Scope, merged.Storage, merged.Policy = w.Purpose, w.Owner, w.Scope, w.Storage, w.Policy
	merged.Audit = w.Audit
	if stored.Audit.LastReviewed.After(w.Audit.LastReviewed) {
		merged.Audit.LastReviewed = stored.Audit.LastReviewed
	}
	if !issued(stored) {
		merged.Created, merged.Expires, merged.Rotated = w.Created, w.Expires, w.Rotated
	}
	return merged
}

// issued reports whether Keyturn has begun to issue or rotate the key. From
// then on the registry, not the file, knows its dates and its place.
func issued(key keyturn.Key) bool {
	return key.Generation > 0 || len(key.Ledger) > 0 || key.Intent != nil || !key.Retired.IsZero()
}

// CheckEdit returns what keeps an entry from being applied to the key that is
// stored under its id. The stored key may be the zero Key, when there is none.
func CheckEdit(stored keyturn.Key, want Entry) []Finding {
	if stored.ID == "" {
		return nil
	}
	if !stored.Retired.IsZero() {
		return []Finding{want.Finding("key_id", "is the id of a key that was retired on "+stored.Retired.UTC().Format(time.DateOnly), "give a new key a new id, or remove the file")}
	}
	if !issued(stored) {
		return nil
	}
	var findings []Finding
	for _, change := range Diff(stored, want) {
		if change.Field == "storage.store" {
			change.Have, change.Want = cmp.Or(change.Have, DefaultStore), cmp.Or(change.Want, DefaultStore)
		}
		switch change.Field {
		case "scope.provider", "scope.account_id", "scope.principal", "storage.store", "storage.vault_path":
			findings = append(findings, want.Finding(change.Field,
				"is "+shown(change.Want)+", but the key in service has "+shown(change.Have), "put it back, and add a second entry with a new key_id for the new place"))
		}
	}
	return findings
}
