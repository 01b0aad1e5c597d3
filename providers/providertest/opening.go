package providertest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/providers"
)

// info asks whether the provider introduces itself, and can do what it should.
func info(t testing.TB, h Harness) {
	r := h.start(t, false)
	got := r.Info()
	if got != r.Info() {
		t.Errorf("Info says something else the second time")
	}
	if got.Name != h.Factory.Name || got.Name == "" {
		t.Errorf("Info().Name = %q, want the factory's name %q", got.Name, h.Factory.Name)
	}
	if got.Title == "" || !strings.HasPrefix(got.Docs, "https://") {
		t.Errorf("Info() = %+v, want a title and the address of the vendor's reference", got)
	}
	if got.MaxLive < 0 || got.Settle < 0 || got.Settle > time.Hour || got.UsageLag < 0 {
		t.Errorf("Info() = %+v, want numbers of a believable size", got)
	}
	if h.Refuse == nil && h.NoRetryAfter {
		t.Error("Harness.NoRetryAfter needs a Refuse that shows how this vendor words throttling")
	}
	has := providers.Capabilities(r.Provider)
	if slices.Contains(has, providers.CanLastUsed) && got.UsageLag == 0 {
		t.Error("Info().UsageLag must say how far LastUsed may lag")
	}
	all := []string{
		providers.CanMint, providers.CanList, providers.CanVerify, providers.CanSuspend, providers.CanRevoke,
		providers.CanLastUsed, providers.CanIdentify, providers.CanRevokeValue, providers.CanCheckPermissions,
		providers.CanReadUses, providers.CanLocate,
	}
	for _, c := range all {
		if got, want := slices.Contains(has, c), !slices.Contains(h.Lacks, c); got != want {
			t.Errorf("capability %q: implemented %t, want %t; Harness.Lacks says what this API cannot do", c, got, want)
		}
	}
	for _, c := range h.Lacks {
		if !slices.Contains(all, c) {
			t.Errorf("Harness.Lacks names %q, which is no capability", c)
		}
	}
}

// settings asks whether a mistake in the settings is found when the worker
// starts, and not in the middle of a rotation.
func settings(t testing.TB, h Harness) {
	r := h.start(t, false)
	var fields map[string]any
	if err := json.Unmarshal([]byte(h.Config), &fields); err != nil {
		t.Fatalf("Harness.Config is no JSON object: %v", err)
	}
	fields["no_such_setting"] = true
	broken, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Factory.New(h.env(r, &logs{}, "http://127.0.0.1:1", string(broken))); err == nil {
		t.Error("a setting nobody knows was accepted; decode with Env.Decode and return its error")
	}
}

// credentialFails asks whether trouble with reading the administrator
// credential keeps its own kind, so that the workflow waits or stops rightly.
func credentialFails(t testing.TB, h Harness) {
	for _, kind := range []keyturn.Kind{keyturn.NotFound, keyturn.Unavailable, keyturn.Denied} {
		r := h.start(t, false)
		r.vault.breakWith(keyturn.Errorf(kind, "vault: read", "the test says so"))
		asked, calls := 0, r.calls(t)
		for _, c := range calls {
			r.requests.take()
			err := c.do(r.ctx)
			if err == nil && (c.op == opVerify || c.op == opIdentify || c.op == opRevokeValue) {
				continue // it shows only the key under test
			}
			asked++
			want := kind
			if c.op == opVerify && kind == keyturn.Denied {
				want = keyturn.Unavailable // Denied would say that the key under test is dead
			}
			r.want(t, c.op+" without an administrator credential", err, want)
			if n := len(r.requests.take()); n != 0 {
				t.Errorf("%s made %d requests without an administrator credential", c.op, n)
			}
		}
		if asked == 0 && slices.ContainsFunc(calls, func(c call) bool { return c.op != opVerify && c.op != opIdentify && c.op != opRevokeValue }) {
			t.Error("no call reads an administrator credential; Harness.Config should name one")
		}
	}
}

// credentialRotates asks whether the administrator credential can be rotated
// without restarting the worker.
func credentialRotates(t testing.TB, h Harness) {
	r := h.start(t, false)
	for _, round := range []string{"before", "after"} {
		calls := r.calls(t)
		for _, c := range calls {
			r.want(t, c.op+" "+round+" the administrator credential was rotated", c.do(r.ctx), "")
		}
		r.free(t, calls)
		r.vault.rotate()
	}
}

// free ends every key of the calls' principals, so that there is room.
func (r *rig) free(t testing.TB, calls []call) {
	t.Helper()
	for _, c := range calls {
		for _, k := range r.ledger.Live(c.key.Principal) {
			if err := r.ledger.Revoke("seed", "", k.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
}
