# Two commands do all the set-up on a fresh Debian or Ubuntu machine with Python 3.11+ and git: `make demo`, `make test`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$python; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Tests start a hundred programs: each would compile the package anew where Python is told not to keep what it compiled.
unexport PYTHONDONTWRITEBYTECODE
PIP := $(BIN)/python -m pip --disable-pip-version-check install --quiet --require-virtualenv

# The lowest share of lines, in percent, that the suite may reach.
COVERED := 95
# What shows most of a dependency's face in a few minutes.
QUICK := $(addprefix tests/,accounting billing config core documents ledger test_house.py commands/test_cli.py \
	delivery/test_smtp.py didfarm/test_http.py didfarm/test_webhooks.py month/test_independent_check.py \
	month/test_run.py operations/test_monitoring.py operations/test_onboarding.py reporting/test_page.py)

.PHONY: help setup setup-dev demo test test-postgres coverage test-dependencies test-lowest test-newest check matrix identities pictures bench wheel lock clean

help: ## Say what there is
	@grep -E '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/\1\t\2/' | expand -t 19

setup: $(VENV)/.run ## Make .venv with billing-job from the lock file, and install the system libraries it needs

setup-dev: $(VENV)/.dev

demo: setup ## Bill a month of an invented reseller; real PDFs in output/demo/
	$(BIN)/billing-job demo

test: setup-dev ## Run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal $(if $(COVERAGE),--cov --cov-fail-under=$(COVERED))

test-postgres: setup-dev ## Run all tests with their ledgers on a PostgreSQL server, which they start
	$(BIN)/python -m pytest -n auto --dist worksteal --ledger postgresql

coverage: COVERAGE := yes
coverage: test ## Run all tests, show the lines that none reaches, and fail when they are too many

test-dependencies: test-lowest test-newest ## A part of the tests with the lowest and the newest versions allowed (needs uv)

test-lowest: RESOLUTION := lowest-direct
test-newest: RESOLUTION := highest
test-lowest test-newest: test-%: $(VENV)/.python
	mkdir -p build/$*
	uv pip compile --quiet --upgrade --resolution $(RESOLUTION) --python $(PYTHON) --no-annotate --no-header \
		--extra dev pyproject.toml -o build/$*/requirements.txt
	uv venv --quiet --clear --python $(PYTHON) build/$*/venv
	uv pip sync --quiet --python build/$*/venv build/$*/requirements.txt
	uv pip install --quiet --no-deps --python build/$*/venv --editable .
	build/$*/venv/bin/python -m pytest -n auto --dist worksteal -p no:cacheprovider $(QUICK)

check: setup-dev ## Lint, formatting, types, imports; holes in the pinned versions, where osv.dev can be reached
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	.ci/audit $(BIN)/python
	$(BIN)/python -m tests.support.code_list_age

matrix: setup-dev ## Every seller to every client by the official rules, some minutes
	MATRIX=whole $(BIN)/python -m pytest -q tests/documents/test_matrix.py

identities: setup-dev ## Lists, boxes and accounts of VAT returns over 100,000 random documents, some minutes
	IDENTITIES=whole $(BIN)/python -m pytest -q tests/billing/test_vat_returns.py

pictures: setup-dev ## Draw the contact sheets in docs/ anew, some minutes (needs Chromium)
	$(BIN)/python -m tests.support.pictures

wheel: $(VENV)/.python ## Build the wheel into dist/, for `pip install` on another machine
	$(BIN)/python -m pip --disable-pip-version-check wheel --quiet --no-deps -w dist .

bench: $(VENV)/.bench ## Benchmarks: ratios against rivals run side by side
	$(BIN)/python -m tests.bench

lock: setup-dev ## Resolve the lock files again (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		pyproject.toml -o requirements.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra dev pyproject.toml -o requirements-dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
		--extra dev --extra bench pyproject.toml -o requirements-bench.lock

clean: ## Remove what was built; the ledger and output/ stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage*

$(VENV)/.python: .ci/system-libraries
	@test -n "$(PYTHON)" || { echo "billing-job needs Python 3.11 or newer; install python3 and run make again" >&2; exit 1; }
	.ci/system-libraries $(PYTHON)
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/.run: $(VENV)/.python requirements.lock pyproject.toml
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --editable .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	$(PIP) --require-hashes -r requirements-dev.lock
	touch $@

$(VENV)/.bench: $(VENV)/.dev requirements-bench.lock
	$(PIP) --require-hashes -r requirements-bench.lock
	touch $@
