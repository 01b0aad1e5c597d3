package e2e

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"

	"github.com/keyturn/keyturn/dev/simulate"
	"github.com/keyturn/keyturn/workflows"
)

// TestNothingIsLost kills the worker before and after every side effect of
// issuing and rotating, at every vendor, starts it again, and asks for exactly
// one live key, its value where consumers read it, no orphan and no loss.
func TestNothingIsLost(t *testing.T) {
	s := newStack(t)
	table := &tally{}
	t.Run("killed", func(t *testing.T) {
		for _, v := range simulate.Providers() {
			for _, op := range []string{"issue", "rotate"} {
				t.Run(v+"/"+op, func(t *testing.T) {
					t.Parallel()
					killEverywhere(t, s, v, op, table)
				})
			}
		}
	})
	t.Run("killed in a leak", func(t *testing.T) { leakKills(t, s, table) })
	t.Run("killed by hand", func(t *testing.T) { handKills(t, s, table) })
	table.print()
	t.Run("by hand", func(t *testing.T) { handTroubles(t, s) })
	t.Run("troubled", func(t *testing.T) { troubles(t, s) })
	t.Run("secrets stay inside", func(t *testing.T) { s.secretsStayInside(t, 20, 20) })
}

// killEverywhere counts the side effects of one quiet run and then makes one
// run for each of them and each side of it.
func killEverywhere(t *testing.T, s *stack, v string, op string, table *tally, set ...setting) {
	effects := sideEffects(t, s, v, op, set...)
	if len(effects) < 5 {
		t.Fatalf("only %d side effects seen: %v; the tripwire is blind", len(effects), effects)
	}
	for n, name := range effects {
		for _, after := range []bool{false, true} {
			when := map[bool]string{false: "before", true: "after"}[after]
			t.Run(fmt.Sprintf("%02d %s %s", n+1, when, name), func(t *testing.T) {
				t.Parallel()
				survived := killOnce(t, s, v, op, n+1, after, set...)
				table.add(v+" "+op, survived && !t.Failed())
			})
		}
	}
}

func sideEffects(t *testing.T, s *stack, v string, op string, set ...setting) []string {
	t.Helper()
	sc := newScenario(t, s, v, set...)
	sc.before(op)
	sc.wire.arm(0, false)
	sc.run(op)
	sc.promised(t)
	return sc.wire.effects()
}

// before readies the key for an operation.
func (sc *scenario) before(op string) (want workflows.Outcome) {
	sc.t.Helper()
	if op == "issue" {
		return workflows.Issued
	}
	sc.issued()
	return workflows.Rotated
}

func (sc *scenario) run(op string) workflows.Result {
	sc.t.Helper()
	switch op {
	case "issue":
		return sc.do(workflows.IssueKey)
	case "leak":
		return sc.leaked()
	}
	return sc.do(workflows.RotateKey)
}

func killOnce(t *testing.T, s *stack, v string, op string, n int, after bool, set ...setting) bool {
	sc := newScenario(t, s, v, set...)
	want := sc.before(op)
	sc.wire.arm(n, after)
	res := sc.run(op)
	if sc.wire.wasFired() == "" {
		t.Errorf("the worker was never killed")
	}
	if res.Outcome != want {
		t.Errorf("outcome %+v, want %s", res, want)
	}
	sc.promised(t)
	return res.Outcome == want
}

// A tally counts kills and survivors.
type tally struct {
	mu   sync.Mutex
	rows map[string][2]int
}

func (c *tally) add(row string, survived bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.rows == nil {
		c.rows = map[string][2]int{}
	}
	r := c.rows[row]
	r[0]++
	if survived {
		r[1]++
	}
	c.rows[row] = r
}

func (c *tally) print() {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	fmt.Fprintln(w, "\noperation\tkills\tsurvived")
	var names []string
	for name := range c.rows {
		names = append(names, name)
	}
	slices.SortFunc(names, cmp.Compare[string])
	var all [2]int
	for _, name := range names {
		r := c.rows[name]
		fmt.Fprintf(w, "%s\t%d\t%d\n", name, r[0], r[1])
		all[0], all[1] = all[0]+r[0], all[1]+r[1]
	}
	fmt.Fprintf(w, "all\t%d\t%d\n\n", all[0], all[1])
	_ = w.Flush()
}
