package main

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
	"github.com/keyturn/keyturn/fleet"
	"github.com/keyturn/keyturn/registry"
)

// A bulkPlan is what a rotation of many keys will do, told beforehand from the
// registry alone.
type bulkPlan struct {
	Selector string `json:"selector"`
	Now      bool   `json:"now,omitempty"`
	bulkCounts
	// Takes is how long the slowest account takes to begin them all at its rate.
	Takes    keyturn.Duration `json:"takes"`
	Slowest  string           `json:"slowest,omitempty"`
	Accounts []*bulkAccount   `json:"accounts"`
	Teams    []bulkTeam       `json:"teams"`

	ids []keyturn.KeyID // those that go into the batch: all that were ever issued
}

// bulkCounts count the keys that match. Each either begins or is in one of the
// counts from Unissued on.
type bulkCounts struct {
	Keys     int `json:"keys"`
	Begin    int `json:"begin"`
	ByHand   int `json:"by_hand,omitempty"`   // of those: a person makes the new key
	Held     int `json:"held,omitempty"`      // of those: they begin and wait for the calendar
	Override int `json:"overrides,omitempty"` // of those: they pass the calendar
	Unissued int `json:"never_issued,omitempty"`
	UnderWay int `json:"under_way,omitempty"`
	Paused   int `json:"paused,omitempty"`
	Unserved int `json:"unserved,omitempty"`
}

func (c *bulkCounts) add(o *bulkCounts) {
	c.Keys += o.Keys
	c.Begin += o.Begin
	c.ByHand += o.ByHand
	c.Held += o.Held
	c.Override += o.Override
	c.Unissued += o.Unissued
	c.UnderWay += o.UnderWay
	c.Paused += o.Paused
	c.Unserved += o.Unserved
}

// A bulkAccount is the part of a plan at one provider account.
type bulkAccount struct {
	keyturn.Issuer
	bulkCounts
	Rate  float64          `json:"rate,omitempty"`  // activities a second
	Takes keyturn.Duration `json:"takes,omitempty"` // to begin them all at that rate
	Pause *pauseView       `json:"pause,omitempty"`
	// Calendar is what keeps the first of those back that are held.
	Calendar string `json:"calendar,omitempty"`

	served, byHand bool
}

type bulkTeam struct {
	Team string `json:"team"`
	Keys int    `json:"keys"`
}

// readBulkPlan reads every key that may match, one after the other.
func readBulkPlan(ctx context.Context, a *app, store registry.Store, sel *selector, urgent bool) (*bulkPlan, error) {
	b, err := newBulkReader(ctx, store, a.now(), urgent)
	if err != nil {
		return nil, err
	}
	count := &counter{a: a}
	defer count.clear()
	for k, err := range store.Find(ctx, sel.filter) {
		if err != nil {
			return nil, err
		}
		count.next()
		if sel.matches(&k) {
			b.add(&k)
		}
	}
	return b.plan(sel.text), nil
}

// bulkReader sorts keys into a plan.
type bulkReader struct {
	rules    []keyturn.CalendarRule
	now      time.Time
	urgent   bool
	status   map[keyturn.Issuer]registry.AccountStatus
	accounts map[keyturn.Issuer]*bulkAccount
	teams    map[string]int
	ids      []keyturn.KeyID
}

func newBulkReader(ctx context.Context, store registry.Store, now time.Time, urgent bool) (*bulkReader, error) {
	rules, err := store.Rules(ctx, now)
	if err != nil {
		return nil, err
	}
	status, err := store.Accounts(ctx, now)
	if err != nil {
		return nil, err
	}
	b := &bulkReader{rules: rules, now: now, urgent: urgent, accounts: map[keyturn.Issuer]*bulkAccount{}, teams: map[string]int{}, status: map[keyturn.Issuer]registry.AccountStatus{}}
	for _, s := range status {
		b.status[s.Issuer] = s
	}
	return b, nil
}

func (b *bulkReader) account(issuer keyturn.Issuer) *bulkAccount {
	if at := b.accounts[issuer]; at != nil {
		return at
	}
	s := b.status[issuer]
	at := &bulkAccount{Issuer: issuer, Pause: viewPause(s.Paused), served: activities.Served(s, b.now), byHand: byHand(issuer.Provider)}
	if at.served {
		at.Rate = s.Rate
	}
	b.accounts[issuer] = at
	return at
}

// add counts a key that matches.
func (b *bulkReader) add(k *keyturn.Key) {
	at := b.account(k.Scope.Issuer())
	at.Keys++
	b.teams[k.Owner.Team]++
	if k.Current() == nil {
		at.Unissued++
		return
	}
	b.ids = append(b.ids, k.ID)
	switch {
	case k.Intent != nil:
		at.UnderWay++
	case at.Pause != nil:
		at.Paused++
	case !at.served:
		at.Unserved++
	default:
		at.Begin++
		if at.byHand {
			at.ByHand++
		}
		b.calendar(at, k)
	}
}

// calendar counts what windows and freezes keep back.
func (b *bulkReader) calendar(at *bulkAccount, k *keyturn.Key) {
	switch v := keyturn.MayChange(k, b.rules, b.now); {
	case v.Open:
		return
	case b.urgent:
		at.Override++
	default:
		at.Held++
		at.Calendar = cmp.Or(at.Calendar, v.Why)
	}
}

// plan puts accounts and teams in order, and adds up.
func (b *bulkReader) plan(selector string) *bulkPlan {
	p := &bulkPlan{Selector: selector, Now: b.urgent, Accounts: []*bulkAccount{}, Teams: []bulkTeam{}, ids: b.ids}
	p.Accounts = slices.SortedFunc(maps.Values(b.accounts), func(x, y *bulkAccount) int {
		return cmp.Or(cmp.Compare(x.Provider, y.Provider), cmp.Compare(x.Account, y.Account))
	})
	for _, at := range p.Accounts {
		if at.Begin > 0 {
			at.Takes = keyturn.Duration(max(fleet.TimeFor(at.Begin, at.Rate).Round(time.Second), time.Second))
		}
		if at.Takes > p.Takes {
			p.Takes, p.Slowest = at.Takes, at.String()
		}
		p.add(&at.bulkCounts)
	}
	for team, n := range b.teams {
		p.Teams = append(p.Teams, bulkTeam{team, n})
	}
	slices.SortFunc(p.Teams, func(x, y bulkTeam) int { return cmp.Or(y.Keys-x.Keys, cmp.Compare(x.Team, y.Team)) })
	return p
}
