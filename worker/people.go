package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/activities"
)

// People says who works here, and what happens when somebody leaves. Every worker
// has the same; see docs/offboarding.md.
type People struct {
	// Directories are the identity providers and lists of staff, by names of yours.
	Directories map[string]Directory `yaml:"directories"`
	// Teams says more of the teams that entries name; one that is not here is looked
	// for in the directories by its own name.
	Teams map[string]Team `yaml:"teams"`
	// Fallback is the address of whoever gets a leaver's keys where nobody is found.
	Fallback string `yaml:"fallback"`
	// PersonalPaths begin the store paths that only one person reads, such as
	// secret/people/{user}/; {email} and {user} stand for the person's.
	PersonalPaths []string `yaml:"personal_paths"`
	// Overlap is how long the keys of a leaver work beside the new ones, at most.
	// Default 15m.
	Overlap keyturn.Duration `yaml:"overlap"`
	// Now ends them as soon as consumers have moved, instead of Overlap.
	Now bool `yaml:"now"`
	// SLA is how long it may take until all are replaced. Default 24h.
	SLA keyturn.Duration `yaml:"sla"`
	// MostLeavers is how many a comparison believes at once, where it is also more
	// than a twentieth of all owners. Default 10.
	MostLeavers int `yaml:"most_leavers"`
}

// A Directory is one identity provider or list of staff.
type Directory struct {
	Directory string `yaml:"directory"` // required: okta, entra, google, identitycenter, scim or list
	BaseURL   string `yaml:"base_url"`  // default: the vendor's own address
	// CallsPerSecond is how many requests this worker sends. Default 5.
	CallsPerSecond float64 `yaml:"calls_per_second"`
	// Timeout bounds one request. Default 20s.
	Timeout keyturn.Duration `yaml:"timeout"`
	// WebhookSecretFile holds what deliveries prove themselves with: for okta the
	// value of the Authorization header, for entra the clientState, for google the
	// channel token, for scim the bearer token. Without it nothing is served for
	// this directory.
	WebhookSecretFile string         `yaml:"webhook_secret_file"`
	Settings          map[string]any `yaml:"settings"` // the directory's own; see its README
}

// A Team says more of a team.
type Team struct {
	Group  string `yaml:"group"`   // what directories call it
	Lead   string `yaml:"lead"`    // an address
	OnCall string `yaml:"on_call"` // an address
}

// Kinds of directories that live in the registry.
const (
	pushed = "scim" // an identity provider pushes to it
	listed = "list" // keyturn people import writes it
)

func (p People) withDefaults() People {
	or(&p.Overlap, keyturn.Duration(15*time.Minute))
	or(&p.SLA, keyturn.Duration(24*time.Hour))
	or(&p.MostLeavers, 10)
	for name, d := range p.Directories {
		or(&d.CallsPerSecond, 5)
		or(&d.Timeout, keyturn.Duration(20*time.Second))
		p.Directories[name] = d
	}
	return p
}

func (p People) check() error {
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	address := func(field, s string) {
		if s != "" && !strings.Contains(s, "@") {
			wrong("people.%s: write an e-mail address, not %q", field, s)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.Directories)) {
		d := p.Directories[name]
		switch {
		case !isURLName(name):
			wrong("people.directories.%s: a name is 1 to 32 of a-z, 0-9 and -: it becomes part of a URL", name)
		case name == activities.OriginOperator || name == activities.OriginComparison:
			wrong("people.directories.%s: choose another name: that one says who reported a departure", name)
		case !slices.Contains(directoryKinds(), d.Directory):
			wrong("people.directories.%s: there is no directory %q; use one of %s", name, d.Directory, strings.Join(directoryKinds(), ", "))
		case d.CallsPerSecond < 0:
			wrong("people.directories.%s: calls_per_second cannot be negative", name)
		case d.Directory == pushed && d.WebhookSecretFile == "":
			wrong("people.directories.%s: set webhook_secret_file to a file with the bearer token the identity provider sends", name)
		}
	}
	address("fallback", p.Fallback)
	for _, name := range slices.Sorted(maps.Keys(p.Teams)) {
		address("teams."+name+".lead", p.Teams[name].Lead)
		address("teams."+name+".on_call", p.Teams[name].OnCall)
	}
	for _, path := range p.PersonalPaths {
		if !strings.Contains(path, "{email}") && !strings.Contains(path, "{user}") {
			wrong("people.personal_paths: %s must have {email} or {user} in it, or it would be everybody's", path)
		}
	}
	if p.MostLeavers < 0 {
		wrong("people.most_leavers: it cannot be negative")
	}
	return errors.Join(errs...)
}

// rules are the choices as activities want them.
func (p People) rules() activities.LeaverRules {
	r := activities.LeaverRules{
		Teams: map[string]activities.TeamRule{}, Fallback: p.Fallback, PersonalPaths: p.PersonalPaths,
		Overlap: p.Overlap, Now: p.Now, SLA: p.SLA, MostLeavers: p.MostLeavers,
	}
	for name, t := range p.Teams {
		r.Teams[name] = activities.TeamRule{Group: t.Group, Lead: t.Lead, OnCall: t.OnCall}
	}
	return r
}
