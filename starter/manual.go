package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

const manualHelp = `Manual is for the steps of an operation that a person takes, because a provider
has no API for them. "keyturn issue", "rotate" and "revoke" begin such an
operation like any other; it then asks, by ticket and by notice, and waits.

A step that is said to be done is checked, never believed: a new value must be
stored, differ from the old ones and work; an ended key must be refused.`

func newManualCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "manual",
		Short: "Take the steps that no API can",
		Long:  manualHelp,
		Example: `  keyturn manual list
  keyturn manual show partner-portal-001
  keyturn manual supply partner-portal-001
  keyturn manual confirm partner-portal-001`,
		Args: group,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newManualListCmd(a), newManualShowCmd(a), newManualSupplyCmd(a), newManualConfirmCmd(a), newManualExtendCmd(a), newManualCancelCmd(a))
	return cmd
}

// A handStep is a step by hand as it is shown.
type handStep struct {
	Key       keyturn.KeyID      `json:"key"`
	Operation keyturn.Operation  `json:"operation"`
	Step      keyturn.ManualStep `json:"step"`
	What      string             `json:"what"`
	Provider  string             `json:"provider"`
	Account   string             `json:"account"`
	Team      string             `json:"team"`
	Person    string             `json:"person"`
	Secret    keyturn.SecretRef  `json:"secret"`
	Asked     time.Time          `json:"asked"`
	Due       time.Time          `json:"due"`
	Overdue   bool               `json:"overdue"`
	Ticket    keyturn.TicketRef  `json:"ticket,omitzero"`
	// Ends lists the provider's ids of the keys that the step is to end.
	Ends []string `json:"ends,omitempty"`
}

// asksFor returns the step a key waits for, nil for none.
func asksFor(k *keyturn.Key, now time.Time) *handStep {
	if k.Intent == nil || k.Intent.Manual == nil || k.Intent.Manual.Done {
		return nil
	}
	m := k.Intent.Manual
	h := &handStep{
		Key: k.ID, Operation: k.Intent.Operation, Step: m.Step, Provider: k.Scope.Provider, Account: k.Scope.Account,
		Team: k.Owner.Team, Person: k.Owner.Person, Secret: k.Storage.Secret, Asked: m.Asked, Due: m.Due,
		Overdue: now.After(m.Due), Ticket: m.Ticket,
	}
	where := k.Scope.Provider
	if where == "manual" { // which says nothing; the account names the issuer
		where = k.Scope.Account
	}
	for _, i := range k.Ledger {
		isNew := k.Intent.Operation != keyturn.Revoke && i.Generation == k.Intent.Generation
		if m.Step != keyturn.SupplyValue && isNew == (m.Step == keyturn.EndNew) {
			h.Ends = append(h.Ends, i.RemoteID)
		}
	}
	h.What = map[keyturn.ManualStep]string{
		keyturn.SupplyValue: "make a new key at " + where + " and store its value",
		keyturn.EndOld:      "end the old key at " + where,
		keyturn.EndNew:      "end the new key at " + where + ": the operation is undone",
	}[m.Step]
	return h
}

// waiting reads a key that waits for a step, and refuses one that does not.
func (a *app) waiting(ctx context.Context, command string, id keyturn.KeyID) (k keyturn.Key, h *handStep, err error) {
	store, err := a.registry(ctx)
	if err != nil {
		return k, nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if k, err = getKey(ctx, store, id); err != nil {
		return k, nil, err
	}
	h = asksFor(&k, a.now())
	if h == nil {
		return k, nil, refusedf("%s %s: nothing is asked of a person for this key just now; see: keyturn keys show %[2]s", command, id)
	}
	return k, h, nil
}

// completeWaiting offers the keys that wait for a person.
func completeWaiting(a *app) cobra.CompletionFunc { return completeIDs(a, registry.Filter{Busy: true}) }
