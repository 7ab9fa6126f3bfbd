# Penstock's commands; `make help` lists them.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# What serve and bench run; each can be given on make's command line.
MODEL ?= models/SmolLM2-135M-Instruct.Q4_1.gguf
PP_SIZE ?= 2
HOST ?= 127.0.0.1
PORT ?= 30000
ARGS ?=

# Tests run optimised, as the kernels are too slow otherwise, and see what their targets keep to
# themselves. The binary is built the same way, so that one build serves both.
SWIFT_FLAGS := --configuration release -Xswiftc -enable-testing
PENSTOCK := .build/release/penstock
FORMATTED := Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Parts
PARTS := --package-path Benchmarks $(SWIFT_FLAGS)

##@ Use

.PHONY: serve
serve: build model ## Serve the model at PP_SIZE stages (default: 2) on PORT (30000)
	@exec $(PENSTOCK) serve --model-path "$(MODEL)" --pp-size "$(PP_SIZE)" \
	    --host "$(HOST)" --port "$(PORT)" $(ARGS)

.PHONY: bench
bench: build model ## Measure prefill with the model
	@$(PENSTOCK) bench prefill "$(MODEL)" $(ARGS)

.PHONY: bench-parts
bench-parts: packages ## Measure the parts: kernels, scheduler, codec, tokenizer and others
	@swift package $(PARTS) --allow-writing-to-package-directory benchmark $(ARGS)

.PHONY: build
build: packages ## Install what is missing and build .build/release/penstock
	@swift build $(SWIFT_FLAGS)

.PHONY: model
model: packages ## Fetch the small model that serve, bench and the tests use
	@scripts/fetch-model.sh

##@ Develop

.PHONY: test
test: packages model clients ## Build and run every test, and every benchmark once
	@swift build $(SWIFT_FLAGS) --build-tests
	@swift test $(SWIFT_FLAGS) --skip-build --disable-xctest --no-parallel $(ARGS)
	@$(if $(ARGS),,swift build $(PARTS) --product Parts && Benchmarks/.build/release/Parts --once)

.PHONY: lint
lint: ## Check the format of sources and scripts
	@swift format lint --strict --recursive --parallel --configuration .swift-format $(FORMATTED)
	@if command -v shellcheck >/dev/null; then shellcheck .ci/run $$(find scripts -name '*.sh'); fi
	@echo "Nothing to complain about."

.PHONY: format
format: ## Bring the sources into their format
	@swift format --in-place --recursive --parallel --configuration .swift-format $(FORMATTED)

.PHONY: clean
clean: ## Remove what was built; the model and the Python environment stay
	@rm -rf .build Benchmarks/.build

.PHONY: help
help: ## List these commands
	@awk 'BEGIN { FS = ":.*## "; printf "\nUsage: make \033[36mCOMMAND\033[0m [NAME=VALUE …]\n" } \
	    /^##@/ { printf "\n\033[1m%s\033[0m\n", substr($$0, 5) } \
	    /^[a-z-]+:.*## / { printf "  \033[36m%-11s\033[0m %s\n", $$1, $$2 } \
	    END { printf "\nExample: make serve PP_SIZE=3 ARGS=\"--log-level debug\"\n\n" }' \
	    $(firstword $(MAKEFILE_LIST))

# Steps of the commands above.

.PHONY: packages
packages:
	@command -v swift >/dev/null || { echo "Please install Swift 6.3 first." >&2; exit 1; }
	@scripts/install-packages.sh

.PHONY: clients
clients: packages
	@scripts/python-environment.sh tests
