package e2e

import (
	"fmt"
	"testing"

	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/workflows"
)

// A handRun is one operation by hand.
type handRun struct {
	tracker, op string
	writes      bool // values are written to the path, rather than supplied
}

func (r handRun) String() string {
	how := "supplied"
	if r.writes {
		how = "written"
	}
	return fmt.Sprintf("manual/%s %s %s", r.tracker, r.op, how)
}

// handKills kills the worker before and after every side effect of operations
// that people take part in, tickets included.
func handKills(t *testing.T, s *stack, table *tally) {
	runs := []handRun{{"github", "issue", false}, {"github", "rotate", true}}
	for _, tracker := range simulate.Desks() {
		runs = append(runs, handRun{tracker, "rotate", false})
	}
	for _, r := range runs {
		t.Run(r.String(), func(t *testing.T) {
			t.Parallel()
			quiet := r.scenario(t, s)
			quiet.wire.arm(0, false)
			quiet.run(r.op)
			quiet.hand.promised(t, quiet, r.operations())
			effects := quiet.wire.effects()
			if len(effects) < 10 {
				t.Fatalf("only %d side effects seen: %v; the tripwire is blind", len(effects), effects)
			}
			for n, name := range effects {
				for _, after := range []bool{false, true} {
					when := map[bool]string{false: "before", true: "after"}[after]
					t.Run(fmt.Sprintf("%02d %s %s", n+1, when, name), func(t *testing.T) {
						t.Parallel()
						table.add(r.String(), r.killOnce(t, s, n+1, after) && !t.Failed())
					})
				}
			}
		})
	}
}

// operations is how many operations the key has gone through in the end.
func (r handRun) operations() int {
	if r.op == "rotate" {
		return 2
	}
	return 1
}

// scenario is ready for the operation.
func (r handRun) scenario(t *testing.T, s *stack) *scenario {
	t.Helper()
	sc := newHandScenario(t, s, r.tracker)
	if r.op == "rotate" {
		sc.issued()
	}
	sc.hand.writes = r.writes
	return sc
}

func (r handRun) killOnce(t *testing.T, s *stack, n int, after bool) bool {
	sc := r.scenario(t, s)
	sc.wire.arm(n, after)
	res := sc.run(r.op)
	want := map[string]workflows.Outcome{"issue": workflows.Issued, "rotate": workflows.Rotated}[r.op]
	if sc.wire.wasFired() == "" {
		t.Errorf("the worker was never killed")
	}
	if res.Outcome != want {
		t.Errorf("outcome %+v, want %s", res, want)
	}
	sc.hand.promised(t, sc, r.operations())
	return res.Outcome == want
}
