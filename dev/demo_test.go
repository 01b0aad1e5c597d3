package main

import (
	"bytes"
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestDemo plays the demo's story with the programs a user would have.
func TestDemo(t *testing.T) {
	t.Parallel()
	bin := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out, errOut bytes.Buffer
	status := run(ctx, []string{"-once", "-port", "0", "-ui-port", "0", "-bin", bin, "-dir", filepath.Join(t.TempDir(), "demo")}, &out, &errOut)
	if status != 0 {
		t.Fatalf("status %d: %s\n%s", status, errOut.String(), out.String())
	}
	for _, want := range []string{
		"Open the Temporal UI: http://127.0.0.1:",
		"✓ issue payments-aws-001: issued",
		"✓ rotate payments-aws-001: rotated",
		"✗ rotate payments-aws-001 was rolled back",
		"its value is refused",
		"✓ issue partner-portal-001: issued",
		"If you stored it yourself:",
		"Stopping.",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the demo does not say %q:\n%s", want, out.String())
		}
	}
}

// build compiles the programs a user has.
func build(t *testing.T) (bin string) {
	t.Helper()
	bin = t.TempDir()
	for name, pkg := range map[string]string{"keyturn": "starter", "keyturn-worker": "worker"} {
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, name), "github.com/keyturn/keyturn/"+pkg)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", name, err, out)
		}
	}
	return bin
}

// TestOneCommandCompletesTheRotation: what the demo leaves to the newcomer is
// done with the command it names.
func TestOneCommandCompletesTheRotation(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	var out bytes.Buffer
	p, err := start(ctx, options{bin: build(t), dir: filepath.Join(t.TempDir(), "demo")}, &out)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.stop() }()
	if err := p.keyturn(ctx, 0, "registry", "apply", p.file("keys")); err != nil {
		t.Fatal(err)
	}
	if err := p.byHand(ctx); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	line := strings.ReplaceAll(p.supplyCommand(), "bin/keyturn", filepath.Join(p.bin, "keyturn")+" --config "+p.file("keyturn.yaml"))
	if said, err := exec.CommandContext(ctx, "sh", "-c", line).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, said)
	}
	if err := p.keyturn(ctx, 0, "watch", handKey); err != nil || !strings.Contains(out.String(), "✓ rotate partner-portal-001: rotated") {
		t.Errorf("%v\n%s", err, out.String())
	}
	if n := len(p.portal.Ledger.Live("")); n != 1 {
		t.Errorf("%d keys live at the portal", n)
	}
}

func TestDemoLeavesStrangersFoldersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := exec.CommandContext(t.Context(), "touch", filepath.Join(dir, "precious")).Run(); err != nil {
		t.Fatal(err)
	}
	var out, errOut bytes.Buffer
	if status := run(t.Context(), []string{"-dir", dir}, &out, &errOut); status != 1 || !strings.Contains(errOut.String(), "-dir") {
		t.Errorf("status %d: %s", status, errOut.String())
	}
	for args, want := range map[string]int{"-help": 0, "-nonsense": 2, "extra": 2} {
		if status := run(t.Context(), []string{args}, &out, &errOut); status != want {
			t.Errorf("%s: status %d, want %d", args, status, want)
		}
	}
}
