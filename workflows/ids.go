// Package workflows is what happens to keys, as durable functions. Workflow
// names, update names and the JSON of inputs and results are wire format.
package workflows

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"go.temporal.io/sdk/temporal"

	"github.com/keyturn/keyturn"
)

// DefaultTaskQueue is where workflows run unless configured otherwise.
const DefaultTaskQueue = "keyturn"

// Names of the updates and the query that a key's workflow answers.
const (
	UpdateApprove  = "approve"  // with a Word: let an issuance that waits go ahead
	UpdateReject   = "reject"   // with a Word: end it instead
	UpdateExpedite = "expedite" // with a Word: do not wait any longer
	UpdateExtend   = "extend"   // with an Extension: wait longer
	UpdateAbort    = "abort"    // with a Word: undo, while that is possible
	UpdateConfirm  = "confirm"  // with a Claim: a step by hand was taken; answers with a Verdict
	SignalTicket   = "ticket"   // with TicketNews: the operation's ticket may have changed
	SignalBegin    = "begin"    // with an Order: an operation that is planned for later begins now, as this says
	QueryStatus    = "status"   // returns a Status
)

// KeyWorkflowID is the workflow id of whatever changes a key. It is the lock:
// Temporal lets one run of an id be open at a time.
func KeyWorkflowID(id keyturn.KeyID) string { return "key/" + string(id) }

// KeyOf is the reverse of KeyWorkflowID.
func KeyOf(workflowID string) (keyturn.KeyID, bool) {
	id, ok := strings.CutPrefix(workflowID, "key/")
	return keyturn.KeyID(id), ok
}

// BatchWorkflowID is the workflow id of what starts the operations of a batch.
func BatchWorkflowID(batch string) string { return "batch/" + batch }

// OffboardWorkflowID is the workflow id of what is done for a departure.
func OffboardWorkflowID(departure string) string { return "offboard/" + departure }

// HearWorkflowID is the workflow id of what follows from one delivery of a
// directory. Whatever the directory calls it, the id says nothing of anybody.
func HearWorkflowID(directory, event string) string {
	sum := sha256.Sum256([]byte(event))
	return "hear/" + directory + "/" + hex.EncodeToString(sum[:12])
}

// CompareWorkflowID is the workflow id of a comparison that is not the schedule's.
const CompareWorkflowID = "compare-directories"

// LeakWorkflowID is the workflow id of what answers a leak.
func LeakWorkflowID(leak string) string { return "leak/" + leak }

// ScannerWorkflowID is the workflow id of what follows from news of an alert.
func ScannerWorkflowID(source, event string) string {
	sum := sha256.Sum256([]byte(event))
	return "scanner/" + source + "/" + hex.EncodeToString(sum[:12])
}

// FillWorkflowID is the workflow id of what makes fingerprints that are lacking.
const FillWorkflowID = "fill-fingerprints"

// LeaksQueue is the task queue of the activities that answer leaks, beside the queue
// base of the workflows.
func LeaksQueue(base string) string { return base + ".leaks" }

// WatchQueue is the task queue of the activity that watches a leak until it is
// answered. It lasts, and must not keep a new leak from being looked at.
func WatchQueue(base string) string { return base + ".leaks.watch" }

// PeopleQueue is the task queue of the activities that ask directories, beside the
// queue base of the workflows.
func PeopleQueue(base string) string { return base + ".people" }

// FleetQueue is the task queue of the activities that are about many keys,
// beside the queue base of the workflows.
func FleetQueue(base string) string { return base + ".fleet" }

// IssuerQueue is the task queue of one provider account's activities, beside
// the queue base of the workflows. Rate limits are set on it.
func IssuerQueue(base string, i keyturn.Issuer) string {
	return base + "." + i.Provider + "." + i.Account
}

// The search attributes every workflow on a key carries. They are plaintext,
// so none holds personal data.
var (
	KeyIDAttribute    = temporal.NewSearchAttributeKeyKeyword("KeyId")
	ProviderAttribute = temporal.NewSearchAttributeKeyKeyword("Provider")
	TeamAttribute     = temporal.NewSearchAttributeKeyKeyword("OwnerTeam")
	PhaseAttribute    = temporal.NewSearchAttributeKeyKeyword("Phase")
	ReasonAttribute   = temporal.NewSearchAttributeKeyKeyword("Reason")
	BatchAttribute    = temporal.NewSearchAttributeKeyKeyword("BatchId")
	DueAttribute      = temporal.NewSearchAttributeKeyTime("DueAt")
)

// SearchAttributeKeys lists them all, for whoever registers them.
func SearchAttributeKeys() []temporal.SearchAttributeKey {
	return []temporal.SearchAttributeKey{
		KeyIDAttribute, ProviderAttribute, TeamAttribute, PhaseAttribute, ReasonAttribute, BatchAttribute, DueAttribute,
	}
}
