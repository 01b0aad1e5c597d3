package servertest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A VaultServer is a Vault for one test: a child process built from
// dev/vaultcore, or the server named by KEYTURN_TEST_VAULT_ADDR and
// KEYTURN_TEST_VAULT_TOKEN (a Vault or an OpenBao with a KV version 2 engine
// at secret/), which is how the same tests run against another make.
type VaultServer struct {
	t       testing.TB
	binary  string // empty: somebody else's server
	data    string
	child   *exec.Cmd
	stdin   io.Closer
	exited  chan struct{}
	stderr  *bytes.Buffer
	address string
	token   string
	unseal  string
}

// StartVault starts an empty Vault that ends with the test, and with the test
// process however that ends. The first call on a machine builds it, which
// takes minutes. Where it cannot be built the test is skipped, unless CI=true
// or KEYTURN_REQUIRE_SERVERS=1 says that it must run.
func StartVault(t testing.TB) *VaultServer { return startVault(t, t.TempDir()) }

// StartVaultInMemory is StartVault for measurements: it keeps nothing on disk,
// so Stop loses everything.
func StartVaultInMemory(t testing.TB) *VaultServer { return startVault(t, "") }

func startVault(t testing.TB, data string) *VaultServer {
	t.Helper()
	if addr := os.Getenv("KEYTURN_TEST_VAULT_ADDR"); addr != "" {
		return &VaultServer{t: t, address: strings.TrimSuffix(addr, "/"), token: os.Getenv("KEYTURN_TEST_VAULT_TOKEN")}
	}
	binary, err := buildVault(t)
	if err != nil {
		vaultMissing(t, err)
	}
	v := &VaultServer{t: t, binary: binary, data: data}
	v.Start()
	t.Cleanup(v.Stop)
	return v
}

func vaultMissing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") == "true" || os.Getenv("KEYTURN_REQUIRE_SERVERS") == "1" {
		t.Fatalf("the test Vault cannot be built, and CI or KEYTURN_REQUIRE_SERVERS says it must: %v", err)
	}
	t.Skipf("SKIPPED, NOT PASSED: the test Vault cannot be built: %v", err)
}

// Address returns the URL to reach the server at. It outlives a restart.
func (v *VaultServer) Address() string { return v.address }

// Token returns the root token.
func (v *VaultServer) Token() string { return v.token }

// Start starts the server again after Stop, with the same port and data.
func (v *VaultServer) Start() {
	v.t.Helper()
	v.own("start")
	listen := "127.0.0.1:0"
	if v.address != "" {
		listen = strings.TrimPrefix(v.address, "http://")
	}
	v.stderr = &bytes.Buffer{}
	v.child = exec.Command(v.binary, "-listen", listen, "-data", v.data, "-with-stdin", "-log", "error")
	v.child.Stderr = v.stderr
	stdin, err := v.child.StdinPipe()
	if err != nil {
		v.t.Fatalf("start Vault: %v", err)
	}
	stdout, err := v.child.StdoutPipe()
	if err != nil {
		v.t.Fatalf("start Vault: %v", err)
	}
	if err := v.child.Start(); err != nil {
		v.t.Fatalf("start Vault: %v", err)
	}
	v.stdin, v.exited = stdin, make(chan struct{})
	line := make(chan string, 1)
	go func(child *exec.Cmd, exited chan struct{}) {
		first, _ := bufio.NewReader(stdout).ReadString('\n')
		line <- first
		_ = child.Wait()
		close(exited)
	}(v.child, v.exited)
	v.announced(line)
}

// announced waits for the line that says the server answers.
func (v *VaultServer) announced(line <-chan string) {
	v.t.Helper()
	var said struct {
		Address   string
		Token     string
		UnsealKey string `json:"unseal_key"`
	}
	select {
	case first := <-line:
		if err := json.Unmarshal([]byte(first), &said); err != nil {
			<-v.exited
			v.t.Fatalf("start Vault: it said nothing and ended: %s", v.stderr)
		}
	case <-time.After(time.Minute):
		_ = v.child.Process.Kill()
		v.t.Fatal("start Vault: no answer within a minute")
	}
	v.address, v.token, v.unseal = said.Address, said.Token, said.UnsealKey
}

// Stop stops the server. Stopping it twice is fine.
func (v *VaultServer) Stop() {
	v.t.Helper()
	v.own("stop")
	if v.child == nil {
		return
	}
	_ = v.stdin.Close()
	_ = v.child.Process.Signal(syscall.SIGTERM)
	select {
	case <-v.exited:
	case <-time.After(20 * time.Second):
		_ = v.child.Process.Kill()
		<-v.exited
	}
	v.child = nil
}

// Seal seals the server: it answers 503 to everything until Unseal.
func (v *VaultServer) Seal() {
	v.t.Helper()
	v.own("seal")
	v.put("sys/seal", "")
}

// Unseal opens a sealed server.
func (v *VaultServer) Unseal() {
	v.t.Helper()
	v.own("unseal")
	v.put("sys/unseal", fmt.Sprintf(`{"key":%q}`, v.unseal))
}

func (v *VaultServer) put(path, body string) {
	v.t.Helper()
	req, err := http.NewRequest(http.MethodPut, v.address+"/v1/"+path, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	req.Header.Set("X-Vault-Token", v.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Fatalf("%s: %v", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		v.t.Fatalf("%s: status %d", path, resp.StatusCode)
	}
}

// own skips a test that would stop or seal a server the test did not start.
func (v *VaultServer) own(verb string) {
	v.t.Helper()
	if v.binary == "" {
		v.t.Skipf("SKIPPED, NOT PASSED: cannot %s the server named by KEYTURN_TEST_VAULT_ADDR", verb)
	}
}

// vaultSource finds dev/vaultcore above the folder the test runs in.
func vaultSource() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		source := filepath.Join(dir, "dev", "vaultcore")
		if _, err := os.Stat(filepath.Join(source, "go.mod")); err == nil {
			return source, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("no dev/vaultcore above the working folder")
		}
		dir = parent
	}
}
