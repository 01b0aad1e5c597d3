package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	log "github.com/hashicorp/go-hclog"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	"github.com/hashicorp/vault/builtin/logical/transit"
	"github.com/hashicorp/vault/helper/namespace"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/sdk/physical/file"
	"github.com/hashicorp/vault/sdk/physical/inmem"
	"github.com/hashicorp/vault/vault"
)

// keys are what initialising a Vault hands out once. A real operator keeps
// them apart and offline; this server keeps them next to its data.
type keys struct {
	RootToken string `json:"root_token"`
	UnsealKey string `json:"unseal_key"`
}

// open starts a core, initialises it if it is new, and unseals it.
func open(ctx context.Context, o options) (*vault.Core, keys, error) {
	logger := log.New(&log.LoggerOptions{Output: os.Stderr, Level: log.LevelFromString(o.log)})
	store, err := storage(o.data, logger)
	if err != nil {
		return nil, keys{}, err
	}
	core, err := vault.NewCore(&vault.CoreConfig{
		Physical:        store,
		StorageType:     "inmem",
		Logger:          logger,
		DisableMlock:    true,
		RedirectAddr:    "http://127.0.0.1:8200",
		BuiltinRegistry: noPlugins{},
		LogicalBackends: map[string]logical.Factory{
			"kv":      kv.Factory,
			"transit": transit.Factory,
		},
		CredentialBackends: map[string]logical.Factory{
			"approle":    approle.Factory,
			"kubernetes": kubernetes.Factory,
		},
	})
	if err != nil {
		return nil, keys{}, fmt.Errorf("start the core: %w", err)
	}
	k, err := prepare(ctx, core, o.data)
	if err != nil {
		return nil, keys{}, errors.Join(err, core.Shutdown())
	}
	return core, k, nil
}

func storage(data string, logger log.Logger) (physical.Backend, error) {
	if data == "" {
		return inmem.NewInmem(nil, logger)
	}
	return file.NewFileBackend(map[string]string{"path": filepath.Join(data, "storage")}, logger)
}

func prepare(ctx context.Context, core *vault.Core, data string) (keys, error) {
	initialised, err := core.Initialized(ctx)
	if err != nil {
		return keys{}, err
	}
	if initialised {
		k, err := readKeys(data)
		if err != nil {
			return keys{}, err
		}
		if err := unseal(core, k); err != nil {
			return keys{}, err
		}
		return k, awaitKV(ctx, core, k)
	}
	res, err := core.Initialize(ctx, &vault.InitParams{
		BarrierConfig:  &vault.SealConfig{SecretShares: 1, SecretThreshold: 1, StoredShares: 1},
		RecoveryConfig: &vault.SealConfig{SecretShares: 1, SecretThreshold: 1},
	})
	if err != nil {
		return keys{}, fmt.Errorf("initialise: %w", err)
	}
	k := keys{RootToken: res.RootToken, UnsealKey: base64.StdEncoding.EncodeToString(res.SecretShares[0])}
	if err := writeKeys(data, k); err != nil {
		return keys{}, err
	}
	if err := unseal(core, k); err != nil {
		return keys{}, err
	}
	return k, mountKV(ctx, core, k)
}

func unseal(core *vault.Core, k keys) error {
	share, err := base64.StdEncoding.DecodeString(k.UnsealKey)
	if err != nil {
		return err
	}
	open, err := core.Unseal(share)
	if err != nil {
		return fmt.Errorf("unseal: %w", err)
	}
	if !open {
		return errors.New("unseal: the key did not open this data")
	}
	return nil
}

// mountKV mounts a version 2 engine at secret/.
func mountKV(ctx context.Context, core *vault.Core, k keys) error {
	_, err := core.HandleRequest(namespace.RootContext(ctx), &logical.Request{
		Operation:   logical.UpdateOperation,
		Path:        "sys/mounts/secret",
		ClientToken: k.RootToken,
		Data:        map[string]any{"type": "kv", "options": map[string]string{"version": "2"}},
	})
	if err != nil {
		return fmt.Errorf("mount secret/: %w", err)
	}
	return awaitKV(ctx, core, k)
}

// awaitKV waits until secret/ answers: the engine refuses requests for a
// moment while it sets itself up.
func awaitKV(ctx context.Context, core *vault.Core, k keys) error {
	ctx = namespace.RootContext(ctx)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for {
		_, err := core.HandleRequest(ctx, &logical.Request{
			Operation: logical.ReadOperation, Path: "secret/config", ClientToken: k.RootToken,
		})
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-deadline:
			return fmt.Errorf("wait for secret/: %w", err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func readKeys(data string) (k keys, err error) {
	b, err := os.ReadFile(filepath.Join(data, "keys.json"))
	if err != nil {
		return k, fmt.Errorf("the data was initialised elsewhere: %w", err)
	}
	return k, json.Unmarshal(b, &k)
}

func writeKeys(data string, k keys) error {
	if data == "" {
		return nil
	}
	b, err := json.Marshal(k)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(data, "keys.json"), b, 0o600)
}
