package postgres_test

import (
	"context"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/registry/postgres"
	"github.com/keyturn/keyturn/servertest"
)

// login makes a role of the test's own and returns it with the address for it.
func login(t *testing.T, conn *pgx.Conn, address string) (role, url string) {
	t.Helper()
	var name string
	if err := conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name); err != nil {
		t.Fatal(err)
	}
	role = "login_" + name
	mustExec(t, conn, "CREATE ROLE "+role+" LOGIN")
	t.Cleanup(func() { _, _ = conn.Exec(context.Background(), "DROP OWNED BY "+role+"; DROP ROLE "+role) }) // before conn is closed
	return role, as(t, address, role)
}

func as(t *testing.T, address, role string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	return u.String()
}

func openAs(t *testing.T, address string) *postgres.Store {
	t.Helper()
	s, err := postgres.OpenWithoutMigrating(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestPingFindsAReadOnlyDatabase(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	s := open(t, address)
	if err := s.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantKind(t, open(t, address+"&default_transaction_read_only=on").Ping(t.Context()), keyturn.Unavailable)
	conn := raw(t, address)
	role, readerAddress := login(t, conn, address)
	mustExec(t, conn, "GRANT SELECT ON ALL TABLES IN SCHEMA public TO "+role)
	reader := openAs(t, readerAddress)
	wantKind(t, reader.Ping(t.Context()), keyturn.Unavailable)
	_, err := reader.Save(t.Context(), keyturn.Key{ID: "a"}, noted("e"))
	wantKind(t, err, keyturn.Unavailable)
	wantKind(t, reader.RecordDelivery(t.Context(), "jira", "1", time.Unix(1, 0)), keyturn.Unavailable)
	if seen, err := s.Delivered(t.Context(), "jira", "1"); err != nil || seen {
		t.Errorf("delivered is %v, error %v", seen, err)
	}
}

// TestPingFindsAMissingRight holds Ping to exactly the rights that are used:
// with them all everything works, and without any one of them it says so.
func TestPingFindsAMissingRight(t *testing.T) {
	t.Parallel()
	address := servertest.Postgres(t)
	open(t, address)
	conn := raw(t, address)
	role, mean := login(t, conn, address)
	rights := []string{
		"SELECT ON keys", "INSERT ON keys", "UPDATE ON keys",
		"SELECT ON events", "INSERT ON events", "USAGE ON SEQUENCE events_seq_seq",
		"SELECT ON notices", "INSERT ON notices", "UPDATE ON notices", "DELETE ON notices",
		"SELECT ON calendar", "INSERT ON calendar", "DELETE ON calendar",
		"SELECT ON deliveries", "INSERT ON deliveries", "UPDATE ON deliveries", "DELETE ON deliveries",
		"SELECT ON outcomes", "INSERT ON outcomes", "UPDATE ON outcomes", "DELETE ON outcomes",
		"SELECT ON pauses", "INSERT ON pauses", "UPDATE ON pauses", "DELETE ON pauses",
		"SELECT ON accounts", "INSERT ON accounts", "UPDATE ON accounts",
		"SELECT ON batches", "INSERT ON batches",
		"SELECT ON batch_keys", "INSERT ON batch_keys", "UPDATE ON batch_keys",
		"SELECT ON findings", "INSERT ON findings", "UPDATE ON findings",
		"SELECT ON members", "INSERT ON members", "UPDATE ON members", "DELETE ON members",
		"SELECT ON departures", "INSERT ON departures", "UPDATE ON departures",
		"SELECT ON departure_events", "INSERT ON departure_events",
		"SELECT ON sightings", "INSERT ON sightings", "UPDATE ON sightings",
		"SELECT ON leaks", "INSERT ON leaks", "UPDATE ON leaks",
		"SELECT ON leak_hits", "INSERT ON leak_hits",
		"SELECT ON leak_uses", "INSERT ON leak_uses", "UPDATE ON leak_uses",
		"SELECT ON marks", "INSERT ON marks",
	}
	mustExec(t, conn, "GRANT SELECT ON registry_version TO "+role)
	for _, right := range rights {
		mustExec(t, conn, "GRANT "+right+" TO "+role)
	}
	s := openAs(t, mean)
	useEverything(t, s)
	for _, right := range rights {
		mustExec(t, conn, "REVOKE "+right+" FROM "+role)
		if err := s.Ping(t.Context()); keyturn.KindOf(err) != keyturn.Unavailable {
			t.Errorf("without %s, Ping says %v", right, err)
		}
		mustExec(t, conn, "GRANT "+right+" TO "+role)
	}
	if err := s.Ping(t.Context()); err != nil {
		t.Errorf("with every right, Ping says %v", err)
	}
}

func useEverything(t *testing.T, s *postgres.Store) {
	t.Helper()
	now := time.Unix(1, 0)
	e := noted("e1")
	e.Tell = []registry.Audience{registry.ToOwner, registry.ToTeam}
	e.What = registry.Completed
	key, err := s.Save(t.Context(), keyturn.Key{ID: "a"}, e)
	if err != nil {
		t.Fatal(err)
	}
	rule := keyturn.CalendarRule{ID: "a-freeze", Kind: keyturn.Freeze, Reason: "a test", Actor: "alice", Created: now}
	for name, call := range map[string]func() error{
		"Ping":           func() error { return s.Ping(t.Context()) },
		"SaveAll":        func() error { return s.SaveAll(t.Context(), []registry.Change{{Key: key, Event: noted("e2")}}) },
		"ClaimNotices":   func() error { _, err := s.ClaimNotices(t.Context(), now, time.Minute, 1); return err },
		"DeferNotices":   func() error { return s.DeferNotices(t.Context(), []string{"e1/owner"}, now) },
		"SettleNotices":  func() error { return s.SettleNotices(t.Context(), []string{"e1/team"}) },
		"CountNotices":   func() error { _, _, err := s.CountNotices(t.Context()); return err },
		"Rules":          func() error { _, err := s.Rules(t.Context(), now); return err },
		"RecordDelivery": func() error { return s.RecordDelivery(t.Context(), "jira", "1", now) },
		"Delivered":      func() error { _, err := s.Delivered(t.Context(), "jira", "1"); return err },
		"Accounts":       func() error { _, err := s.Accounts(t.Context(), now); return err },
		"Outcomes":       func() error { _, err := s.Outcomes(t.Context(), keyturn.Issuer{}, 1); return err },
		"pauses": func() error {
			issuer := keyturn.Issuer{Provider: "aws", Account: "1"}
			if err := s.SetPause(t.Context(), registry.Pause{Issuer: issuer, Reason: "a test", Actor: "alice", At: now}); err != nil {
				return err
			}
			return s.ClearPause(t.Context(), issuer, now)
		},
		"Serve": func() error { return s.Serve(t.Context(), keyturn.Issuer{Provider: "aws", Account: "1"}, 1, now) },
		"Due": func() error {
			for _, err := range s.Due(t.Context(), keyturn.Issuer{}, now, registry.DueKey{}) {
				return err
			}
			return nil
		},
		"batches":  func() error { return useBatches(t, s) },
		"findings": func() error { return useFindings(t, s) },
		"members":  func() error { return useMembers(t, s) },
		"leavers":  func() error { return useDepartures(t, s) },
		"leaks":    func() error { return useLeaks(t, s) },
		"the calendar": func() error {
			for range 2 {
				if err := s.AddRule(t.Context(), rule); err != nil {
					return err
				}
			}
			return s.RemoveRule(t.Context(), rule.ID)
		},
	} {
		if err := call(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func useBatches(t *testing.T, s *postgres.Store) error {
	t.Helper()
	now := time.Unix(1, 0)
	key, err := s.Save(t.Context(), keyturn.Key{ID: "b"}, noted("e3"))
	if err != nil {
		return err
	}
	if err := s.AddBatch(t.Context(), registry.Batch{ID: "b1", Reason: "a test", Actor: "alice", At: now}, []keyturn.KeyID{key.ID}); err != nil {
		return err
	}
	if err := s.MarkBatch(t.Context(), "b1", []registry.BatchKey{{Key: key.ID, State: registry.BatchStarted, At: now}}); err != nil {
		return err
	}
	e := noted("e4")
	e.What, e.Batch = registry.RolledBack, "b1"
	if _, err := s.Save(t.Context(), key, e); err != nil {
		return err
	}
	if _, err := s.Batch(t.Context(), "b1"); err != nil {
		return err
	}
	_, err = s.BatchProgress(t.Context(), "b1")
	return err
}

func useFindings(t *testing.T, s *postgres.Store) error {
	t.Helper()
	now := time.Unix(1, 0)
	f := registry.Finding{ID: "f1", Check: "a test", Kind: "a kind", Subject: "a key", Severity: registry.Info, Seen: now}
	for range 2 {
		if _, err := s.Report(t.Context(), []registry.Finding{f}); err != nil {
			return err
		}
	}
	if _, err := s.Accept(t.Context(), f.ID, "alice", "", now); err != nil {
		return err
	}
	_, err := s.Settle(t.Context(), f.Check, f.Place, now.Add(1000), now)
	return err
}

func useMembers(t *testing.T, s *postgres.Store) error {
	t.Helper()
	m := registry.Member{Directory: "okta", Kind: registry.UserMember, ID: "1", Name: "alice", Document: []byte("{}"), Changed: time.Unix(1, 0)}
	m, err := s.AddMember(t.Context(), m)
	if err != nil {
		return err
	}
	if m, err = s.SaveMember(t.Context(), m); err != nil {
		return err
	}
	return s.RemoveMember(t.Context(), m.Directory, m.Kind, m.ID, m.Version)
}

func useDepartures(t *testing.T, s *postgres.Store) error {
	t.Helper()
	now := time.Unix(1, 0)
	d, _, err := s.Depart(t.Context(), registry.Departure{ID: "d1", Email: "alice@example.com", Origin: "okta", Event: "1", Actor: "okta", At: now})
	if err != nil {
		return err
	}
	d.State = registry.DepartureDone
	if _, err := s.SaveDeparture(t.Context(), d); err != nil {
		return err
	}
	if err := s.Returned(t.Context(), d.Email, now); err != nil {
		return err
	}
	for range 2 {
		if err := s.Saw(t.Context(), "okta", []string{d.Email}, now); err != nil {
			return err
		}
	}
	for _, err := range s.Heard(t.Context(), d.ID) {
		if err != nil {
			return err
		}
	}
	_, _, err = s.Seen(t.Context(), d.Email)
	return err
}

func useLeaks(t *testing.T, s *postgres.Store) error {
	t.Helper()
	now := time.Unix(1, 0)
	key := keyturn.Key{ID: "c", Ledger: []keyturn.Issued{{Generation: 1, Fingerprints: keyturn.Fingerprints{HMAC: "aa"}}}}
	if _, err := s.Save(t.Context(), key, noted("e5")); err != nil {
		return err
	}
	if _, err := s.Marked(t.Context(), []keyturn.Mark{"hmac:aa"}); err != nil {
		return err
	}
	l := registry.Leak{ID: "l1", Subject: registry.KeySubject(key.ID, 1), Source: "gitleaks", Actor: "alice", At: now}
	l, _, _, err := s.Leaked(t.Context(), l, []registry.LeakHit{{Source: "gitleaks", Event: "1", At: now}})
	if err != nil {
		return err
	}
	if _, err := s.SaveLeak(t.Context(), l); err != nil {
		return err
	}
	if err := s.AddLeakUses(t.Context(), l.ID, []registry.LeakUse{{ID: "u1", At: now}}); err != nil {
		return err
	}
	for _, err := range s.LeakUses(t.Context(), l.ID) {
		if err != nil {
			return err
		}
	}
	for _, err := range s.LeakHits(t.Context(), l.ID) {
		return err
	}
	return nil
}
