package workflows

import (
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// An Order asks for an operation on a key. It is the input of IssueKey,
// RotateKey and RevokeKey.
type Order struct {
	Key    keyturn.KeyID    `json:"key"`
	Issuer keyturn.Issuer   `json:"issuer"`
	Cause  activities.Cause `json:"cause"`
	// Approval makes an issuance wait for a second person's approve.
	Approval bool `json:"approval,omitempty"`
	// Now skips every soak, as after a leak: the old key is ended as soon as
	// the new one is in place. Maintenance windows and freezes do not hold it.
	Now bool `json:"now,omitempty"`
	// Overlap is how long old and new both work, at most; 0 leaves it to the key's
	// policy.
	Overlap keyturn.Duration `json:"overlap,omitempty"`
	// Urgent says that maintenance windows and freezes do not hold it, soaks or not.
	Urgent bool `json:"urgent,omitempty"`
	// IfDue gives a rotation up at once, with the outcome NotDue, if the key is
	// not due any more when it begins: it was rotated since this was planned.
	IfDue bool `json:"if_due,omitempty"`
	// Batch is the batch the operation is of; empty if it is of none.
	Batch string `json:"batch,omitempty"`
}

// An Outcome is how an operation ended. Outcomes are wire format.
type Outcome string

// The outcomes. A rotation that was undone has done its duty: RolledBack is a
// result, not a failure.
const (
	Issued     Outcome = "issued"
	Rotated    Outcome = "rotated"
	Revoked    Outcome = "revoked"
	RolledBack Outcome = "rolled_back"
	Rejected   Outcome = "rejected"
	NotDue     Outcome = "not_due"
)

// A Result is what an operation achieved.
type Result struct {
	Outcome    Outcome         `json:"outcome"`
	Generation int             `json:"generation,omitempty"`
	New        *keyturn.Issued `json:"new,omitempty"`
	// Ended lists the provider's ids of keys that are dead now, and Unproven
	// those among them whose death could not be tried.
	Ended    []string  `json:"ended,omitempty"`
	Unproven []string  `json:"unproven,omitempty"`
	Unknown  []string  `json:"unknown,omitempty"` // consumers nothing could be said about
	Expires  time.Time `json:"expires,omitzero"`
	// Why is the kind of error or the word that ended it otherwise, and Detail
	// the sentence beside it.
	Why    string `json:"why,omitempty"`
	Detail string `json:"detail,omitempty"`
}

// A Word is what a person says to a workflow.
type Word struct {
	Actor string `json:"actor"`
	Note  string `json:"note,omitempty"`
	// Override lets the operation pass maintenance windows and freezes from
	// here on. It goes with expedite.
	Override bool `json:"override,omitempty"`
}

// A Claim says that a person took a step by hand.
type Claim struct {
	Word
	Step keyturn.ManualStep `json:"step,omitempty"` // empty is the one asked for now
}

// A Verdict is what came of checking a claim.
type Verdict struct {
	Accepted bool               `json:"accepted"`
	Step     keyturn.ManualStep `json:"step"`
	Why      string             `json:"why,omitempty"` // what keeps it from being believed
}

// TicketNews says that a ticket may have changed. It is a hint: the workflow
// asks the tracker.
type TicketNews struct {
	Delivery string `json:"delivery"`
}

// An Extension asks a workflow to wait longer by For.
type Extension struct {
	Word
	For keyturn.Duration `json:"for"`
}

// A Phase is where an operation is. Phases are wire format: they are stored in
// a search attribute.
type Phase string

// The phases.
const (
	AwaitingApproval Phase = "awaiting_approval"
	Held             Phase = "held"            // a maintenance window or freeze keeps it from going on
	AwaitingSupply   Phase = "awaiting_supply" // a person makes the key and stores its value
	AwaitingEnd      Phase = "awaiting_end"    // a person ends a key
	Minting          Phase = "minting"         // a new key is made and its value staged
	Moving           Phase = "moving"          // it is proven, promoted, and consumers move to it
	Soaking          Phase = "soaking"         // old and new both work
	Retiring         Phase = "retiring"        // the old key is switched off, then revoked and tried
	RollingBack      Phase = "rolling_back"    // everything is put back
	NeedsHuman       Phase = "needs_human"     // it tries on, and a person should look
	Done             Phase = "done"
)

// A Status is the answer to QueryStatus.
type Status struct {
	Key        keyturn.KeyID     `json:"key"`
	Operation  keyturn.Operation `json:"operation"`
	Phase      Phase             `json:"phase"`
	Since      time.Time         `json:"since"`
	Detail     string            `json:"detail,omitempty"`
	Until      time.Time         `json:"until,omitzero"` // when a soak ends by itself
	Generation int               `json:"generation,omitempty"`
	// Past lists the phases gone through, oldest first.
	Past   []PastPhase `json:"past,omitempty"`
	Result *Result     `json:"result,omitempty"`
	// Manual is the step a person is asked for, or was asked for last.
	Manual *keyturn.Manual `json:"manual,omitempty"`
}

// A PastPhase is a phase and when it was entered.
type PastPhase struct {
	Phase Phase     `json:"phase"`
	At    time.Time `json:"at"`
}
