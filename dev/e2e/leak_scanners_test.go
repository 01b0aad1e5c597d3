package e2e

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // what detect-secrets keeps
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
)

// gitleaksConfig has gitleaks know the values of these tests, which begin as no vendor's
// do.
const gitleaksConfig = `[extend]
useDefault = true

[[rules]]
id = "e2e-key"
description = "a key of the end-to-end tests"
regex = '''` + canary + `[A-Za-z0-9_-]+'''
`

// TestScanners plants values where scanners find them: in a commit whose file was
// removed since, and in files. gitleaks runs for real; for TruffleHog and detect-secrets
// stand reports in their documented forms. What they report ends with the right keys
// replaced and dead.
func TestScanners(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	l := newLeaky(r, nil)
	r.start(1)
	ids := r.inService(a, 7)
	l.fill()
	planted := &plantedRepo{t: t, dir: t.TempDir()}
	planted.git("init", "-q")
	planted.file(".env", "DD_API_KEY="+l.value(a, ids[0])+"\n")
	planted.git("add", "-A")
	planted.git("commit", "-qm", "settings")
	planted.file(".env", "\n")
	planted.git("commit", "-qam", "remove the key")
	planted.file("deploy.sh", "export KEY="+l.value(a, ids[1])+"\n")

	gitleaks := build(t, r.dir, "github.com/zricethezav/gitleaks/v8")
	keyturn := build(t, r.dir, "github.com/keyturn/keyturn/starter")
	config := r.file("gitleaks.toml", gitleaksConfig)
	own := r.file("keyturn.yaml", fmt.Sprintf("temporal: {address: %q, namespace: %s}\nregistry: {postgres: {url_file: %q}}\nfingerprint_key_file: %q\n",
		r.server.address, namespace, filepath.Join(r.dir, "registry-url"), filepath.Join(r.dir, "fingerprint-key")))
	scan := func(name string, args ...string) string {
		out := filepath.Join(r.dir, name)
		planted.run(gitleaks, append(args, "--config", config, "--report-path", out, "--exit-code", "0", "--no-banner")...)
		return out
	}
	digest := sha1.Sum([]byte(l.value(a, ids[3]))) //nolint:gosec // see above
	for _, report := range []string{
		scan("history.json", "git", "."),
		scan("tree.sarif", "dir", ".", "--report-format", "sarif"),
		r.file("trufflehog.jsonl", `{"level":"info-0","ts":"2026-11-25T08:00:00Z","logger":"trufflehog","msg":"running source"}
{"SourceMetadata":{"Data":{"Git":{"commit":"0123456789abcdef0123456789abcdef01234567","file":"app.py","email":"a <a@example.com>","repository":"https://github.com/acme/app","timestamp":"2026-11-20 10:00:00 +0000","line":7}}},"SourceID":1,"SourceType":16,"SourceName":"trufflehog - git","DetectorType":17,"DetectorName":"DatadogToken","DecoderName":"PLAIN","Verified":false,"Raw":"`+l.value(a, ids[2])+`","RawV2":"","Redacted":"","ExtraData":null,"StructuredData":null}
`),
		r.file("baseline.json", `{"version":"1.5.0","plugins_used":[],"filters_used":[],"results":{"conf.yml":[{"type":"Secret Keyword","filename":"conf.yml","hashed_secret":"`+hex.EncodeToString(digest[:])+`","is_verified":false,"line_number":3}]},"generated_at":"2026-11-25T08:00:00Z"}`),
	} {
		out := planted.run(keyturn, "leaks", "report", report, "--config", own, "--only-ours")
		if findMark(string(out), marks(canary)) != "" {
			t.Errorf("the command says a value: %s", out)
		}
	}
	leaked := ids[:4]
	l.until("all are answered", 3*time.Minute, func() bool { return l.count(registry.LeakDead) == len(leaked) })
	l.replacedOnce(a, leaked, ids[4:])
	for i, source := range []string{"gitleaks", "gitleaks", "trufflehog", "detect-secrets"} {
		if leak := l.found()[ids[i]]; leak.Source != source {
			t.Errorf("%s was found by %s, want %s", ids[i], leak.Source, source)
		}
	}
	l.hidden()
}

// plantedRepo is a repository with values in it.
type plantedRepo struct {
	t   testing.TB
	dir string
}

func (p *plantedRepo) file(name, text string) {
	p.t.Helper()
	if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *plantedRepo) git(args ...string) {
	p.t.Helper()
	p.run("git", append([]string{"-c", "user.name=e2e", "-c", "user.email=e2e@example.com"}, args...)...)
}

// run runs a program in the repository.
func (p *plantedRepo) run(name string, args ...string) []byte {
	p.t.Helper()
	cmd := exec.CommandContext(p.t.Context(), name, args...)
	cmd.Dir = p.dir
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		p.t.Fatalf("%s %v: %v\n%s", filepath.Base(name), args, err, out.String())
	}
	return out.Bytes()
}
