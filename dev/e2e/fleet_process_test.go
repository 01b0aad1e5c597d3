package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/keyturn/keyturn/dev/embedded"
	"github.com/keyturn/keyturn/workflows"
)

// temporalChild tells a copy of the test binary to be a Temporal server with
// these options, in JSON, instead of running the tests.
const temporalChild = "KEYTURN_E2E_TEMPORAL"

func TestMain(m *testing.M) {
	if options := os.Getenv(temporalChild); options != "" {
		if err := serveTemporal(options); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// serveTemporal prints where the server listens and serves until its standard
// input ends.
func serveTemporal(options string) error {
	var o embedded.Options
	if err := json.Unmarshal([]byte(options), &o); err != nil {
		return err
	}
	o.NoUI, o.SearchAttributes = true, embedded.Attributes(workflows.SearchAttributeKeys())
	s, err := embedded.Start(context.Background(), o)
	if err != nil {
		return err
	}
	fmt.Println(s.Address())
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Stop()
}

// A temporalProcess is a Temporal server in a process of its own, so that it can
// be killed and its memory be seen. Its address stays the same.
type temporalProcess struct {
	t       testing.TB
	options embedded.Options

	mu      sync.Mutex
	cmd     *exec.Cmd
	address string
}

// startTemporal starts a server that ends with the test.
func startTemporal(t testing.TB, o embedded.Options) *temporalProcess {
	t.Helper()
	p := &temporalProcess{t: t, options: o}
	if err := p.start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

func (p *temporalProcess) start() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	options, err := json.Marshal(p.options)
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), temporalChild+"="+string(options))
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = childDies()
	if _, err := cmd.StdinPipe(); err != nil { // it stays open as long as this process lives
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	p.cmd = cmd
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("Temporal did not start: %w", err)
	}
	p.address = strings.TrimSpace(address)
	_, port, err := net.SplitHostPort(p.address)
	if err != nil {
		return err
	}
	p.options.Port, err = strconv.Atoi(port)
	return err
}

// kill ends the server as the kernel would, and waits until it is gone.
func (p *temporalProcess) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// crash kills the server and starts it again on the same data.
func (p *temporalProcess) crash() {
	p.kill()
	if err := p.start(); err != nil {
		p.t.Errorf("starting Temporal again: %v", err)
	}
}

func (p *temporalProcess) pid() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cmd.Process.Pid
}

// peakMB is the most memory a process has had so far, in MB, as the kernel
// counts it; 0 where that is not known.
func peakMB(pid int) float64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kB, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kB / 1024
		}
	}
	return 0
}
