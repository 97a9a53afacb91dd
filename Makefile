# Every target that a person needs; `make help` lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

GO ?= go
BIN := bin
export CGO_ENABLED ?= 0
# Where install-deps puts the Go that go.mod asks for, if the machine's is older.
export PATH := $(CURDIR)/$(BIN)/.go/go$(shell sed -n 's/^go //p' go.mod)/bin:$(PATH)
GOLANGCI_VERSION := v2.15.0
LINT := $(BIN)/golangci-lint-$(GOLANGCI_VERSION)
VERSION ?= $(shell scripts/version)
LDFLAGS = -s -w -X github.com/browserhook/browserhook/internal/app.Version=$(VERSION)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1\t\2/' | expand -t 16

.PHONY: build
build: ## build bin/browserhook, one static binary
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/browserhook

.PHONY: dist
dist: ## what a release has, for amd64 and arm64, into dist/: the same bytes whenever it is built (VERSION=0.1.0)
	@VERSION=$(VERSION) ./scripts/dist

.PHONY: image
image: dist ## the container's image, without a container engine, as root
	@./scripts/install-deps packages
	@VERSION=$(VERSION) ./scripts/image

.PHONY: packages
packages: ## make all that is handed out, install it in fresh Debian roots and use it there, as root (about 5 minutes)
	@$(MAKE) --no-print-directory image VERSION=0.1.0
	$(GO) test -count=1 -timeout 30m -v ./test/packages -args -roots

.PHONY: demo
demo: ## the main job, end to end, on this machine (KEEP=1 leaves it running)
	@./scripts/install-deps
	@$(MAKE) --no-print-directory build
	@$(GO) run ./cmd/demo --browserhook $(BIN)/browserhook $(if $(KEEP),--keep)

.PHONY: test
test: ## everything that CI checks; installs what it needs first
	@./scripts/install-deps test
	@./scripts/test

.PHONY: lint
lint: $(LINT) ## format, vet and lint (the linter has all of go vet's checks)
	@unformatted=$$($$($(GO) env GOROOT)/bin/gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "not formatted: $$unformatted"; exit 1; }
	$(LINT) run --allow-parallel-runners ./...

$(LINT):
	GOBIN=$(abspath $(BIN)) $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	@mv $(BIN)/golangci-lint $@

.PHONY: generate
generate: ## write the generated files anew (api/openapi.yaml, the SDK's types, the containers' seccomp.json)
	$(GO) generate ./...
	cd deploy/build && $(GO) run ./seccomp ../helm/browserhook/seccomp.json

.PHONY: fault
fault: ## kill, starve and mislead the server, hundreds of times, and check what is left (ROUNDS=n SEED=n)
	$(GO) test -count=1 -timeout 10m -run 'TestFaults' ./internal/store/...
	$(GO) test -count=1 -timeout 90m -v -run 'TestDeliveries|TestTakeover|TestFullDisk|TestClock|TestOutage' ./test/fault -args -rounds=$(or $(ROUNDS),500) -outage=1m $(if $(SEED),-seed=$(SEED))
	$(GO) test -count=1 -timeout 60m -v -run 'TestKill' ./test/fault -args -rounds=$(or $(ROUNDS),50) $(if $(SEED),-seed=$(SEED))
	$(MAKE) --no-print-directory restarts $(if $(ROUNDS),RESTARTS=$(ROUNDS))

.PHONY: restarts
restarts: ## kill and stop the server in turn with sessions in the midst of steps, on both stores, and have them go on (RESTARTS=n LIVE=n)
	$(GO) test -count=1 -timeout 60m -v -run 'TestRestart' ./test/fault -args -restarts=$(or $(RESTARTS),30) -live=$(or $(LIVE),20)

