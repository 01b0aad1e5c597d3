package e2e

import (
	"bytes"
	"net/http"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/people/okta/oktafake"
	"github.com/keyturn/keyturn/registry"
)

// Who is in the directory of these tests. The leaver owns every key of a rig.
const (
	leaverAddress = "e2e@example.com"
	leadAddress   = "lead@example.com"
)

// staff is a rig whose workers know a directory, and hear from it.
type staff struct {
	*rig
	org    *oktafake.Org
	leaver string // the directory's id of the leaver
}

// newStaff adds a directory to a rig that was not started yet.
func newStaff(r *rig) *staff {
	r.t.Helper()
	s := &staff{rig: r, org: oktafake.New(oktafake.Options{Token: canary + "token"})}
	s.leaver = s.org.Add(oktafake.User{Profile: map[string]string{"login": leaverAddress}})
	s.org.Add(oktafake.User{Profile: map[string]string{"login": leadAddress}})
	if _, err := r.vaultAPI.KVv2("secret").Put(r.t.Context(), "admin/okta", map[string]any{"key_id": "", "key": canary + "token"}); err != nil {
		r.t.Fatal(err)
	}
	type section = map[string]any
	r.sections = section{
		"webhooks": section{"listen": "127.0.0.1:0"},
		"log":      section{"level": "info"},
		"people": section{
			"fallback": leadAddress, "overlap": "1s",
			"directories": section{"okta": section{
				"directory": "okta", "base_url": serve(r.t, s.org), "calls_per_second": 100, "webhook_secret_file": r.file("hook", hookSecret),
				"settings": section{"domain": "acme.okta.com", "token": section{"path": "secret/admin/okta"}},
			}},
		},
	}
	return s
}

// leaves has the leaver deactivated, and the directory say so to one of the workers.
// It returns when that was.
func (s *staff) leaves() time.Time {
	s.t.Helper()
	s.org.Set(s.leaver, "DEPROVISIONED")
	began := time.Now()
	s.deliver()
	return began
}

// deliver has the directory say that the leaver was deactivated.
func (s *staff) deliver() {
	s.t.Helper()
	body := s.org.Payload(time.Now(), oktafake.Event{Type: "user.lifecycle.deactivate", Targets: []oktafake.Target{s.org.About(s.leaver)}})
	at := ""
	s.until("webhooks are served", 30*time.Second, func() bool {
		found := hooksAt.FindStringSubmatch(s.workers[0].log.String())
		if found != nil {
			at = found[1]
		}
		return found != nil
	})
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, at+"people/okta", bytes.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", hookSecret)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("the delivery is answered %s", resp.Status)
	}
}

// departure is the only one there is; its ID is empty while there is none.
func (s *staff) departure() (out registry.Departure) {
	s.t.Helper()
	for d, err := range s.registry.Departures(s.t.Context(), registry.DepartureFilter{}) {
		if err != nil {
			s.t.Fatal(err)
		}
		if out.ID != "" {
			s.t.Fatal("one person left twice")
		}
		out = d
	}
	return out
}

// done is how many keys are replaced.
func (s *staff) done() (n int) {
	s.t.Helper()
	progress, err := s.registry.BatchProgress(s.t.Context(), s.departure().ID)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, p := range progress {
		n += p.Done
	}
	return n
}

// offboarded waits until the departure is closed.
func (s *staff) offboarded(within time.Duration) registry.Departure {
	s.t.Helper()
	s.until("the departure is done", within, func() bool { return s.departure().State == registry.DepartureDone })
	return s.departure()
}

// stays gives keys to somebody who stays.
func (s *staff) stays(ids []keyturn.KeyID) {
	s.t.Helper()
	for _, id := range ids {
		k := s.key(id)
		k.Owner.Person = leadAddress
		if _, err := s.registry.Save(s.t.Context(), k, registry.Event{ID: "stay/" + string(id), Key: id, What: registry.Applied, At: time.Now()}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// replacedOnce asks that every key be replaced exactly once and be somebody else's,
// that one key of each entry live at its vendor, and that no other be touched.
func (s *staff) replacedOnce(a *rigAccount, left, stayed []keyturn.KeyID) {
	s.t.Helper()
	for _, id := range left {
		k, happened := s.key(id), s.events(id)
		if k.Generation != 2 || len(k.Ledger) != 1 || k.Owner.Person != leadAddress || happened[registry.Completed] != 1 || happened[registry.HandedOver] != 1 {
			s.t.Errorf("%s is of generation %d with %d in its ledger; its history: %v", id, k.Generation, len(k.Ledger), happened)
		}
	}
	for _, id := range stayed {
		if k := s.key(id); k.Generation != 1 {
			s.t.Errorf("%s is nobody's who left, and is of generation %d", id, k.Generation)
		}
	}
	s.oneLiveKeyEach(a)
}
