# make help lists the targets.
GO      ?= go
LINT     = bin/golangci-lint
LINT_V   = v2.5.0
export CGO_ENABLED = 0
# No system that the program talks to needs HTTP/2, and it would be half a megabyte of it.
TAGS    = -tags nethttpomithttp2

.DEFAULT_GOAL := build

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/linemark for this machine
	$(GO) build $(TAGS) -trimpath -ldflags "-s -w" -o bin/ ./cmd/linemark

.PHONY: demo
demo: build ## a whole plant and the agent for 30 s, then the balance and a check; SYSTEM=smartone for the other national system
	bin/linemark demo$(if $(SYSTEM), --system $(SYSTEM))

.PHONY: test
test: setup build-all fmt vet lint vuln test-go ## set up what is needed, then run every check and every test

.PHONY: test-go
test-go: ## the tests alone, with the race detector; counts what was skipped
	CGO_ENABLED=1 ./scripts/test.sh

.PHONY: setup
setup: ## install the peer programs that some tests talk to, where this machine allows it
	@./internal/peers/setup.sh

.PHONY: build-all
build-all: ## build for linux/amd64, linux/arm64 and windows/amd64 from this tree
	GOOS=linux   GOARCH=amd64 $(GO) build $(TAGS) -o bin/linux-amd64/   ./cmd/linemark
	GOOS=linux   GOARCH=arm64 $(GO) build $(TAGS) -o bin/linux-arm64/   ./cmd/linemark
	GOOS=windows GOARCH=amd64 $(GO) build $(TAGS) -o bin/windows-amd64/ ./cmd/linemark

.PHONY: schema
schema: ## configs/linemark.schema.json anew, after a change of the settings
	$(GO) generate ./cmd/linemark

.PHONY: fmt
fmt: ## fail if a file is not gofmt-ed
	@files=$$(gofmt -l $$(git ls-files '*.go')); test -z "$$files" || { echo "not gofmt-ed: $$files"; exit 1; }

.PHONY: vet
vet: ## go vet, for Linux and for Windows
	$(GO) vet ./...
	GOOS=windows $(GO) vet ./...

$(LINT):
	GOBIN=$(CURDIR)/bin $(GO) install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_V)

.PHONY: lint
lint: $(LINT) ## the linter with the short list of .golangci.yml
	$(LINT) run ./...

.PHONY: vuln
vuln: ## look for known vulnerabilities in what the program calls, where their database can be had
	./scripts/vuln.sh

.PHONY: screenshots
screenshots: ## the browser tests; pictures of every view into SHOTS (bin/screenshots)
	mkdir -p $(or $(SHOTS),bin/screenshots)
	LINEMARK_SCREENSHOTS=$(abspath $(or $(SHOTS),bin/screenshots)) $(GO) test -count=1 -v -timeout 20m ./internal/proof/browser

.PHONY: bench
bench: ## the speed figures, each as a ratio to a limit or a peer of the same run
	./scripts/bench.sh

.PHONY: storm
storm: ## 100,000 codes through orders and reports while every fifth call fails; also with restarts
	LINEMARK_STORM=100000 $(GO) test -v -timeout 30m -run Storm ./internal/agent

.PHONY: simulate
SEEDS  ?= 1000
FROM   ?= 1
LENGTH ?= 10m
SHIFT   = cd internal/shift && LINEMARK_FIXED=1 LINEMARK_LENGTH=$(LENGTH)
simulate: bin/shift.test ## SEEDS (1000) virtual shifts of LENGTH (10m) from seed FROM (1); prints and keeps those that fail
	$(SHIFT) LINEMARK_SEEDS=$(SEEDS) LINEMARK_FROM=$(FROM) ../../bin/shift.test -test.timeout 24h -test.run 'TestSameHistory|TestSimulate'

.PHONY: replay
replay: bin/shift.test ## the virtual shift SEED again, exactly; LOG=FILE keeps what the agent and the plant say
	$(SHIFT) LINEMARK_SEED=$(SEED) LINEMARK_SHIFT_LOG=$(LOG) GOMAXPROCS=1 GOGC=off ../../bin/shift.test -test.v -test.run TestSeed

# The runtime of this binary leaves nothing to chance, so that a seed goes the same way every time.
.PHONY: bin/shift.test
bin/shift.test:
	$(GO) test -c -o $@ -overlay "$$(GO=$(GO) scripts/fixed-runtime.sh bin/_runtime)" ./internal/shift

.PHONY: offline
offline: ## 72 hours of production without the national system, compressed, then the drain
	LINEMARK_OFFLINE=72h $(GO) test -v -timeout 1h -run TestOffline ./internal/shift

.PHONY: sabotage
sabotage: ## break each promise on purpose, one after the other: its own test must find it; WHICH is part of a name
	LINEMARK_SABOTAGE=$(or $(WHICH),1) $(GO) test -count=1 -v -timeout 1h -run TestSabotage ./internal/proof/sabotage

.PHONY: torture
torture: ## N (30) kills of the agent and the plant at named failpoints and random moments; SEED repeats a history's choices
	LINEMARK_TORTURE=$(or $(N),30) LINEMARK_TORTURE_SEED=$(SEED) $(GO) test -count=1 -v -timeout 6h -run TestTorture ./internal/proof/torture

.PHONY: network
network: ## N (10) histories of network faults before every peer; SEED repeats one's choices
	LINEMARK_NETWORK=$(or $(N),10) LINEMARK_NETWORK_SEED=$(SEED) $(GO) test -count=1 -v -timeout 6h -run 'TestNetwork$$' ./internal/proof/network

.PHONY: load
FOR    ?= 30m
load: ## eight lines at 33 products a second for FOR (30m), then one at full speed
	LINEMARK_LOAD=$(FOR) $(GO) test -count=1 -v -timeout 6h ./internal/proof/load

.PHONY: powercut
powercut: ## N (10) power cuts on an ext4 disk of its own, each judged; SEED repeats one plant's choices
	LINEMARK_POWER_CUTS=$(or $(N),10) LINEMARK_POWER_SEED=$(SEED) $(GO) test -count=1 -v -timeout 4h -run TestPowerCut ./internal/proof

.PHONY: storage
storage: ## the storage faults, on disks of their own
	$(GO) test -count=1 -v -timeout 30m -run 'TestP6|TestP1' ./internal/proof

.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (2m)
	./scripts/fuzz.sh

NFPM     = bin/nfpm
NFPM_V   = v2.45.0
$(NFPM): # later versions do not resolve
	GOBIN=$(CURDIR)/bin $(GO) install github.com/goreleaser/nfpm/v2/cmd/nfpm@$(NFPM_V)

.PHONY: release
release: $(NFPM) ## archives, deb, rpm, msi, SBOM and checksums into dist; VERSION (git describe) names them; needs wixl and msitools
	$(GO) run ./packaging/release

.PHONY: release-check
release-check: $(NFPM) ## the release twice, from two folders and with two build caches: it must be the same bytes
	./scripts/release-check.sh

.PHONY: clean
clean: ## remove what was built
	rm -rf bin dist internal/peers/node_modules
