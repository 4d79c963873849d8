# Two commands are all that a newcomer needs: `make demo` and `make test`. Each sets up by itself.

PYTHON ?= python3
# One more than there are cores: one of them waits for a browser much of the time.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) + 1)')
# Of `make soak`: how many customers.
CUSTOMERS ?= 200
# Of `make bench`: small, medium or large; and a file for all numbers of either.
SIZE ?= large
JSON ?=

VENV = .venv
RUN = $(VENV)/bin/python
INSTALLED = $(VENV)/.installed
TOOLS = $(VENV)/.installed-tools
PEERS = $(VENV)/.installed-peers
# Without compiling every module of every package: Python compiles those that are used, at their use.
PIP = $(RUN) -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt
PYTEST = $(RUN) -m pytest --numprocesses $(WORKERS) --dist loadgroup

# Checkers read the settings, which want addresses; nothing connects to these.
NOWHERE = DATABASE_URL=postgres://nowhere.invalid/none REDIS_URL=redis://nowhere.invalid/0

.PHONY: help setup demo sandbox test lint conformance bench soak screenshots messages

help:
	@echo "make demo         the portal and a sandbox utility, ready to click"
	@echo "make sandbox      the sandbox utility alone"
	@echo "make test         all tests"
	@echo "make lint         formatting, types, import contracts, migrations"
	@echo "make conformance  the certification's tests against the sandbox, and their table in docs/"
	@echo "make bench        how quick reading and storing are, beside others; SIZE=small for a quick look"
	@echo "make soak         many customers through everything that can go wrong, and a table; CUSTOMERS=200"
	@echo "make screenshots  pictures of the pages, in var/screenshots"
	@echo "make messages     what translators wrote in locale/, compiled for Django"
	@echo "make setup        only what the others need first: .venv and .env"

setup: $(INSTALLED) .env

$(INSTALLED): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "This needs Python 3.11 or newer, and '$(PYTHON)' is not. Name one that is:"; \
		echo "    make $(MAKECMDGOALS) PYTHON=python3.12"; exit 1; }
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	@echo "Installing packages into $(VENV)"
	@$(PIP) '.[embedded]'
	@touch $@

# Tests and checkers take longer to install than the rest, and the demo needs none of them.
$(TOOLS): $(INSTALLED)
	@echo "Installing the tools for tests and lint"
	@$(PIP) '.[embedded,dev]'
	@touch $@

# Only the bench needs what it compares with.
$(PEERS): $(INSTALLED)
	@echo "Installing what the bench compares with"
	@$(PIP) '.[embedded,bench]'
	@touch $@

.env:
	@umask 077 && $(PYTHON) -c 'import base64, secrets; \
		print("# Written by make setup; .env.example explains every variable."); \
		print("SECRET_KEY=" + secrets.token_urlsafe(48)); \
		print("FIELD_KEYS=" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())' > .env.new
	@mv .env.new .env
	@echo "Wrote .env with keys of its own"

demo: setup
	@$(RUN) manage.py demo

sandbox: setup
	@$(RUN) manage.py sandbox

test: setup $(TOOLS)
	$(PYTEST)
	SITE=sandbox $(PYTEST) tests/sandbox

lint: setup $(TOOLS)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(NOWHERE) $(VENV)/bin/mypy --exclude '(utilities|tests)/sandbox'
	$(NOWHERE) SITE=sandbox $(VENV)/bin/mypy --cache-dir .mypy_cache/sandbox -p utilities.sandbox -p tests.sandbox
	$(VENV)/bin/lint-imports
	$(RUN) manage.py makemigrations --check --dry-run
	SITE=sandbox $(RUN) manage.py makemigrations --check --dry-run

conformance: setup $(TOOLS)
	$(RUN) -m pytest --numprocesses 0 tests/conformance --conformance-table docs/conformance.md

bench: setup $(PEERS)
	@$(RUN) manage.py bench --size $(SIZE) $(if $(JSON),--json $(JSON))

soak: setup
	@$(RUN) manage.py soak --authorizations $(CUSTOMERS) $(if $(JSON),--json $(JSON))

screenshots: setup $(TOOLS)
	@mkdir -p var/screenshots docs
	SCREENSHOTS=var/screenshots BROWSER=required $(RUN) -m pytest tests/e2e
	@cp var/screenshots/usage-year-top-desktop.png docs/usage.png
	@echo "Pictures of every page are in var/screenshots; the README's is docs/usage.png."

# The compiled files are in the tree, so that nobody needs tools to run the portal.
messages: setup $(TOOLS)
	$(VENV)/bin/pybabel compile --directory locale --domain django
