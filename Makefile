# The two commands are `make run` and `make test`; `make ci` is what .ci/run runs.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

MODULES := common providers/aws providers/local providers/openstack test
# Modules outside go.work, so that their dependencies move no other module's versions.
ALONE := test/charts test/monitoring
OUT := $(CURDIR)/_out
TAGS := grpcnotrace
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X k8s.io/component-base/version.gitVersion=v1.37.1+$(VERSION)
GOLANGCI_LINT_VERSION := v2.15.0
GOVULNCHECK_VERSION := v1.6.0
TOOLS := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/cloud-providers/tools
# Test packages that start control planes take about 600 MB each; two run beside each other on two cores.
TEST_PARALLEL ?= 2
TEST_FLAGS ?=
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help
help: ## print this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run
run: ## a real control plane, the local cloud, three nodes and a load-balanced Service; Ctrl-C stops it all
	@mkdir -p $(OUT) && go build -o $(OUT)/demo ./test/cmd/demo && exec $(OUT)/demo

.PHONY: test
test: control-plane awscli openstackcli ## all tests
	@for m in $(MODULES); do echo "== go test $$m"; (cd $$m && go test -p $(TEST_PARALLEL) -timeout 30m $(TEST_FLAGS) ./...); done
	@for m in $(ALONE); do echo "== go test $$m"; (cd $$m && GOWORK=off go test $(TEST_FLAGS) ./...); done

.PHONY: test-race
test-race: control-plane ## the tests of code with goroutines under the race detector
	@for m in common providers/aws providers/local providers/openstack; do echo "== go test -race $$m"; (cd $$m && go test -race -p $(TEST_PARALLEL) -timeout 30m ./...); done

.PHONY: test-scale
test-scale: control-plane ## thousands of nodes, ours beside the stock controllers; about 50 minutes
	@cd test && go test -tags scale -timeout 90m -v ./scale/... $(TEST_FLAGS)

.PHONY: test-scale-aws
test-scale-aws: control-plane ## the AWS provider with a thousand nodes on the simulated AWS; about 12 minutes
	@cd test && go test -tags scale -timeout 60m -v -run TestScaleAWS ./aws $(TEST_FLAGS)

.PHONY: test-scale-openstack
test-scale-openstack: control-plane ## the OpenStack provider with a thousand nodes on the simulated OpenStack; about 10 minutes
	@cd test && go test -tags scale -timeout 60m -v -run TestScaleOpenStack ./openstack $(TEST_FLAGS)

.PHONY: test-openstack-real
test-openstack-real: control-plane openstackcli ## the OpenStack provider and the simulator against real services of Debian 12 on loopback; needs root
	@cd test && go test -tags openstackreal -p 1 -timeout 60m -v -run 'Real|Bed|UpdatedAt' ./clouds/openstack/real ./clouds/openstack/clisession ./openstack $(TEST_FLAGS)

.PHONY: bench
bench: control-plane ## the figures of docs/figures.md
	@cd test && go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cluster/...

.PHONY: control-plane
control-plane: ## etcd, kube-apiserver and kube-controller-manager, built once and kept in the user's cache
	@go run ./test/cluster/cmd/testcluster build

.PHONY: awscli
awscli: ## Debian's AWS command line: the simulated AWS has to serve clients that we did not write
	@[ -x /usr/bin/aws ] || { echo "installing awscli"; $(SUDO) apt-get -qq update && $(SUDO) apt-get -qq install -y --no-install-recommends awscli > /dev/null; }

.PHONY: openstackcli
openstackcli: ## Debian's OpenStack command line, which the simulated OpenStack has to serve
	@[ -f /usr/lib/python3/dist-packages/octaviaclient/__init__.py -a -f /usr/lib/python3/dist-packages/barbicanclient/__init__.py -a -x /usr/bin/openstack ] || { echo "installing python3-openstackclient"; $(SUDO) apt-get -qq update && $(SUDO) apt-get -qq install -y --no-install-recommends python3-openstackclient python3-octaviaclient python3-barbicanclient > /dev/null; }

.PHONY: build
build: ## the programs, stripped, in _out/
	@mkdir -p $(OUT)
	@for p in $(filter providers/%,$(MODULES)); do (cd $$p && GOWORK=off CGO_ENABLED=0 go build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o $(OUT)/ ./cmd/...); done
	@ls -l $(OUT)

