package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/keyturn/keyturn/dev/simulate"
)

// The keys of the story.
const (
	goodKey = "payments-aws-001"
	badKey  = "metrics-datadog-001"
	handKey = "partner-portal-001" // only a person can make it
	goodRef = "secret/payments/aws"
	badRef  = "secret/metrics/datadog"
	handRef = "secret/partner/portal"
)

// writeFiles writes what a user would write: the worker's configuration, the
// command's, and the entries of two keys.
func (p *platform) writeFiles() error {
	worker, err := p.workerYAML()
	if err != nil {
		return err
	}
	for name, text := range map[string]string{
		"worker.yaml":    worker,
		"keyturn.yaml":   p.commandYAML(),
		"webhook-secret": hookSecret,
		"keys/" + goodKey + ".yaml": entry(goodKey, "Uploads payment reports to S3", "payments", goodRef,
			"aws", "123456789012", "svc-payments", `["s3:PutObject"]`, "- http_probe: "+p.service.url),
		"keys/" + badKey + ".yaml": entry(badKey, "Sends metrics of the checkout", "checkout", badRef,
			"datadog", "acme", "", `["metrics_write"]`, "- last_used: provider"),
		"keys/" + handKey + ".yaml": entry(handKey, "Orders from the partner's portal", "orders", handRef,
			"manual", "partner-portal", simulate.PortalPrincipal, `["orders:read"]`, "- service: orders") +
			fmt.Sprintf("  test: # shows the portal the key: the only way to tell whether it works\n    http: {url: %q, headers: {Authorization: \"Bearer {key}\"}}\n", p.portalURL+"/whoami"),
	} {
		if err := os.MkdirAll(filepath.Dir(p.file(name)), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (p *platform) workerYAML() (string, error) {
	var b strings.Builder
	desk, err := json.Marshal(p.desk.Settings) // JSON is YAML
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, `# The worker of the demo. A real one names real vendors, and Vault as the store.
temporal: {address: %q, namespace: keyturn, accept_plaintext: true}
registry: {sqlite: {path: %q}}
stores:
  default: {local: {dir: %q}}
rollout: {poll: 1s}
listen: 127.0.0.1:0
synthetic: {http: true}
tickets:
  trackers:
    ops: {tracker: %s, base_url: %q, webhook_secret_file: %q, settings: %s}
webhooks: {listen: %q}
providers:
  - {provider: manual, account: partner-portal, rate: 20, settings: {title: Partner portal, max_live: 1}}
`, p.temporal.Address(), p.file("registry.db"), p.file("values"), p.desk.Tracker, p.deskURL, p.file("webhook-secret"), desk, p.hooks)
	for _, v := range p.vendors.All() {
		settings, err := json.Marshal(v.Settings)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "  - {provider: %s, account: %q, base_url: %q, rate: 20, usage_lag: 1s, settings: %s}\n", v.Provider, v.Account, v.BaseURL, settings)
	}
	return b.String(), nil
}

func (p *platform) commandYAML() string {
	return fmt.Sprintf("temporal: {address: %q, namespace: keyturn, accept_plaintext: true}\nregistry: {sqlite: {path: %q}}\nstores: {default: {local: {dir: %q}}}\n",
		p.temporal.Address(), p.file("registry.db"), p.file("values"))
}

func entry(id, purpose, team, path, provider, account, principal, permissions, consumer string) string {
	now := time.Now().UTC()
	return fmt.Sprintf(`key_id: %s
description: %q
owner_team: %s
owner_individual: alice@example.com
created_at: %s
expiration: %s
scope:
  provider: %s
  account_id: %q
  principal: %q
  permissions: %s
storage:
  vault_path: %q
  consumed_by:
    %s
audit:
  rotation_owner: %s
  rotation_frequency_days: 90
rotation: # short, so that the story is; the defaults are 24h, 10m and 15m
  overlap: 12s
  disabled_soak: 6s
  consumer_deadline: 30s
  quiet_for: 3s
`, id, purpose, team, now.Format(time.RFC3339), now.AddDate(0, 6, 0).Format(time.RFC3339),
		provider, account, principal, permissions, path, consumer, team)
}
