# Everything runs from a bare clone: the first call makes .venv, gets Kafka, Burrow and MariaDB, and says so.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: help install demo test check generated bench sandbox sandbox-down lock servers python

help:
	@echo "make demo          two real incidents, repaired on real servers; with KEEP=1 these stay"
	@echo "make test          all tests, on real servers"
	@echo "make check         lint, format, types, imports, generated files"
	@echo "make bench         ratios against Kafka's own tool, and against plain ways of finding and filling holes"
	@echo "make sandbox       start the servers and leave them running; make sandbox-down ends them, and the demo's"
	@echo "make install       only get what the others need"
	@echo "make lock          pin the newest versions pyproject.toml allows"

demo: install
	@$(BIN)/python -m sandbox.demo

# Both halves run whatever the first says; each ends with pytest's own summary line.
test: install
	@failed=0; \
	echo "== without servers"; $(BIN)/python -m pytest -n auto tests/unit --cov || failed=1; \
	echo "== on real servers"; $(BIN)/python -m pytest tests --ignore=tests/unit || failed=1; \
	exit $$failed

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(MAKE) --no-print-directory generated

generated: $(READY)
	$(BIN)/elreconcile schema --check schemas

bench: install
	@$(BIN)/python -m bench

sandbox: install
	@$(BIN)/python -m sandbox up

sandbox-down: $(READY)
	@$(BIN)/python -m sandbox down
	@$(BIN)/python -m sandbox delete --folder .sandbox-demo

# At the same time: the one is pip's, the other apt's and Maven's.
install: python
	@$(MAKE) --no-print-directory -j2 $(READY) servers

servers: python
	@$(PYTHON) -m sandbox.install

python:
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m sandbox.install venv

lock: $(READY)
	$(BIN)/pip-compile --quiet --upgrade --extra dev --allow-unsafe --generate-hashes --strip-extras --no-header \
	    --no-emit-index-url --no-emit-trusted-host --no-emit-find-links -o requirements-dev.lock pyproject.toml

# The project itself is installed as a link to src/, built by the pinned hatchling.
$(READY): requirements-dev.lock pyproject.toml | python
	@echo "making $(VENV) with $$($(PYTHON) --version) and $$(grep -c '==' requirements-dev.lock) pinned packages"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
