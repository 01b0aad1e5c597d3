package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/workflows"
)

// A plan is what an operation on a key will do, told beforehand from the
// registry alone.
type plan struct {
	Operation  keyturn.Operation `json:"operation"`
	Key        keyturn.KeyID     `json:"key"`
	Provider   string            `json:"provider"`
	Account    string            `json:"account"`
	Principal  string            `json:"principal,omitempty"`
	Team       string            `json:"team"`
	Secret     keyturn.SecretRef `json:"secret"`
	Current    *keyturn.Issued   `json:"current,omitempty"`
	Generation int               `json:"generation"` // the one the key is at
	Steps      []step            `json:"steps"`
	Notes      []string          `json:"notes,omitempty"`
	// Blocks are the reasons why it would be refused. None: it can start.
	Blocks []string `json:"blocks,omitempty"`
}

// A step is one phase of a plan.
type step struct {
	Phase workflows.Phase `json:"phase"`
	// From is the earliest time it can begin; zero where that is up to a person.
	From time.Time `json:"from,omitzero"`
	What string    `json:"what"`
}

// newPlan tells what op would do to key. open is the operation under way, if
// any; asked says whether Temporal could be asked for it.
func newPlan(op keyturn.Operation, key *keyturn.Key, urgent bool, now time.Time, open *opened, asked bool) plan {
	taken := open.mayBegin(op)
	p := plan{
		Operation: op, Key: key.ID, Provider: key.Scope.Provider, Account: key.Scope.Account, Principal: key.Scope.Principal,
		Team: key.Owner.Team, Secret: key.Storage.Secret, Current: key.Current(), Generation: key.Generation,
		Blocks: blocks(op, key, open, asked),
	}
	if !asked {
		p.Notes = append(p.Notes, "Temporal could not be asked whether an operation is open on this key")
	}
	if taken && len(p.Blocks) == 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("it is planned for %s (run %s); it would begin now, as this command says", stamp(open.Begins, now), open.Run))
	}
	if i := key.Intent; i != nil && asked && (open == nil || taken) && len(p.Blocks) == 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("takes over from the %s that was cut off on %s", i.Operation, i.Began.UTC().Format(time.RFC3339)))
	}
	switch op {
	case keyturn.Issue:
		p.issueSteps(key, now)
	case keyturn.Rotate:
		p.rotateSteps(key, urgent, now)
	case keyturn.Revoke:
		p.revokeSteps(key, urgent, now)
	}
	return p
}

// calendar notes what maintenance windows and freezes have to say.
func (p *plan) calendar(v keyturn.Verdict, urgent bool) {
	switch {
	case v.Open || len(p.Blocks) > 0:
	case urgent:
		p.Notes = append(p.Notes, "overrides, because of --now: "+v.Why)
	case v.Opens.IsZero():
		p.Notes = append(p.Notes, "it would start and wait: "+v.Why)
	default:
		p.Notes = append(p.Notes, fmt.Sprintf("it would start and wait until %s: %s", v.Opens.UTC().Format(time.RFC3339), v.Why))
	}
}

func (p *plan) pause(pause *registry.Pause, now time.Time) {
	if pause != nil && len(p.Blocks) == 0 {
		p.Notes = append(p.Notes, fmt.Sprintf("%s is paused, %s; it would start and wait at its first step until: keyturn providers resume %[1]s",
			pause.Issuer, viewPause(pause).sentence(now)))
	}
}

// blocks lists why an operation would be refused, by the rules the workflow
// itself goes by.
func blocks(op keyturn.Operation, key *keyturn.Key, open *opened, asked bool) []string {
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	if !key.Retired.IsZero() {
		add("the key was ended on %s; a new one needs an entry with a new key_id", key.Retired.UTC().Format(time.DateOnly))
		return out
	}
	current := key.Current()
	if open.mayBegin(op) {
		open = nil
	}
	switch i := key.Intent; {
	case open.planned():
		out = append(out, open.inTheWay(key.ID))
	case open != nil:
		add("%s is under way (run %s); follow it with: keyturn watch %s", open.Name, open.Run, key.ID)
	case i != nil && !asked:
		add("%s has been under way since %s (run %s); follow it with: keyturn watch %s", i.Operation, i.Began.UTC().Format(time.RFC3339), i.Run, key.ID)
	case i != nil && i.Operation != op && op != keyturn.Revoke:
		add("a %s was cut off half-way; finish it first with: keyturn %[1]s %s", i.Operation, key.ID)
	case i != nil:
		return nil // it is taken over
	}
	switch {
	case op == keyturn.Issue && current != nil:
		add("the key is already issued; replace it with: keyturn rotate %s", key.ID)
	case op == keyturn.Rotate && current == nil:
		add("the key was never issued; begin with: keyturn issue %s", key.ID)
	}
	return out
}

func (p *plan) step(phase workflows.Phase, from time.Time, format string, args ...any) {
	p.Steps = append(p.Steps, step{phase, from.UTC().Truncate(time.Second), fmt.Sprintf(format, args...)})
}

func (p *plan) mintStep(key *keyturn.Key, from time.Time) {
	if byHand(key.Scope.Provider) {
		p.step(workflows.AwaitingSupply, from, "%s has no API for its keys: ask %s, by ticket, to make generation %d and store its value for %s:%s; due after %s",
			key.Scope.Provider, whoever(key), key.Generation+1, key.Storage.Secret.Store, key.Storage.Secret.Path, span(key.Policy.WithDefaults().SLA))
		return
	}
	who := ""
	if key.Scope.Principal != "" {
		who = " as " + key.Scope.Principal
	}
	p.step(workflows.Minting, from, "ask %s for generation %d%s; keep its value in %s:%s where no consumer looks",
		key.Scope.Issuer(), key.Generation+1, who, key.Storage.Secret.Store, key.Storage.Secret.Path)
}

