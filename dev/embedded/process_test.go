package embedded_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn/dev/embedded"
)

// A report is what a process of its own says about the servers it ran.
type report struct {
	Start  time.Duration // until the first server could be used
	Memory int64         // resident bytes then
	Stop   time.Duration
	Left   string // the goroutines that outlived the servers and should not have
	Idle   int    // the number of those that may
}

// childDir tells a copy of the test binary to run servers on this directory
// instead of the tests, and childReport where to write what came of it.
const (
	childDir    = "KEYTURN_EMBEDDED_CHILD_DIR"
	childReport = "KEYTURN_EMBEDDED_CHILD_REPORT"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := child(dir, os.Getenv(childReport)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child runs one server with everything, then several without the UI.
func child(dir, file string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var r report
	began := time.Now()
	s, err := embedded.Start(ctx, embedded.Options{Dir: filepath.Join(dir, "first"), SearchAttributes: attributes()})
	if err != nil {
		return err
	}
	r.Start, r.Memory = time.Since(began), resident()
	began = time.Now()
	if err := s.Stop(); err != nil {
		return err
	}
	r.Stop = time.Since(began)
	for i := range 3 {
		s, err := embedded.Start(ctx, embedded.Options{Dir: filepath.Join(dir, fmt.Sprint(i)), NoUI: true})
		if err != nil {
			return err
		}
		if err := s.Stop(); err != nil {
			return err
		}
	}
	r.Left, r.Idle = outlived()
	out, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(file, out, 0o600)
}

// mayOutlive are the goroutines Temporal leaves waiting for ever: those of the
// connections between its services, which it does not close, and of an SQLite
// database, likewise. They cost memory and nothing else.
func mayOutlive() []string {
	return []string{
		"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run",
		"google.golang.org/grpc.(*addrConn).resetTransportAndUnlock",
		"database/sql.(*DB).connectionOpener",
	}
}

// outlived lists the goroutines that are still there, giving those that are
// on their way out a moment, and counts those that may be.
func outlived() (left string, idle int) {
	deadline := time.Now().Add(10 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		buf := make([]byte, 4<<20)
		all := strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n")
		var others []string
		for _, g := range all[1:] { // the first is this one
			if !slices.ContainsFunc(mayOutlive(), func(name string) bool { return strings.Contains(g, name) }) {
				others = append(others, g)
			}
		}
		if len(others) == 0 || time.Now().After(deadline) {
			return strings.Join(others, "\n\n"), len(all) - 1 - len(others)
		}
		<-tick.C
	}
}

// resident is the memory this process occupies, 0 where that is not known.
func resident() int64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func TestAServerIsSilentAndLeavesNothingRunning(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "report.json")
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir, childReport+"="+file)
	var terminal bytes.Buffer
	cmd.Stdout, cmd.Stderr = &terminal, &terminal
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, &terminal)
	}
	if terminal.Len() > 0 {
		t.Errorf("the server wrote to the terminal:\n%s", &terminal)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	t.Logf("usable after %v with %d MB, stopped in %v; four servers left %d idle goroutines",
		r.Start.Round(time.Millisecond), r.Memory>>20, r.Stop.Round(time.Millisecond), r.Idle)
	if r.Left != "" {
		t.Errorf("goroutines outlived the servers:\n%s", r.Left)
	}
	if most := 4 * 50; r.Idle > most {
		t.Errorf("four servers left %d idle goroutines, want at most %d", r.Idle, most)
	}
}