.PHONY: generate
generate: ## reference pages and manifests from the code
	@cd providers/local && go test ./loadbalancer ./manager -update
	@cd providers/aws && go test ./config ./deploy/iam ./loadbalancer ./manager -update
	@cd providers/openstack && go test ./config ./loadbalancer ./manager -update
	@cd test/charts && GOWORK=off go test . -update
	@cd test/monitoring && GOWORK=off go generate ./...

.PHONY: boundaries
boundaries: ## no provider in another's module or binary, no SDK in common
	@go run ./test/cmd/boundaries

.PHONY: format
format: ## gofmt
	@gofmt -w $(MODULES)

.PHONY: check
check: check-format check-headers check-owners check-modules check-generated boundaries vet lint vulnerabilities ## everything but the tests

.PHONY: check-format
check-format:
	@echo "== gofmt"; out=$$(gofmt -l $(MODULES)); if [ -n "$$out" ]; then echo "not formatted (run make format):"; echo "$$out"; exit 1; fi

.PHONY: check-headers
check-headers:
	@echo "== headers"; bad=$$(git ls-files '*.go' | xargs grep -L 'SPDX-License-Identifier: Apache-2.0' || true); if [ -n "$$bad" ]; then echo "without the header of hack/boilerplate.go.txt:"; echo "$$bad"; exit 1; fi

.PHONY: check-owners
check-owners:
	@echo "== OWNERS"; for d in . providers/*; do for f in OWNERS; do [ -f $$d/$$f ] || { echo "$$d/$$f is missing"; exit 1; }; done; done
	@for a in $$(awk '/^  - /{print $$2}' OWNERS providers/*/OWNERS | grep -v / | sort -u); do grep -q "^  $$a:" OWNERS_ALIASES || { echo "OWNERS names $$a, which OWNERS_ALIASES does not define"; exit 1; }; done

.PHONY: check-modules
check-modules:
	@echo "== each module builds and is tidy alone"; for m in $(MODULES) $(ALONE); do (cd $$m && GOWORK=off go build ./... && GOWORK=off go mod tidy -diff); done

.PHONY: check-generated
check-generated:
	@echo "== generated files"; before=$$(git status --porcelain | sha256sum); $(MAKE) --no-print-directory generate; if [ "$$before" != "$$(git status --porcelain | sha256sum)" ]; then echo "generated files are not up to date (run make generate):"; git status --short; git diff | head -50; exit 1; fi

.PHONY: vet
vet:
	@echo "== go vet"; for m in $(MODULES); do (cd $$m && go vet ./...); done

.PHONY: lint
lint: $(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION)
	@echo "== golangci-lint"; for m in $(MODULES); do (cd $$m && $< run --config $(CURDIR)/.golangci.yml ./...); done

.PHONY: vulnerabilities
vulnerabilities:
	@if [ -n "$(VULNDB)" ]; then $(MAKE) --no-print-directory $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION); for m in $(MODULES); do (cd $$m && GOWORK=off $(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION) -db $(VULNDB) ./...); done; else echo "== vulnerable modules: no database at hand (set VULNDB=file:///path), not checked"; fi

$(TOOLS)/golangci-lint-$(GOLANGCI_LINT_VERSION):
	@echo "building golangci-lint $(GOLANGCI_LINT_VERSION), about 4 minutes the first time"
	@mkdir -p $(TOOLS) && d=$$(mktemp -d) && GOWORK=off GOBIN=$$d go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_LINT_VERSION) && mv $$d/golangci-lint $@ && rmdir $$d

$(TOOLS)/govulncheck-$(GOVULNCHECK_VERSION):
	@mkdir -p $(TOOLS) && d=$$(mktemp -d) && GOWORK=off GOBIN=$$d go install golang.org/x/vuln/cmd/govulncheck@$(GOVULNCHECK_VERSION) && mv $$d/govulncheck $@ && rmdir $$d

.PHONY: ci
ci: check test ## what .ci/run runs

.PHONY: clean
clean: ## remove what was built here; the caches stay
	@rm -rf $(OUT)
