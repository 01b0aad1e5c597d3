package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the scripts run this program as the command keyturn, at a
// moment that stays the same.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"keyturn": func() {
			env := readEnvironment()
			env.Actor = "tester@desk"
			a := newApp(os.Stdin, os.Stdout, os.Stderr, env)
			a.term = readTerminal()
			a.now = func() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC) }
			os.Exit(run(context.Background(), a, os.Args[1:]))
		},
	})
}

func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{Dir: "testdata/script", UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true})
}
