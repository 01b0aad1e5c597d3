package compose_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheStackIsSound(t *testing.T) {
	t.Parallel()
	for _, problem := range inspect(root(t)) {
		t.Error(problem)
	}
}

func TestACopyOfTheStackIsSound(t *testing.T) {
	t.Parallel() // else the tests below would prove nothing
	for _, problem := range inspect(copyStack(t)) {
		t.Error(problem)
	}
}

// TestEveryCheckFindsItsMistake breaks one thing at a time.
func TestEveryCheckFindsItsMistake(t *testing.T) {
	t.Parallel()
	const (
		namespace = "deploy/temporal/create-namespace.sh"
		dynamic   = "deploy/temporal/dynamicconfig/keyturn.yaml"
		docker    = "deploy/worker/Dockerfile"
		command   = "deploy/worker/keyturn.yaml"
	)
	for name, tc := range map[string]struct{ file, old, now, says string }{
		"unknown condition":  {composeFile, "postgresql: {condition: service_healthy}", "postgresql: {condition: service_cheerful}", "condition"},
		"unknown dependency": {composeFile, "vault: {condition: service_healthy}", "safe: {condition: service_healthy}", "safe"},
		"weak condition":     {composeFile, "vault: {condition: service_healthy}", "vault: {condition: service_started}", "proves nothing"},
		"endless one-shot":   {composeFile, "restart: on-failure:3", "restart: always", "restart policy"},
		"no health check":    {composeFile, "test: [CMD, nc, -z, localhost, \"7233\"]", "disable: true", "no health check"},
		"unpinned image":     {composeFile, "openbao/openbao:2.5.4", "openbao/openbao:latest", "names no version"},
		"untagged image":     {composeFile, "postgres:${POSTGRES_VERSION:-16.10}", "postgres", "names no version"},
		"open port":          {composeFile, "127.0.0.1:${VAULT_PORT:-8200}:8200", "${VAULT_PORT:-8200}:8200", "want 127.0.0.1"},
		"real password":      {composeFile, "${POSTGRES_PASSWORD:-local-development-only}", "hunter2", "not the default"},
		"terminate button":   {composeFile, "TEMPORAL_WORKFLOW_TERMINATE_DISABLED: \"true\"", "TEMPORAL_WORKFLOW_TERMINATE_DISABLED: \"false\"", "TERMINATE_DISABLED must be true"},
		"missing file":       {composeFile, "./deploy/worker/worker.yaml:", "./deploy/worker/absent.yaml:", "absent.yaml: no such file"},
		"missing script":     {composeFile, "/scripts/create-namespace.sh", "/scripts/absent.sh", "absent.sh: no such file"},
		"writable mount":     {composeFile, "./deploy/temporal:/scripts:ro", "./deploy/temporal:/scripts", "writable"},
		"other dynamic file": {composeFile, "dynamicconfig/keyturn.yaml", "dynamicconfig/docker.yaml", "docker.yaml: no such file"},
		"unknown stage":      {composeFile, "target: worker", "target: server", `no stage "server"`},
		"misspelt setting":   {dynamic, "matching.enableFairness", "matching.enableFairnes", "unregistered key"},
		"wrong constraint":   {dynamic, "constraints: {taskQueueName: keyturn}", "constraints: {taskQueue: keyturn}", "unknown constraint"},
		"wrong value":        {dynamic, "frontend.rps: [{value: 8000}]", "frontend.rps: [{value: lots}]", "validation failed"},
		"attribute missing":  {namespace, "\nOwnerTeam Keyword", "", "search attributes"},
		"attribute's type":   {namespace, "DueAt Datetime", "DueAt Keyword", "search attributes"},
		"shell mistake":      {namespace, "\nusable() {", "\nusable( {", "script"},
		"careless script":    {namespace, "set -eu", "set -e", "set -eu"},
		"sourced mistake":    {"deploy/temporal/retry.sh", "  done\n", "", "retry.sh"},
		"root image":         {docker, "USER 10001:10001\n", "", "runs as root"},
		"old Go":             {docker, "ARG GO_VERSION=", "ARG GO_VERSION=1.2.3 #", "Go version of go.mod"},
		"unknown field":      {command, "temporal:", "temporl:", "temporl"},
		"unknown host":       {command, "temporal:7233", "temporel:7233", "no service is called"},
		"other secret":       {command, "/run/secrets/registry-url", "/run/secrets/registry", "url_file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := copyStack(t)
			replace(t, filepath.Join(dir, tc.file), tc.old, tc.now)
			found := strings.Join(inspect(dir), "\n")
			if !strings.Contains(found, tc.says) {
				t.Errorf("found %q, want something with %q", found, tc.says)
			}
		})
	}
}

func TestAScriptThatCannotRunIsFound(t *testing.T) {
	t.Parallel()
	dir := copyStack(t)
	if err := os.Chmod(filepath.Join(dir, "deploy/temporal/setup-postgres.sh"), 0o644); err != nil {
		t.Fatal(err)
	}
	if found := strings.Join(inspect(dir), "\n"); !strings.Contains(found, "setup-postgres.sh is not executable") {
		t.Errorf("found %q", found)
	}
}

func TestWhatIsFreeToChooseReachesEveryPlace(t *testing.T) {
	t.Parallel()
	s, err := load(root(t), "VAULT_IMAGE=hashicorp/vault:1.21.0", "POSTGRES_PASSWORD=chosen", "KEYTURN_DB_PASSWORD=other", "TEMPORAL_UI_PORT=9999")
	if err != nil {
		t.Fatal(err)
	}
	services := s.project.Services
	for what, got := range map[string]string{
		"hashicorp/vault:1.21.0": services["vault"].Image,
		"chosen":                 *services["temporal"].Environment["POSTGRES_PWD"],
		"9999":                   services["temporal-ui"].Ports[0].Published,
		"http://127.0.0.1:9999,http://localhost:9999":                      *services["temporal-ui"].Environment["TEMPORAL_CORS_ORIGINS"],
		"postgres://keyturn:other@postgresql:5432/keyturn?sslmode=disable": s.project.Configs["registry-url"].Content,
	} {
		if got != what {
			t.Errorf("got %q, want %q", got, what)
		}
	}
	if got := *services["temporal-schema"].Environment["SQL_PASSWORD"]; got != "chosen" {
		t.Errorf("SQL_PASSWORD is %q, want chosen", got)
	}
}

func TestTheWorkerIsOptional(t *testing.T) {
	t.Parallel()
	s, err := load(root(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, service := range s.project.Services {
		withWorker := name == "worker" || name == "registry-database"
		if (len(service.Profiles) > 0) != withWorker {
			t.Errorf("%s has profiles %v", name, service.Profiles)
		}
	}
}