// whoever takes the steps that no API can.
func whoever(key *keyturn.Key) string {
	if key.Audit.Team != "" {
		return key.Audit.Team
	}
	return key.Owner.Team
}

func proof(key *keyturn.Key) string {
	switch t := key.Policy.Test; {
	case t == nil:
		return "try the new key at " + key.Scope.Provider
	case t.Command != nil:
		return "try the new key at " + key.Scope.Provider + " and with its own command"
	}
	return "try the new key at " + key.Scope.Provider + " and with its own HTTP request"
}

func (p *plan) issueSteps(key *keyturn.Key, now time.Time) {
	from := now
	if key.Policy.Approval {
		p.step(workflows.AwaitingApproval, now, "wait for a second person: keyturn approve %s", key.ID)
		from = time.Time{}
	}
	p.mintStep(key, from)
	p.step(workflows.Moving, from, "%s, then make it the value consumers read", proof(key))
}

func (p *plan) rotateSteps(key *keyturn.Key, urgent bool, now time.Time) {
	policy := key.Policy.WithDefaults()
	policy.Overlap = atLeastLag(key.Scope.Provider, policy)
	p.mintStep(key, now)
	hand := byHand(key.Scope.Provider)
	if hand {
		now = time.Time{} // what follows begins when a person is done
	}
	p.step(workflows.Moving, now, "%s, then make it the value consumers read; %s must be seen to move within %s, or all is undone",
		proof(key), plural(len(key.Storage.Consumers), "consumer", "consumers"), span(policy.ConsumerDeadline))
	switch {
	case urgent:
		p.step(workflows.Retiring, now, "at once: %s", ending(key.Ledger))
		return
	case policy.Overlap > 0:
		p.step(workflows.Soaking, now, "old and new both work for %s; twice as long where a consumer cannot be observed, half as long again while the old key is still used (%s), then a person is asked",
			span(policy.Overlap), plural(policy.MaxExtensions, "time", "times"))
	}
	from := now.Add(time.Duration(policy.Overlap))
	if hand {
		p.step(workflows.AwaitingEnd, time.Time{}, "ask %s to end the old key at %s, and try its value, which must be refused; until they are asked, keyturn manual cancel %s puts everything back",
			whoever(key), key.Scope.Provider, key.ID)
		return
	}
	p.step(workflows.Retiring, from, "switch the old key off where %s can, for %s; then %s", key.Scope.Provider, span(policy.DisabledSoak), ending(key.Ledger))
	p.step(workflows.Done, from.Add(time.Duration(policy.DisabledSoak)), "at the earliest; until the old key is revoked, keyturn abort %s puts everything back", key.ID)
}

func (p *plan) revokeSteps(key *keyturn.Key, urgent bool, now time.Time) {
	policy := key.Policy.WithDefaults()
	if byHand(key.Scope.Provider) && len(key.Ledger) > 0 {
		p.step(workflows.AwaitingEnd, now, "ask %s to end the key at %s, and try its value, which must be refused; the key is out of service for good; due after %s",
			whoever(key), key.Scope.Provider, span(policy.SLA))
		return
	}
	if urgent || len(key.Ledger) == 0 {
		p.step(workflows.Retiring, now, "at once: %s; the key is out of service for good", ending(key.Ledger))
		return
	}
	p.step(workflows.Retiring, now, "switch it off where %s can, for %s, in which keyturn abort %s switches it on again; then %s; the key is out of service for good",
		key.Scope.Provider, span(policy.DisabledSoak), key.ID, ending(key.Ledger))
	p.step(workflows.Done, now.Add(time.Duration(policy.DisabledSoak)), "at the earliest where it can be switched off, else at once")
}

// ending says which of the provider's keys die.
func ending(ledger []keyturn.Issued) string {
	if len(ledger) == 0 {
		return "nothing was ever issued, so nothing is revoked"
	}
	ids := make([]string, len(ledger))
	for i, l := range ledger {
		ids[i] = l.RemoteID
	}
	return "revoke " + strings.Join(ids, ", ") + " and try the old value, which must be refused"
}

// write prints the plan for people.
func (p *plan) write(w io.Writer, now time.Time) error {
	head := newColumns(w)
	head.row("operation", string(p.Operation)+" "+string(p.Key))
	head.row("provider", p.Provider+"/"+p.Account)
	head.row("principal", dash(p.Principal))
	head.row("team", dash(p.Team))
	head.row("secret", p.Secret.Store+":"+p.Secret.Path)
	head.row("current", describeIssued(p.Current, now))
	for _, n := range p.Notes {
		head.row("note", n)
	}
	for _, b := range p.Blocks {
		head.row("blocked", b)
	}
	if err := head.flush(); err != nil || len(p.Blocks) > 0 {
		return err
	}
	_, _ = fmt.Fprintln(w)
	steps := newColumns(w, "", "FROM", "PHASE", "WHAT")
	for i, s := range p.Steps {
		steps.row(fmt.Sprint(i+1), stamp(s.From, now), string(s.Phase), s.What)
	}
	return steps.flush()
}

func describeIssued(i *keyturn.Issued, now time.Time) string {
	if i == nil {
		return "none"
	}
	return fmt.Sprintf("generation %d, %s, since %s", i.Generation, i.RemoteID, stamp(i.Promoted, now))
}
