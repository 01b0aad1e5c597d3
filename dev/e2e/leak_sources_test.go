package e2e

import (
	"net/http"
	"testing"
	"time"

	"github.com/keyturn/keyturn"
	"github.com/keyturn/keyturn/leaks/gitguardian/gitguardianfake"
	"github.com/keyturn/keyturn/leaks/gitlab/gitlabfake"
	"github.com/keyturn/keyturn/registry"
	"github.com/keyturn/keyturn/servertest"
)

// TestOtherSources: GitLab tells a value, GitGuardian tells no more than its hash, and
// both end with the right key replaced and dead.
func TestOtherSources(t *testing.T) {
	t.Parallel()
	a := account("datadog", 0, 1000)
	r := newRig(t, inMemory, servertest.StartVaultInMemory(t), a)
	guardian := gitguardianfake.New(gitguardianfake.Options{Token: canary + "guardian"})
	if _, err := r.vaultAPI.KVv2("secret").Put(t.Context(), "admin/gitguardian", map[string]any{"key_id": "", "key": canary + "guardian"}); err != nil {
		t.Fatal(err)
	}
	type section = map[string]any
	l := newLeaky(r, section{"sources": section{
		"gitlab": section{
			"source": "gitlab", "webhook_secret_file": r.file("gitlab-hook", hookSecret),
			"settings": section{"format": "token", "types": []string{"gitleaks_rule_id_datadog_access_token"}},
		},
		"guardian": section{
			"source": "gitguardian", "base_url": serve(t, guardian), "webhook_secret_file": r.file("guardian-hook", hookSecret),
			"settings": section{"token": section{"path": "secret/admin/gitguardian"}},
		},
	}})
	r.start(1)
	ids := r.inService(a, 4)
	l.fill()

	token := gitlabfake.Token{Type: "gitleaks_rule_id_datadog_access_token", Token: l.value(a, ids[0]), Where: "https://gitlab.example.com/acme/shop/-/raw/0123456789abcdef0123456789abcdef01234567/.env#L3"}
	l.post("gitlab/revoke_tokens", http.Header{"Authorization": {hookSecret}}, gitlabfake.Instance(token))
	number := guardian.Find(gitguardianfake.Incident{
		Detector: "datadog_token", Hash: l.prints.Of(keyturn.NewSecret(l.value(a, ids[1]))).HMSL, Date: time.Now().Add(-time.Hour),
		Occurrences: []gitguardianfake.Occurrence{{Repo: "acme/shop", File: "app.yml", Line: 4, Commit: "0123456789abcdef0123456789abcdef01234567", Date: time.Now().Add(-time.Hour)}},
	})
	header, body := guardian.Deliver(hookSecret, "incident_triggered", false, number, time.Now())
	l.post("guardian", header, body)

	l.until("both are answered", 2*time.Minute, func() bool { return l.count(registry.LeakDead) == 2 })
	l.replacedOnce(a, ids[:2], ids[2:])
	for i, source := range []string{"gitlab", "guardian"} {
		if leak := l.found()[ids[i]]; leak.Source != source {
			t.Errorf("%s was found by %s, want %s", ids[i], leak.Source, source)
		}
	}
	l.until("the incident is closed", time.Minute, func() bool {
		status, _, revoked, _ := guardian.Closed(false, number)
		return status == "RESOLVED" && revoked
	})
	l.hidden()
}
