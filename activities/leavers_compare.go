package activities

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people"
	"github.com/keyturn/keyturn/registry"
)

// CompareDirectoriesInput asks to compare who owns keys with who is there.
type CompareDirectoriesInput struct{}

// CompareDirectoriesResult counts what was found.
type CompareDirectoriesResult struct {
	Owners  int `json:"owners"`
	Leavers int `json:"leavers"` // who own keys and are not active; each is a departure
	Unknown int `json:"unknown"` // owners whom no directory has ever known; each is a finding
	Back    int `json:"back"`    // who had left and are active again
	// Withheld are leavers that were too many at once to be believed.
	Withheld int `json:"withheld,omitempty"`
	Resumed  int `json:"resumed"` // open departures, which go on if nobody worked on them
}

// CompareDirectories finds the owners of keys who left without a word, because
// deliveries get lost. A directory that does not answer makes it fail as a whole:
// somebody whom only that one has as active has not left. It is safe to repeat.
func (a *Leavers) CompareDirectories(ctx context.Context, _ CompareDirectoriesInput) (CompareDirectoriesResult, error) {
	var res CompareDirectoriesResult
	for d, err := range a.Registry.Departures(ctx, registry.DepartureFilter{State: registry.DepartureOpen}) {
		if err != nil {
			return res, err
		}
		res.Resumed++
		if err := a.Engine.Offboard(ctx, d.ID); err != nil {
			return res, err
		}
	}
	if len(a.Directories) == 0 {
		return res, nil
	}
	c := &comparison{Leavers: a, began: a.Now().UTC(), owners: map[string]*owner{}, departed: map[string]bool{}}
	for written, err := range a.Registry.Owners(ctx) {
		if err != nil {
			return res, err
		}
		c.owners[people.Address(written)] = &owner{written: written}
	}
	res.Owners = len(c.owners)
	for d, err := range a.Registry.Departures(ctx, registry.DepartureFilter{State: registry.DepartureDone}) {
		if err != nil {
			return res, err
		}
		c.departed[d.Email] = true
	}
	for _, name := range slices.Sorted(maps.Keys(a.Directories)) {
		if err := c.read(ctx, name, &res); err != nil {
			return res, err
		}
	}
	return res, c.conclude(ctx, &res)
}

// comparison is one call of CompareDirectories.
type comparison struct {
	*Leavers
	began    time.Time
	owners   map[string]*owner
	departed map[string]bool // who left at some time
}

// owner is what directories say of somebody who owns keys.
type owner struct {
	written string // as entries write it, or one of them does
	active  bool
	gone    string // the directory that has them as not active
	reason  string
	address string // the one the directory has them under
	aliases []string
}

// read reads a directory.
func (c *comparison) read(ctx context.Context, name string, res *CompareDirectoriesResult) error {
	var active []string
	for p, err := range c.Directories[name].Everyone(ctx) {
		if err != nil {
			return err
		}
		for _, address := range append([]string{p.Email}, p.Aliases...) {
			o := c.owners[address]
			switch {
			case o == nil:
			case p.Active:
				o.active = true
				active = append(active, address)
			case o.gone == "":
				o.gone, o.reason, o.address, o.aliases = name, "not active any more", cmp.Or(p.Email, address), p.Aliases
			}
		}
		if p.Active {
			if err := c.back(ctx, p.Email, res); err != nil {
				return err
			}
		}
	}
	return c.Registry.Saw(ctx, name, active, c.began)
}

// back notes that somebody who left is there again, so that they may own keys.
func (c *comparison) back(ctx context.Context, address string, res *CompareDirectoriesResult) error {
	if !c.departed[address] {
		return nil
	}
	delete(c.departed, address)
	d, err := c.Registry.Gone(ctx, address)
	if keyturn.KindOf(err) == keyturn.NotFound || err == nil && d.State == registry.DepartureOpen {
		return nil
	}
	if err != nil {
		return err
	}
	res.Back++
	return c.Registry.Returned(ctx, address, c.began)
}

