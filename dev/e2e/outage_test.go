package e2e

import (
	"testing"
	"time"

	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/workflows"
)

// TestServersComeAndGo takes the servers away in the middle of rotations. They
// have a stack of their own, because everybody on it feels it.
func TestServersComeAndGo(t *testing.T) {
	s := newStack(t)
	var all []*scenario
	for _, v := range simulate.Providers() {
		all = append(all, newScenario(t, s, v, slowly).issued())
	}
	rotateThrough := func(t *testing.T, outage func()) {
		for _, sc := range all {
			if _, err := sc.begin(workflows.RotateKey); err != nil {
				t.Fatal(err)
			}
		}
		outage()
		for _, sc := range all {
			if res := sc.await(sc.client.GetWorkflow(t.Context(), workflows.KeyWorkflowID(sc.id), "")); res.Outcome != workflows.Rotated {
				t.Errorf("%s: %+v", sc.id, res)
			}
			sc.promised(t)
		}
	}
	t.Run("Vault is down for a minute", func(t *testing.T) {
		rotateThrough(t, func() {
			s.vault.Stop()
			time.Sleep(time.Minute) // the outage itself
			s.vault.Start()
		})
	})
	t.Run("Vault is sealed", func(t *testing.T) {
		rotateThrough(t, func() {
			s.vault.Seal()
			time.Sleep(5 * time.Second) // the outage itself
			s.vault.Unseal()
		})
	})
	t.Run("PostgreSQL restarts", func(t *testing.T) {
		rotateThrough(t, func() {
			for range 3 {
				s.postgres.Restart()
				time.Sleep(time.Second) // so that the restarts meet different steps
			}
		})
	})
}

// slowly makes a rotation last long enough to meet an outage.
func slowly(sc *scenario) { sc.policy.Overlap *= 4 }
