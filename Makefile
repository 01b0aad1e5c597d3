# Everything runs on a machine with nothing but Go and a C compiler; the tests
# also want PostgreSQL's server programs on the path (or a server's URL in
# KEYTURN_TEST_POSTGRES_URL). `make help` lists the targets.

SHELL := /bin/bash -o pipefail
GO    ?= go
BIN   := bin

# first says how the first build gets on: it compiles a whole Temporal server.
first = 2>&1 | awk '/^[a-z0-9.\/_-]+$$/ {n++; if (n%25==0) printf "\r  compiled %d packages", n; fflush(); next} {print} END {if (n>=25) print ""}'

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: build-demo ## watch a key be issued and rotated, in the Temporal UI
	@$(BIN)/keyturn-dev

.PHONY: build
build: ## build the worker and the command line into bin/
	@$(GO) build -v -o $(BIN)/keyturn-worker ./worker $(first)
	@$(GO) build -v -o $(BIN)/keyturn ./starter $(first)

.PHONY: build-demo
build-demo: build
	@echo "Building the demo. The first time this compiles a Temporal server and takes a few minutes."
	@$(GO) build -v -o $(BIN)/keyturn-dev ./dev $(first)

.PHONY: test
test: test-servers ## run every test, with real Temporal, PostgreSQL and Vault
	$(GO) vet ./... ./dev/...
	$(GO) test -race -timeout 20m ./...
	$(GO) test -p 1 -timeout 45m -parallel 16 ./dev/...

# The real Vault core is a module of its own; it is never linked into Keyturn.
.PHONY: test-servers
test-servers:
	@echo "Building the test Vault and the dev module. The first time this takes some minutes."
	@GOWORK=off $(GO) build -C dev/vaultcore -v -o /dev/null . $(first)
	@$(GO) build -v -o /dev/null ./dev $(first)

.PHONY: check
check: ## formatting, vet, workflow determinism
	@test -z "$$(gofmt -l . | tee /dev/stderr)"
	$(GO) vet ./... ./dev/...
	$(GO) run go.temporal.io/sdk/contrib/tools/workflowcheck@v0.6.0 ./workflows/...

.PHONY: lint
lint: ## golangci-lint, which is built on first use
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.12.0 run ./...

.PHONY: bench
bench: ## the figures in docs/performance.md
	$(GO) test -run '^$$' -bench . -benchtime 3x -timeout 30m ./registry/... ./secrets/...
	$(GO) test -run '^$$' -bench 'Rotations|VendorLimit|Leak/' -benchtime 1x -timeout 30m ./dev/e2e

.PHONY: bench-fleet
bench-fleet: ## the figures in docs/scale.md: 100,000 keys, for most of an hour
	$(GO) test -run '^$$' -bench Sweep -benchtime 1x -timeout 60m ./dev/e2e
	$(GO) test -run '^$$' -bench Rotations/10000 -benchtime 1x -timeout 60m ./dev/e2e

.PHONY: histories
histories: ## record the workflow histories that later versions must replay
	$(GO) test -run TestRecord -count=1 -timeout 15m ./dev/e2e -record

.PHONY: clean
clean: ## remove what was built and the demo's data
	rm -rf $(BIN) .demo