// conclude opens a departure for each owner who left, and reports those whom
// nobody knows.
func (c *comparison) conclude(ctx context.Context, res *CompareDirectoriesResult) error {
	var left, unknown []string
	for address, o := range c.owners {
		if o.active {
			continue
		}
		if o.gone == "" {
			name, _, err := c.Registry.Seen(ctx, address)
			switch {
			case keyturn.KindOf(err) == keyturn.NotFound:
				unknown = append(unknown, address)
				continue
			case err != nil:
				return err
			}
			o.gone, o.reason, o.address = name, "gone from the directory", address
		}
		switch d, err := c.Registry.Gone(ctx, o.address); {
		case keyturn.KindOf(err) == keyturn.NotFound:
		case err != nil:
			return err
		case d.State == registry.DepartureOpen:
			continue // it is worked on, and is no news
		}
		left = append(left, address)
	}
	slices.Sort(left)
	if most := max(cmp.Or(c.Rules.MostLeavers, 10), len(c.owners)/20); len(left) > most {
		res.Withheld = len(left)
		return errors.Join(c.withhold(ctx, len(left), most), c.unknown(ctx, unknown, res))
	}
	for _, address := range left {
		o := c.owners[address]
		_, err := Announce(ctx, c.Registry, c.Engine, registry.Departure{
			ID: NewDepartureID(), Email: o.address, Aliases: o.aliases, Origin: OriginComparison, Event: c.began.Format(time.RFC3339Nano) + " " + address,
			Actor: OriginComparison, At: c.began, Reason: o.reason + " (" + o.gone + ")",
		})
		if err != nil {
			return err
		}
		res.Leavers++
	}
	return c.unknown(ctx, unknown, res)
}

// directoriesPlace is the place of what is found where registry and directories
// are compared.
const directoriesPlace = "directories"

// withhold reports that too many have left to be believed: a directory that lost
// its users, or a filter somebody changed, must not replace every key there is.
func (c *comparison) withhold(ctx context.Context, n, most int) error {
	_, err := c.Registry.Report(ctx, []registry.Finding{{
		ID: registry.FindingID(LeaverCheck, manyLeavers, directoriesPlace, "all"), Check: LeaverCheck, Kind: manyLeavers, Place: directoriesPlace, Subject: "all",
		Severity: registry.Critical, Seen: c.Now().UTC(),
		Detail: fmt.Sprintf("%d owners of keys seem to have left at once, more than the %d that are believed; nobody was offboarded", n, most),
		Mend:   "look whether the directories are right; if they are, raise people.most_leavers, or: keyturn offboard EMAIL",
	}})
	return err
}

// unknown reports owners whom no directory knows. They may be misspelt, so nothing
// is done to their keys.
func (c *comparison) unknown(ctx context.Context, addresses []string, res *CompareDirectoriesResult) error {
	res.Unknown = len(addresses)
	var found []registry.Finding
	for _, address := range addresses {
		for k, err := range c.Registry.Find(ctx, registry.Filter{OwnerPerson: c.owners[address].written, Limit: 1}) {
			if err != nil {
				return err
			}
			found = append(found, registry.Finding{
				ID: registry.FindingID(LeaverCheck, unknownOwner, directoriesPlace, string(k.ID)), Check: LeaverCheck, Kind: unknownOwner, Place: directoriesPlace,
				Subject: string(k.ID), Key: k.ID, Owner: k.Owner, Severity: registry.Critical, Seen: c.Now().UTC(),
				Detail: "the person who owns this key is in no directory, and never was",
				Mend:   "correct owner_individual in the entry; if they left: keyturn offboard EMAIL",
			})
		}
	}
	if _, err := c.Registry.Report(ctx, found); err != nil {
		return err
	}
	_, err := c.Registry.Settle(ctx, LeaverCheck, directoriesPlace, c.began, c.Now().UTC())
	return err
}

// SubscribeInput asks to keep up what directories deliver.
type SubscribeInput struct{}

// SubscribeResult says until when each directory delivers.
type SubscribeResult struct {
	Until map[string]time.Time `json:"until,omitempty"`
}

// Subscribe has each directory deliver whose deliveries end by themselves. It is
// safe to repeat. Without an address for them it does nothing.
func (a *Leavers) Subscribe(ctx context.Context, _ SubscribeInput) (SubscribeResult, error) {
	res := SubscribeResult{Until: map[string]time.Time{}}
	if a.Address == "" {
		return res, nil
	}
	var errs []error
	for name, d := range a.Directories {
		s, ok := d.(people.Subscriber)
		if !ok {
			continue
		}
		until, err := s.Subscribe(ctx, strings.TrimSuffix(a.Address, "/")+"/"+name)
		if keyturn.KindOf(err) == keyturn.Unsupported {
			continue // it was given no webhook secret
		}
		if errs = append(errs, err); err == nil {
			res.Until[name] = until
		}
	}
	return res, first(errs)
}

// NewDepartureID returns an id that says nothing of anybody.
func NewDepartureID() string { return "d-" + strings.ToLower(rand.Text()[:16]) }
