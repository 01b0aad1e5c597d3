package dispatch

import (
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
)

// try fills every template in with made-up notices of all kinds, with all that
// may be said of them and with as little as possible.
func (w Wording) try() error {
	full := Facts{
		Key: "payments-stripe-live-001", Purpose: "Charges cards", Team: "payments", Person: "alice@example.com",
		Provider: "stripe", Account: "acct_1", Operation: string(keyturn.Rotate), Ticket: "https://tracker.example.com/OPS-12",
		Due: "2026-12-01", At: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), Reason: "schedule", Detail: "due 2026-12-01", Urgent: true,
	}
	var all []Facts
	for _, what := range append(told(), "something_new") {
		for _, step := range []keyturn.ManualStep{"", keyturn.SupplyValue, keyturn.EndOld, keyturn.EndNew} {
			for _, to := range []registry.Audience{registry.ToOwner, registry.ToTeam, registry.ToSecurity} {
				f := full
				f.What, f.Step, f.Audience, f.Retired = what, string(step), string(to), step == ""
				f.Instead = to == registry.ToOwner && step == keyturn.EndOld
				bare := Facts{What: what, Key: full.Key, Audience: f.Audience, At: full.At}
				all = append(all, f, bare)
			}
		}
	}
	for _, f := range all {
		if _, _, err := w.Single(f); err != nil {
			return err
		}
	}
	for _, d := range []Digest{digest(all, 5), digest(all, len(all)), digest(all[:2], 1), digest(all[len(all)-2:], 20)} {
		if _, _, err := w.Digest(d); err != nil {
			return err
		}
	}
	return nil
}
