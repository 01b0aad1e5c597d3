package entry

import (
	"fmt"
	"slices"
	"time"

	"github.com/keyturn/keyturn"
)

func (c *check) rotation() {
	p := c.e.Rotation
	defaults := keyturn.Policy{}.WithDefaults()
	for _, d := range []struct {
		field           string
		value, default_ keyturn.Duration
	}{
		{"rotation.overlap", p.Overlap, defaults.Overlap},
		{"rotation.consumer_deadline", p.ConsumerDeadline, defaults.ConsumerDeadline},
		{"rotation.disabled_soak", p.DisabledSoak, defaults.DisabledSoak},
		{"rotation.sla", p.SLA, defaults.SLA},
	} {
		if d.value == 0 && c.e.written(d.field) {
			c.report(d.field, "is zero, which stands for the default of "+d.default_.String(), "leave the line out, or write the shortest time you can accept, such as 1s")
		}
	}
	if p.MaxExtensions < 0 || p.MaxExtensions == 0 && c.e.written("rotation.max_extensions") {
		c.report("rotation.max_extensions", "must be at least 1", "leave the line out for the default of 3")
	}
	interval := time.Duration(c.e.Audit.RotationFrequencyDays) * day
	if whole := p.Overlap + p.DisabledSoak; interval > 0 && time.Duration(whole) >= interval {
		c.report("rotation.overlap", "lasts until the next rotation is due", "shorten it, or rotate less often")
	}
	if interval > 0 && time.Duration(p.SLA) >= interval {
		c.report("rotation.sla", "lasts until the next rotation is due", "shorten it, or rotate less often")
	}
	switch p.OnLeak {
	case "", keyturn.ReplaceFirst, keyturn.KillFirst, keyturn.ReplaceOnly:
	default:
		c.report("rotation.on_leak", "is no choice there is", "write replace, kill or replace-only, or leave it out")
	}
	c.windows(p.Windows)
	if p.Test != nil {
		c.test(*p.Test)
	}
}

func (c *check) windows(windows []keyturn.Window) {
	if len(windows) == 0 && c.e.written("rotation.windows") {
		c.report("rotation.windows", "is empty, which stands for any time", "leave the line out, or write a window such as Sat-Sun 02:00-06:00 Europe/Berlin")
	}
	for i, w := range windows {
		if slices.Contains(windows[:i], w) {
			c.report(fmt.Sprintf("rotation.windows[%d]", i), "is listed twice", "keep one of them")
		}
	}
}

func (c *check) test(t keyturn.Test) {
	if (t.HTTP == nil) == (t.Command == nil) {
		c.report("rotation.test", "must be one request or one command", "give either http or command")
		return
	}
	if t.Command != nil {
		if len(t.Command.Argv) == 0 || t.Command.Argv[0] == "" {
			c.report("rotation.test.command.argv", "names no program", `write one such as ["/usr/local/bin/check-stripe"]`)
		}
		return
	}
	c.url("rotation.test.http.url", t.HTTP.URL)
	if s := t.HTTP.Status; s != 0 && (s < 100 || s > 599) || s == 0 && c.e.written("rotation.test.http.status") {
		c.report("rotation.test.http.status", "is no HTTP status", "write the status that means success, or leave it out for any 2xx")
	}
	switch t.HTTP.Method {
	case "", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
	default:
		c.report("rotation.test.http.method", "is no HTTP method", "write one such as GET, in capitals")
	}
}
