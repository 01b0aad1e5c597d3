package e2e

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	enumspb "go.temporal.io/api/enums/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/keyturn/keyturn/dial"
	"github.com/keyturn/keyturn/workflows"
)

// encrypted runs a rotation with payload encryption, and looks for what the
// other scenarios have in clear: names, owners, paths, sentences.
func encrypted(t *testing.T, s *stack, v string) {
	file := filepath.Join(t.TempDir(), "payload.key")
	key := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	if err := os.WriteFile(file, []byte(key), 0o600); err != nil {
		t.Fatal(err)
	}
	sc := newScenario(t, s, v, func(sc *scenario) {
		sc.crypt = fmt.Sprintf(", encryption: {active: a, keys: [{id: a, file: %q}]}", file)
	})
	cl, err := dial.Temporal(t.Context(), dial.Config{
		Address: s.temporal.Address(), Namespace: namespace,
		Encryption: &dial.Encryption{Active: "a", Keys: []dial.Key{{ID: "a", File: file}}},
	}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	plain := sc.stack
	sc.stack = &stack{temporal: s.temporal, client: cl, postgres: s.postgres, registry: s.registry, vault: s.vault, vaultAPI: s.vaultAPI, worker: s.worker, dir: s.dir}
	sc.issued()
	sc.vendor.RefuseVerification(1000)
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.RolledBack {
		t.Errorf("%+v", res)
	}
	sc.vendor.Mend()
	if res := sc.do(workflows.RotateKey); res.Outcome != workflows.Rotated {
		t.Errorf("%+v", res)
	}
	sc.promised(t)
	it := plain.client.GetWorkflowHistory(t.Context(), workflows.KeyWorkflowID(sc.id), "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	events := 0
	for it.HasNext() {
		e, err := it.Next()
		if err != nil {
			t.Fatal(err)
		}
		events++
		text := protojson.Format(e)
		for _, clear := range []string{"requested", "remote_id", "overlap", sc.path, "switch off"} {
			if strings.Contains(text, clear) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(clear))) {
				t.Errorf("%q is readable in %s", clear, text)
			}
		}
	}
	if events < 10 {
		t.Errorf("only %d events were looked at", events)
	}
	sc.stack = plain
}
