// Package entry reads and writes entry files: the reviewed intent for a key,
// one YAML document each, kept in git. It parses them strictly, checks them
// against the rules of an estate, and says what applying them would change.
// It never sees a key's value, and refuses a file that seems to hold one.
package entry

import (
	"time"

	"github.com/keyturn/keyturn"
)

// An Entry is one document as it was written. A field that was left out is zero.
type Entry struct {
	KeyID           string         `json:"key_id"`
	Description     string         `json:"description"`
	OwnerTeam       string         `json:"owner_team"`
	OwnerIndividual string         `json:"owner_individual"`
	CreatedAt       time.Time      `json:"created_at,omitzero"`
	Expiration      time.Time      `json:"expiration,omitzero"`
	LastRotated     time.Time      `json:"last_rotated,omitzero"`
	Scope           Scope          `json:"scope"`
	Storage         Storage        `json:"storage"`
	Audit           Audit          `json:"audit"`
	Rotation        keyturn.Policy `json:"rotation,omitzero"`

	file   string
	places []place
}

// Scope is where a key is valid and what it may do there.
type Scope struct {
	Provider         string   `json:"provider"`
	AccountID        string   `json:"account_id"`
	Principal        string   `json:"principal,omitempty"`
	Permissions      []string `json:"permissions"`
	WebhookEndpoints []string `json:"webhook_endpoints,omitempty"`
	Justification    string   `json:"justification,omitempty"`
}

// Storage is where a key's value lives and who reads it there.
type Storage struct {
	Store      string     `json:"store,omitempty"` // default DefaultStore
	VaultPath  string     `json:"vault_path"`
	ConsumedBy []Consumer `json:"consumed_by,omitempty"`
}

// DefaultStore is the secret store of an entry that names none.
const DefaultStore = "default"

// A Consumer has exactly one of its fields set; Namespace goes with
// KubernetesSecret. A plain string in a file is a Service.
type Consumer struct {
	KubernetesSecret string `json:"kubernetes_secret,omitempty"`
	Namespace        string `json:"namespace,omitempty"`
	HTTPProbe        string `json:"http_probe,omitempty"`
	LastUsed         string `json:"last_used,omitempty"`
	Service          string `json:"service,omitempty"`
}

// Audit is what the quarterly review looks at.
type Audit struct {
	RotationOwner         string    `json:"rotation_owner,omitempty"`
	RotationFrequencyDays int       `json:"rotation_frequency_days"`
	LastAudit             time.Time `json:"last_audit,omitzero"`
}

// A place is where a field stands in its file.
type place struct {
	field        string
	line, column int32
}

// File is the name of the file the entry was read from.
func (e *Entry) File() string { return e.file }

// place finds a field, or the nearest one around it: "scope.permissions" for
// a "scope.permissions[3]" that is not there, and the first line for nothing.
func (e *Entry) place(field string) (line, column int) {
	for field != "" {
		for _, p := range e.places {
			if p.field == field {
				return int(p.line), int(p.column)
			}
		}
		field = around(field)
	}
	if len(e.places) > 0 {
		return int(e.places[0].line), int(e.places[0].column)
	}
	return 1, 1
}

// written reports whether the file has the field, be it zero.
func (e *Entry) written(field string) bool {
	for _, p := range e.places {
		if p.field == field {
			return true
		}
	}
	return false
}

// Finding is about a field of e, where the file has it.
func (e *Entry) Finding(field, problem, mend string) Finding {
	line, column := e.place(field)
	return Finding{File: e.file, Line: line, Column: column, Field: field, Problem: problem, Mend: mend}
}