.PHONY: oracle
oracle: ## every case beside Playwright in the same Chromium, shell and whole browser: the table by theme (ONLY=words for some, PROGRAM=shell or chromium for one, JITTER=400ms to have all come later at random)
	@./scripts/install-deps test
	@npm ci --prefix test/clients --no-audit --no-fund --loglevel=error
	@for program in $(or $(PROGRAM),shell chromium); do \
		echo "With $$program"; \
		BROWSERHOOK_TEST_PROGRAM=$$program $(GO) test -count=1 -timeout 2h -v -run 'TestOracle|TestCases|TestEmulation' ./test/oracle -args $(if $(ONLY),-only "$(ONLY)",-all) -jitter $(or $(JITTER),0) || exit 1; \
	done

.PHONY: programs
programs: ## Playwright and Puppeteer over connectUrl and over Chromium's own port: every check, with both programs (ONLY=words for some)
	@./scripts/install-deps test
	@npm ci --prefix test/clients --no-audit --no-fund --loglevel=error
	@for program in shell chromium; do \
		echo "With $$program"; \
		BROWSERHOOK_TEST_PROGRAM=$$program $(GO) test -count=1 -timeout 20m -v -run 'Programs$$' ./test/e2e -args -checks "$(or $(ONLY),all)" || exit 1; \
	done

.PHONY: runtimes
runtimes: ## the TypeScript SDK, packed, in Deno, Bun, a worker (workerd) and Next.js
	npm ci --prefix sdk/typescript --no-audit --no-fund --loglevel=error
	npm ci --prefix test/sdk/typescript/runtimes --no-audit --no-fund --loglevel=error
	$(GO) test -count=1 -v -run TestRuntimes ./test/sdk/typescript -args -runtimes

.PHONY: roles
roles: ## roles and names beside Chromium's accessibility tree: generated documents (DOCUMENTS=n), and 20 pages that packages ship
	@./scripts/install-deps test
	$(GO) test -count=1 -timeout 20m -v -run 'TestRolesAndNames' ./internal/step -args -documents=$(or $(DOCUMENTS),400) -pages=20

.PHONY: cancels
cancels: ## cancel steps of every action at every point, on both stores, on a busy machine (TRIES=n)
	$(GO) test -count=1 -timeout 20m -v -run 'TestCancelAtEveryPoint' ./internal/session -args -tries=$(or $(TRIES),1000)

.PHONY: soak
soak: ## a hundred sessions one after another, and eight at once; and 300 that end in every way (ENDINGS=n)
	$(GO) test -count=1 -timeout 60m -v -run 'TestLeaves' ./test/e2e -args -sessions=$(or $(SESSIONS),100)
	$(GO) test -count=1 -timeout 60m -v -run 'TestEveryEnding' ./test/fault -args -endings=$(or $(ENDINGS),300)

.PHONY: hostile
hostile: ## every hostile page in one session, and how long another's steps take beside it, which is bounded: on a machine with nothing else to do
	$(GO) test -count=1 -timeout 20m -v -run 'TestHostilePages' ./test/e2e -args -hostile

.PHONY: fuzz
fuzz: ## every fuzz target, FUZZTIME each (default 1m)
	@./scripts/fuzz $(or $(FUZZTIME),1m)

.PHONY: bench
bench: ## measure, each beside its baseline, and write docs/benchmarks.md
	@./scripts/install-deps test
	@npm ci --prefix test/clients --no-audit --no-fund --loglevel=error
	$(GO) run ./bench

.PHONY: bench-peers
bench-peers: ## the same beside other queues, as far as they are installed: bench/peers/README.md
	cd bench/peers && $(GO) run . $(if $(OUTPOST),-outpost $(abspath $(OUTPOST)))
	$(GO) run ./bench report

.PHONY: pictures
pictures: ## every page in each of its states, of real sessions, into bin/pictures, and those that the documents show into docs/img
	@npm ci --prefix test/clients --no-audit --no-fund --loglevel=error
	$(GO) test -count=1 -timeout 30m -v -run 'TestPictures' ./test/e2e -args -pictures=$(abspath $(BIN))/pictures

.PHONY: clean
clean: ## remove what was built
	rm -rf $(BIN) dist demo-output
