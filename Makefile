# Two commands matter: `make run` and `make test`. Everything is installed into .venv.
PYTHON ?= python3
BIN := .venv/bin
CHROMIUM ?= /usr/bin/chromium

.PHONY: help run test test-fast lint bench storm collect audit lock clean

help: ## list the commands
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: .venv/.run ## dashboard and collector on this machine, demo data when nothing is configured
	@exec $(BIN)/python run.py

test: .venv/.dev ## install what tests need and run them all
	@$(BIN)/python tests/needs.py
	$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

test-fast: .venv/.dev ## the tests that need neither browser nor PostgreSQL
	$(BIN)/python -m pytest -n 2 -m "not e2e and not postgresql" $(ARGS)

lint: .venv/.dev ## style and common mistakes
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

bench: .venv/.dev ## the speed targets, as ratios (ARGS=--ten-million for the large one)
	$(BIN)/python -m benchmarks $(ARGS)

storm: .venv/.dev ## kill the collector at random moments; nothing may be lost (ARGS="--kills 100")
	$(BIN)/python -m benchmarks.storm $(ARGS)

collect: .venv/.run ## one round of the collector
	$(BIN)/python -m collector --once

audit: .venv/.dev ## secrets in the work tree and its history, known vulnerabilities in the pinned packages
	$(BIN)/python -m tests.secrets
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.txt || { \
	  echo "audit: FAILED. Either vulnerabilities are listed above, or the advisory service (https://pypi.org)"; \
	  echo "could not be asked (an error, or a package 'not found on PyPI'): then NOTHING was audited."; exit 1; }

lock: .venv/.dev ## pin requirements*.txt anew from requirements*.in
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements.in -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header requirements-dev.in -o requirements-dev.txt

clean: ## remove the environment and local data
	rm -rf .venv var

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; call: make PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv .venv || { echo "The venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; rm -rf .venv; exit 1; }

.venv/.run: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@ .venv/.run
