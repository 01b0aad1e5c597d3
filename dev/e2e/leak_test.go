package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks"
	"github.com/keyturn/keyturn/providers/fake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
)

// TestLeaks has 120 keys leak at once, told by GitHub's webhook and by a report, while
// workers and the Temporal server are killed. Each key is replaced exactly once and
// seen dead, its alert is closed, and nothing says what the values were.
func TestLeaks(t *testing.T) {
	const leaked, others = 120, 10
	a := account("datadog", 0, 1000)
	r := newRig(t, onSQLite, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, nil)
	r.start(2)
	ids := r.inService(a, leaked+others)
	if got := l.fill(); got.Filled != leaked+others || got.Unread != 0 {
		t.Fatalf("fingerprints: %+v", got)
	}
	began := time.Now()
	alerts := map[keyturn.KeyID]int{}
	var reported []leaks.Finding
	for i, id := range ids[:leaked] {
		if i%2 == 0 {
			alerts[id] = l.alert(l.value(a, id))
		} else {
			reported = append(reported, leaks.Finding{Source: "gitleaks", Event: fmt.Sprint("e-", i), Value: keyturn.NewSecret(l.value(a, id)), File: ".env"})
		}
	}
	l.report(reported...)
	for _, cut := range []struct {
		done  int
		crash func()
	}{{leaked / 10, r.crash}, {leaked / 3, r.server.crash}, {leaked * 2 / 3, r.crash}} {
		l.until("more leaks are answered", 3*time.Minute, func() bool { return l.count(registry.LeakDead) >= cut.done })
		t.Logf("killed with %d of %d leaks answered, after %s", l.count(registry.LeakDead), leaked, time.Since(began).Round(time.Second))
		cut.crash()
	}
	l.until("all leaks are answered", 5*time.Minute, func() bool { return l.count(registry.LeakDead) == leaked })
	t.Logf("all are dead after %s", time.Since(began).Round(100*time.Millisecond))
	l.until("their alerts are closed", 3*time.Minute, func() bool {
		for _, n := range alerts {
			if why, _ := l.forge.Closed(leakyRepo, n); why != "revoked" {
				return false
			}
		}
		return true
	})
	l.replacedOnce(a, ids[:leaked], ids[leaked:])
	l.hidden()
}

// hidden asks that nothing that lasts shows a value.
func (l *leaky) hidden() {
	l.t.Helper()
	for _, w := range l.workers {
		l.collect(w.log.String())
	}
	if t, ok := l.t.(*testing.T); ok {
		l.secretsStayInside(t, 2, 1)
	}
}

// TestOneLeakOfTenThousand: the same value is found ten thousand times, in a report and
// by a hundred deliveries of one alert. It is answered once.
func TestOneLeakOfTenThousand(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, nil)
	r.start(1)
	id := r.inService(a, 1)[0]
	l.fill()
	value := l.value(a, id)
	var found []leaks.Finding
	for i := range 10_000 {
		found = append(found, leaks.Finding{Source: "trufflehog", Event: fmt.Sprint("e-", i), Value: keyturn.NewSecret(value), File: fmt.Sprint(i)})
	}
	n := l.alert(value)
	for range 100 {
		l.deliver(n)
	}
	out := l.report(found...)
	leak := l.within(time.Minute, out[0].Leak.ID)
	if leak.State != registry.LeakDead || leak.Hits != 10_001 || l.runs("RespondToLeak") != 1 {
		t.Errorf("%d hits, %d responses: %+v", leak.Hits, l.runs("RespondToLeak"), leak)
	}
	l.replacedOnce(a, []keyturn.KeyID{id}, nil)
}

// TestFoundByItsHash: nobody told of the leak, and HasMySecretLeaked knows the value.
func TestFoundByItsHash(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, nil)
	r.start(1)
	ids := r.inService(a, 4)
	l.fill()
	l.hmsl.Leak(l.prints.Of(keyturn.NewSecret(l.value(a, ids[2]))).HMSL, 2, "https://example.com/paste")
	if got := l.look("look-1"); got.Hashes.Asked != 4 || got.Hashes.Known != 1 || got.Hashes.Next != "" {
		t.Errorf("%+v", got)
	}
	leak := l.within(time.Minute, l.found()[ids[2]].ID)
	if leak.State != registry.LeakDead || !leak.Public {
		t.Errorf("%+v", leak)
	}
	l.replacedOnce(a, ids[2:3], append(ids[:2:2], ids[3]))
}

// TestKeyNobodyEntered: the value is that of a key at the vendor that no entry knows. It
// is told apart from a stranger's, and lives until a person says that it is to end.
func TestKeyNobodyEntered(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, nil)
	r.start(1)
	made, err := a.Ledger.Mint("somebody", fake.Draft{Label: "by hand"})
	if err != nil {
		t.Fatal(err)
	}
	n := l.alert(made.Secret)
	var leak registry.Leak
	l.until("the vendor is asked", 30*time.Second, func() bool {
		leak = l.found()[""]
		return leak.RemoteID == made.ID
	})
	kept := fmt.Sprintf("keyturn-staged/keyturn/leaks/%[1]s/%[1]s", leak.ID)
	if _, err := l.vaultAPI.KVv2("secret").Get(t.Context(), kept); err != nil {
		t.Errorf("the value is kept until it is known whose it is: %v", err)
	}
	if leak.Alive != string(leaks.Active) || leak.Issuer != a.issuer() || leak.Kept == "" || !a.Ledger.Accepts(made.ID) {
		t.Errorf("%+v", leak)
	}
	l.say(leak.ID, func(l *registry.Leak) { l.Word, l.Worder = registry.LeakKill, "e2e" })
	leak = l.within(time.Minute, leak.ID)
	if why, comment := l.forge.Closed(leakyRepo, n); leak.State != registry.LeakDead || a.Ledger.Accepts(made.ID) || why != "revoked" || !strings.Contains(comment, leak.ID) {
		t.Errorf("%+v; the alert is closed as %q: %q", leak, why, comment)
	}
	if _, err := l.vaultAPI.KVv2("secret").Get(t.Context(), kept); err == nil {
		t.Error("the value is still kept")
	}
	l.hidden()
}
