# Skarb: the verbs. `make` alone lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DEV := $(VENV)/.ready-dev
# Bytecode is made when a module is first used, which is much sooner done than all of it at once.
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --editable

.DEFAULT_GOAL := help
.PHONY: help up test thorough ha check bench docs clean

help: ## list the verbs
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(READY) ## create the environment and start a living market in the browser
	@$(BIN)/skarb up

test: $(READY_DEV) ## run all tests
	@$(BIN)/python -m pytest -n auto

thorough: $(READY_DEV) ## the same in its full form, for hours (Debian: postgresql patroni etcd-server openjdk-17-jre-headless)
	@$(INSTALL) '.[spark]' || echo "Spark could not be installed; those tests are skipped"
	@SKARB_THOROUGH=1 $(BIN)/python -m pytest -n auto
	@$(MAKE) --no-print-directory ha

ha: $(READY_DEV) ## kill the leader of a database group under load, three times (Debian: postgresql patroni etcd-server)
	@$(BIN)/python -m tests.ha

check: $(READY_DEV) ## style, types, layers, the law packs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/skarb law check --law zz
	@$(BIN)/skarb law check --law by

bench: $(READY) ## print the figures that the documents quote
	@$(INSTALL) '.[bench]'
	@$(BIN)/skarb bench road --json
	@$(BIN)/skarb bench ledger --json
	@$(BIN)/skarb bench rules --json
	@$(BIN)/skarb bench replay --json
	@$(BIN)/skarb bench mining --json
	@$(BIN)/skarb bench flows --json
	@$(BIN)/skarb bench screening --json

docs: $(READY) ## write the generated reference pages into docs/reference
	@$(BIN)/python -m skarb.cli.reference docs/reference

clean: ## remove the environment and what tools leave behind
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(READY): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Skarb needs Python 3.11 or newer; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing Skarb into $(VENV), once …"
	@$(INSTALL) .
	@touch $(READY)

$(READY_DEV): $(READY)
	@echo "Installing what the tests need, once …"
	@$(INSTALL) '.[dev]'
	@touch $(READY_DEV)
