# make run     a server on http://127.0.0.1:8000
# make test    lint, types and the whole test suite
# make prove   the long proofs at full size, and the rooms' tests on PostgreSQL
# make faults  a model server that fails on demand, to see Parley survive; FAULTS_PORT=9009
# make bench   what Parley costs beside other relays, in six minutes
# make lock    pin the dependencies anew

PYTHON ?= python3
BIN := .venv/bin
FAULTS_PORT ?= 9009
COMPILE := uv pip compile --universal --generate-hashes --no-emit-index-url --no-annotate --quiet

.PHONY: run test clients servers views rooms programs deploy browser lint types prove faults bench lock clean

run: .venv/run
	@exec $(BIN)/gunicorn --config gunicorn.conf.py wsgi:app

test: .venv/test clients lint types
	@$(MAKE) --no-print-directory --jobs 2 browser servers views rooms programs deploy

# Two at once: what starts servers and other programs, or drives a browser, waits half of the time, and
# with a third one the two cores are so busy that limits of time are reached. The long ones first.
PROGRAMS := $(addprefix tests/,clients cli docs metrics storage tools tracing)
DEPLOY := $(addprefix tests/,deploy cluster bench)

servers: .venv/test
	$(BIN)/python -m pytest tests/server -m "not prove"

views: .venv/test
	$(BIN)/python -m pytest tests/blueprints -m "not prove"

rooms: .venv/test
	$(BIN)/python -m pytest tests $(patsubst %,--ignore %,tests/browser tests/server \
	  tests/blueprints $(PROGRAMS) $(DEPLOY)) -m "not prove"

programs: .venv/test
	$(BIN)/python -m pytest $(PROGRAMS) -m "not prove"

deploy: .venv/test
	$(BIN)/python -m pytest $(DEPLOY) -m "not prove"

browser: .venv/test
	$(BIN)/python -m pytest tests/browser -o addopts="" -p no:cacheprovider

# Before the others, who would install them in each other's way. Without npm their tests are skipped.
clients: $(if $(shell command -v npm),tests/clients/node_modules/made)

tests/clients/node_modules/made: tests/clients/package-lock.json
	@cd tests/clients && npm ci --no-audit --no-fund --silent
	@touch $@

lint: .venv/test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/test
	$(BIN)/mypy

prove: .venv/test
	$(BIN)/python -m pytest tests --ignore tests/browser -m prove
	TEST_DATABASE=postgresql $(BIN)/python -m pytest $(addprefix tests/,blueprints services runs cli) -m "not prove"

faults: .venv/run
	@exec $(BIN)/python -m tests.upstream $(FAULTS_PORT)

bench: .venv/run .venv-bench/made
	@$(BIN)/python -m bench

lock:
	$(COMPILE) pyproject.toml -o requirements.txt
	$(COMPILE) --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt
	$(COMPILE) --python-version 3.11 -c requirements.txt bench/requirements.in -o bench/requirements.txt

clean:
	rm -rf .venv .venv-bench

# Stamps: an installation is repeated only when what is pinned has changed.
.venv/run: requirements.txt | .venv/made
	@echo "Installing what Parley runs on. This happens once and takes a minute."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.txt
	@touch $@

.venv/test: requirements-dev.txt | .venv/made
	@echo "Installing what the tests need. This happens once and takes a minute or two."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.txt
	@touch .venv/run $@

.venv-bench/made: bench/requirements.txt
	@echo "Installing the other relays. This happens once and takes a minute."
	@$(PYTHON) -m venv .venv-bench
	@.venv-bench/bin/python -m pip install --quiet --require-hashes -r bench/requirements.txt
	@touch $@

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Parley needs Python 3.11 or newer; set PYTHON=python3.12, say.")'
	@$(PYTHON) -m venv .venv
	@touch $@
