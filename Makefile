# realmkit: `make demo` opens a living realm, `make test` runs the whole suite.
# Every target sets up what it needs first; a second run finds everything in place.

PYTHON ?= python3
BIN := .venv/bin
# The Node that setup found or installed.
NODE = $(shell $(PYTHON) scripts/setup.py node)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check format bench bench-dashboard clean

help: ## Show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: ## Install and build everything, inside this folder
	@$(PYTHON) scripts/setup.py

demo: setup ## Open a living realm: the countries of the world, and an insurance office
	@$(BIN)/realmkit serve examples/atlas examples/insurance

test: setup ## Run the whole suite
	@$(BIN)/pytest --numprocesses auto --maxprocesses 4 --dist loadscope

check: setup ## Lint, types, the import contract, and the TypeScript checks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pyright
	$(NODE) node_modules/@biomejs/biome/bin/biome check .
	$(NODE) node_modules/typescript/bin/tsc --noEmit -p tsconfig.json

format: setup ## Format Python and TypeScript
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NODE) node_modules/@biomejs/biome/bin/biome check --write .

bench: setup ## Run every benchmark; each prints a ratio
	@for each in benchmarks/bench_*.py; do $(BIN)/python $$each || exit 1; done

bench-dashboard: setup ## Render the insurance dashboard in four ways: requests, statements, bytes, time
	@$(BIN)/python benchmarks/bench_dashboard.py

clean: ## Remove what setup made
	rm -rf .venv .tools node_modules src/realmkit/static .realmkit
