package entry

import (
	"fmt"
	"time"

	"github.com/keyturn/keyturn"
)

const day = 24 * time.Hour

// dates allows a day of tolerance towards the future, because files are
// written in every time zone.
func (c *check) dates() {
	e, soon := c.e, c.rules.Now.Add(day)
	if e.CreatedAt.IsZero() {
		c.report("created_at", "is missing", "write when the key was created, such as 2026-04-01T10:00:00Z")
	}
	for _, past := range []struct {
		field string
		t     time.Time
	}{{"created_at", e.CreatedAt}, {"last_rotated", e.LastRotated}, {"audit.last_audit", e.Audit.LastAudit}} {
		if past.t.After(soon) {
			c.report(past.field, "lies in the future", "write when it happened")
		}
	}
	if !e.LastRotated.IsZero() && e.LastRotated.Before(e.CreatedAt) {
		c.report("last_rotated", "is before created_at", "correct one of the two")
	}
	if a := e.Audit.LastAudit; !a.IsZero() && a.Before(e.CreatedAt.Truncate(day)) {
		c.report("audit.last_audit", "is before created_at", "correct one of the two")
	}
	c.interval()
	c.expiry()
}

func (c *check) interval() {
	days, field := c.e.Audit.RotationFrequencyDays, "audit.rotation_frequency_days"
	mend := fmt.Sprintf("rotate every 1 to %d days", c.rules.MaxRotationDays)
	switch {
	case days == 0 && !c.e.written(field):
		c.report(field, "is missing", mend)
	case days < 1 || days > c.rules.MaxRotationDays:
		c.report(field, fmt.Sprintf("is %d", days), mend)
	}
}

func (c *check) expiry() {
	e := c.e
	from, event := e.CreatedAt, "created_at"
	if !e.LastRotated.IsZero() {
		from, event = e.LastRotated, "last_rotated"
	}
	years := c.rules.MaxLifeYears
	if e.Expiration.IsZero() {
		c.report("expiration", "is missing", fmt.Sprintf("let the key end at most %d year after %s", years, event))
		return
	}
	switch {
	case from.IsZero():
	case !e.Expiration.After(from):
		c.report("expiration", "is not after "+event, "correct one of the two")
		return
	case e.Expiration.After(from.AddDate(years, 0, 0)):
		c.report("expiration", fmt.Sprintf("is more than %d year after %s", years, event), "write "+from.AddDate(years, 0, 0).Format(time.DateOnly)+" or earlier")
	}
	if c.rules.AllowOverdue {
		return
	}
	key := keyturn.Key{Created: e.CreatedAt, Rotated: e.LastRotated, Audit: keyturn.Audit{EveryDays: e.Audit.RotationFrequencyDays}}
	switch due := key.Due(); {
	case !e.Expiration.After(c.rules.Now):
		c.report("expiration", "is past", "rotate the key, then write the new dates")
	case !from.IsZero() && !due.IsZero() && due.Before(c.rules.Now):
		c.report(event, "makes the key overdue for rotation since "+due.Format(time.DateOnly), "rotate the key, then write the new dates")
	}
}
