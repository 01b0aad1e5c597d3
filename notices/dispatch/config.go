package dispatch

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
)

// Config is the notices section of the worker's configuration. Its zero value
// tells nobody.
type Config struct {
	Channels map[string]Channel `yaml:"channels"`
	Routes   Routes             `yaml:"routes"`
	// Digest is how long notices that are not urgent are gathered. Default 1h;
	// 0s sends each by itself.
	Digest *keyturn.Duration `yaml:"digest"`
	// DigestLines is how many notices a digest names before it counts the rest.
	// Default 20.
	DigestLines int         `yaml:"digest_lines"`
	QuietHours  *QuietHours `yaml:"quiet_hours"` // default: none
	// Ahead is how long before a key is due its owner is told; the last time its
	// team is, too. Default [7d]; [] is never.
	Ahead []keyturn.Duration `yaml:"ahead"`
	// Templates is a folder whose files replace the built-in wording.
	Templates string `yaml:"templates"`
}

// A Channel is one way to reach people.
type Channel struct {
	Kind     string         `yaml:"kind"`     // required: smtp, slack or webhook
	Settings map[string]any `yaml:"settings"` // the kind's own
}

// Routes says who is told through what.
type Routes struct {
	// Owner is the channel to the owners. The address is the owner's e-mail
	// address. Without it, and for owners it does not reach, the team is told.
	Owner string `yaml:"owner"`
	// Teams says where each team is told. "default" is for those that are not
	// named.
	Teams    map[string][]Destination `yaml:"teams"`
	Security []Destination            `yaml:"security"`
}

// A Destination is one place to tell.
type Destination struct {
	Channel string `yaml:"channel"`
	To      string `yaml:"to"` // where the channel has more than one place
}

// QuietHours are when messages wait that are not urgent.
type QuietHours struct {
	From string `yaml:"from"` // "20:00"; with To
	To   string `yaml:"to"`   // "07:00", of the next day if it is not later than From
	// Zone is the time zone, such as Europe/Berlin, of the hours and of the
	// times in messages. Default UTC.
	Zone     string `yaml:"zone"`
	Weekends bool   `yaml:"weekends"` // Saturday and Sunday are quiet as a whole
}

const (
	defaultTeam   = "default"
	defaultDigest = keyturn.Duration(time.Hour)
	defaultAhead  = keyturn.Duration(7 * 24 * time.Hour)
	defaultLines  = 20
	longestDigest = keyturn.Duration(24 * time.Hour)
	longestAhead  = keyturn.Duration(365 * 24 * time.Hour)
)

// WithDefaults returns c with every unset field at its default. Ahead comes
// back with the longest time first.
func (c Config) WithDefaults() Config {
	if c.Digest == nil {
		d := defaultDigest
		c.Digest = &d
	}
	if c.DigestLines == 0 {
		c.DigestLines = defaultLines
	}
	if c.Ahead == nil {
		c.Ahead = []keyturn.Duration{defaultAhead}
	}
	c.Ahead = slices.Clone(c.Ahead)
	slices.SortFunc(c.Ahead, func(a, b keyturn.Duration) int { return cmp.Compare(b, a) })
	return c
}

// Check names every mistake that can be found without opening a channel.
// Addresses are checked by [New].
func (c Config) Check() error {
	c = c.WithDefaults()
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(c.Channels)) {
		if c.Channels[name].Kind == "" {
			wrong("notices.channels.%s: kind is required: smtp, slack or webhook", name)
		}
	}
	known := func(field, channel string) {
		if _, ok := c.Channels[channel]; !ok {
			wrong("notices.%s: no channel is called %q; name it under notices.channels", field, channel)
		}
	}
	if c.Routes.Owner != "" {
		known("routes.owner", c.Routes.Owner)
	}
	for field, d := range c.Routes.destinations() {
		known(field, d.Channel)
	}
	if d := *c.Digest; d != 0 && d < keyturn.Duration(time.Minute) || d > longestDigest {
		wrong("notices.digest: must be between 1m and 24h, or 0s for none")
	}
	if c.DigestLines < 1 || c.DigestLines > 1000 {
		wrong("notices.digest_lines: must be between 1 and 1000")
	}
	for i, d := range c.Ahead {
		if d < keyturn.Duration(time.Hour) || d > longestAhead || i > 0 && d == c.Ahead[i-1] {
			wrong("notices.ahead: %s must be between 1h and 365d, and there once", d)
		}
	}
	if _, err := c.QuietHours.compile(); err != nil {
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
