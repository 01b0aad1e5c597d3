package dispatch

import (
	"context"
	"errors"

	"github.com/keyturn/keyturn/notices"
)

// Page tells security of something that is no key's, at once: it passes the outbox,
// digests and quiet hours. The same id is the same message, wherever a channel can
// tell. It tries each place once, and fails if none could be told: whoever calls it tries
// again, and must not flood those that were. Without a route for security it does
// nothing.
func (d *Dispatcher) Page(ctx context.Context, id, subject, text string) error {
	var errs []error
	told := 0
	for _, to := range unique(d.routes.Security) {
		one, cancel := context.WithTimeout(ctx, sendLimit)
		err := d.needs.Channels[to.Channel].Send(one, notices.Message{
			ID: id, To: to.To, Subject: subject, Text: text, Urgent: true, At: d.needs.Now().UTC(),
		})
		cancel()
		if err != nil {
			d.needs.Count(to.Channel, Failed, 1)
			d.needs.Log.Warn("security could not be told at once", "channel", to.Channel, "error", safe(err))
			errs = append(errs, err)
			continue
		}
		told++
		d.needs.Count(to.Channel, Sent, 1)
	}
	if told > 0 {
		return nil
	}
	return errors.Join(errs...)
}
