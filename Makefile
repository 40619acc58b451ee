# `make` alone lists what there is. Everything is installed into .venv, nothing elsewhere.

PYTHON ?= python3
PORT ?=
BIN := .venv/bin
JOBS := $(shell nproc 2>/dev/null || echo 2)

.DEFAULT_GOAL := help
.PHONY: help run test tools check lint bench lock wheel

help: ## list the targets
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: .venv/ready ## start the demo on http://127.0.0.1:8080 (PORT=8081 for another port)
	@$(if $(PORT),TESSERA_PORT=$(PORT) )exec $(BIN)/tessera run --demo

test: .venv/ready-dev tools ## run all tests, on SQLite and on PostgreSQL
	$(BIN)/python -m pytest -n $(JOBS)

# What tests and README call besides Python; installed by Debian's packages where that is possible.
tools:
	@( for tool in openssl curl unzip; do command -v $$tool > /dev/null || exit 1; done ) \
		|| { apt-get update -q && apt-get install -y -q openssl curl unzip; } \
		|| { echo "The tests need openssl, curl and unzip: install them." >&2; exit 1; }

check: lint test ## what continuous integration runs: lint, types, tests

lint: .venv/ready-dev ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: .venv/ready-dev ## measure signing and pushing, beside their limits and other makers of passes
	$(BIN)/python -m bench

lock: .venv/ready-dev ## pin all dependencies anew, with hashes
	$(BIN)/uv pip compile $(LOCK) --extra build -o requirements.txt
	$(BIN)/uv pip compile $(LOCK) --extra build --extra dev -c requirements.txt -o requirements-dev.txt

LOCK := --universal --generate-hashes --no-emit-index-url --python-version 3.11 -q --upgrade pyproject.toml

wheel: .venv/ready-dev ## build the wheel into dist/
	$(BIN)/python -m hatchling build -t wheel

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Tessera needs Python 3.11 or newer; name it: make run PYTHON=python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "Python's venv module is missing. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/ready: requirements.txt pyproject.toml | .venv/bin/python
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/ready-dev: requirements-dev.txt .venv/ready
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@
