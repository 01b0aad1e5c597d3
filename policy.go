package keyturn

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Policy is how a key is rotated. The zero value means the defaults of
// [Policy.WithDefaults].
type Policy struct {
	// Overlap is how long old and new both work after consumers have moved.
	// Default 24h.
	Overlap Duration `json:"overlap,omitempty"`
	// ConsumerDeadline is how long consumers may take to move before the
	// rotation is undone. Default 15m.
	ConsumerDeadline Duration `json:"consumer_deadline,omitempty"`
	// DisabledSoak is how long an old key stays switched off, where the
	// provider can, before it is revoked. Default 10m.
	DisabledSoak Duration `json:"disabled_soak,omitempty"`
	// QuietFor is how long an old key must not have been used before it is
	// retired, where the provider reports use. Default: not asked for.
	QuietFor Duration `json:"quiet_for,omitempty"`
	// MaxExtensions is how often the overlap is lengthened by itself because
	// the old key is still in use, before a human is asked. Default 3.
	MaxExtensions int `json:"max_extensions,omitempty"`
	// Approval says that issuing this key needs a second person's word.
	Approval bool `json:"approval,omitempty"`
	// Windows are the only times in which the key may be changed, besides what
	// the calendar says of its team and provider. Default: any time.
	Windows []Window `json:"windows,omitempty"`
	// SLA is how long a person may take over a step that has no API, before it
	// is overdue. Default 7d.
	SLA Duration `json:"sla,omitempty"`
	// OnLeak is what comes first when the key's value is found where it should not
	// be. Default: what the installation is configured with.
	OnLeak OnLeak `json:"on_leak,omitempty"`
	// Test exercises the production path with a new value before consumers
	// see it. Nil means the provider's own check is enough.
	Test *Test `json:"test,omitempty"`
}

// OnLeak says what comes first when a value has leaked. The words are wire format.
type OnLeak string

// What comes first.
const (
	// ReplaceFirst keeps consumers working: the leaked key is ended once they have
	// moved, and all the same when that takes longer than it may.
	ReplaceFirst OnLeak = "replace"
	// KillFirst ends the leaked key at once, if it is alive. Consumers stand still
	// until they have the new one.
	KillFirst OnLeak = "kill"
	// ReplaceOnly never ends the leaked key before consumers have moved.
	ReplaceOnly OnLeak = "replace-only"
)

// A Test is one synthetic check: an HTTP request or a command, never both.
type Test struct {
	HTTP    *HTTPTest    `json:"http,omitempty"`
	Command *CommandTest `json:"command,omitempty"`
}

// An HTTPTest sends one request. In header values, {key} stands for the value
// under test and {key_id} for the provider's id of it.
type HTTPTest struct {
	Method  string            `json:"method,omitempty"` // default GET
	URL     string            `json:"url"`
	Headers map[string]string `json:"headers,omitempty"`
	Status  int               `json:"status,omitempty"` // expected; default any 2xx
}

// A CommandTest runs a program that the worker's configuration allows. The
// value arrives on standard input and the key's id in KEYTURN_KEY_ID; exit
// status 0 is a pass. Its output is thrown away, because it may quote the value.
type CommandTest struct {
	Argv    []string `json:"argv"`
	Timeout Duration `json:"timeout,omitempty"` // default 30s
}

// WithDefaults returns p with every unset field at its default.
func (p Policy) WithDefaults() Policy {
	def := func(d *Duration, v time.Duration) {
		if *d == 0 {
			*d = Duration(v)
		}
	}
	def(&p.Overlap, 24*time.Hour)
	def(&p.ConsumerDeadline, 15*time.Minute)
	def(&p.DisabledSoak, 10*time.Minute)
	def(&p.SLA, 7*24*time.Hour)
	if p.MaxExtensions == 0 {
		p.MaxExtensions = 3
	}
	return p
}

// A Duration is a time.Duration that reads and prints as people write it:
// "90s", "24h", "7d".
type Duration time.Duration

// ParseDuration reads what [time.ParseDuration] reads, and whole days.
func ParseDuration(s string) (Duration, error) {
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.Atoi(days); err == nil && n >= 0 {
			return Duration(time.Duration(n) * 24 * time.Hour), nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is not a duration; write one such as 90s, 15m, 24h or 7d", s)
	}
	return Duration(d), nil
}

func (d Duration) String() string {
	if day := 24 * time.Hour; d != 0 && time.Duration(d)%day == 0 {
		return strconv.Itoa(int(time.Duration(d)/day)) + "d"
	}
	return time.Duration(d).String()
}

// MarshalText writes the duration as String does.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a duration as ParseDuration does.
func (d *Duration) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDuration(string(b))
	return err
}
