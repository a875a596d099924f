# videoserver: `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo run test lint lock bench bench-queue bench-http chaos soak

help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

# A stamp holds the lock's hash: when it matches, no network is touched.
LOCK := $(shell cat requirements.txt overrides.txt | $(PYTHON) -c 'import hashlib,sys;print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')
LOCK_DEV := $(shell cat requirements.txt overrides.txt requirements-dev.txt | $(PYTHON) -c 'import hashlib,sys;print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())')

setup: ## Create .venv and install the locked requirements
	@if [ "$$(cat $(VENV)/runtime.stamp 2>/dev/null)" != "$(LOCK)" ]; then \
		echo "Installing the locked requirements into $(VENV) …"; \
		$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "videoserver needs Python 3.11 or newer")' && \
		{ [ -x $(BIN)/python ] || $(PYTHON) -m venv $(VENV); } && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r overrides.txt && \
		echo "$(LOCK)" > $(VENV)/runtime.stamp; fi

setup-dev: setup
	@if [ "$$(cat $(VENV)/dev.stamp 2>/dev/null)" != "$(LOCK_DEV)" ]; then \
		echo "Installing the development tools …"; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r overrides.txt && \
		echo "$(LOCK_DEV)" > $(VENV)/dev.stamp; fi

demo: setup ## Make a film from the brief in docs/ through the real queue and a real worker
	@$(BIN)/python manage.py demo

run: setup ## Web server and worker at http://127.0.0.1:8000/ (PORT to change)
	@exec $(BIN)/python manage.py serve

test: setup-dev ## The whole suite; REQUIRE_ALL=1 fails where a part of the machine is missing
	@$(BIN)/python -m pytest -n auto --dist loadgroup $(TESTS)

lint: setup-dev ## Format, lint, types, house rules, secrets
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy
	@$(BIN)/python -m tests.secret_scan

lock: ## Lock the requirements anew, with uv on the path
	@for name in requirements requirements-dev; do \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			$$name.in --output-file $$name.txt; done

bench: setup-dev ## The engine's ratio table, also as JSON under var/bench/
	@$(BIN)/python -m tests.bench.engine

bench-queue: setup-dev ## Order to start, jobs a second, and the claim with 10,000 in line
	@$(BIN)/python -m tests.bench.queue

bench-http: setup-dev ## Reads beside 200 slow clients of each kind, memory, plain reads, a download
	@$(BIN)/python -m tests.bench.http

chaos: setup-dev ## Kill everything at random while JOBS are made, on each stack; SEED repeats a run
	@$(BIN)/python -m tests.chaos --jobs $(or $(JOBS),200) $(if $(SEED),--seed $(SEED)) $(if $(STACK),--stack $(STACK)) $(if $(REDIS_AWAY),--redis-away $(REDIS_AWAY))

soak: setup-dev ## What takes longer than a minute by nature: films of ten minutes and the like
	@$(BIN)/python -m tests.soak
