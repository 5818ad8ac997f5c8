# The tasks of the house. Each says what it is doing and how far it is; what is built stays in ~/.cache/brazier
# (BRAZIER_CACHE) for the next time. docs/cluster.md says more about clusters.
.PHONY: help demo test lint bench coverage generate images cluster cluster-programs down
.DEFAULT_GOAL := help
SHELL := /bin/bash
export BRAZIER_CACHE ?= $(HOME)/.cache/brazier
export CARGO_TARGET_DIR ?= $(BRAZIER_CACHE)/target

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 26

demo: ## a cluster with the operator, a FHIR service, a connector and data in it
	@tasks/demo

test: ## build everything and run every test, on a real PostgreSQL and a real Kubernetes
	@tasks/test

lint: ## formats, lints, house rules; warnings are errors
	@tasks/lint

bench: ## the load program, each result beside what PostgreSQL itself does on this machine
	@e2e/bench/run $(ARGUMENTS)

coverage: ## how much of the code the tests run
	@tasks/coverage

generate: ## regenerate the chart's CRDs and the server's definitions
	@tasks/generate

images: cluster-programs ## build the images, and an archive of each
	. tasks/environment && cargo build --release --workspace --bins
	images/build

cluster: cluster-programs ## bring the embedded cluster up and print how to use it (NODES=3)
	@printf 'export KUBECONFIG=%s\n' "$$(tasks/use-cluster)"

cluster-programs: ## build Kubernetes, CoreDNS and Helm from their Go modules
	e2e/cluster/build

down: ## remove the clusters that the others created, with all volumes
	@tasks/down
