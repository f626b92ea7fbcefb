# The front door. CI calls these same targets; `make` alone lists them.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.ONESHELL:

# Byte code makes importing Airflow three times faster; a foreign environment would be synced away.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
unexport PYTHONPATH
export UV_PYTHON_DOWNLOADS := never

# The first that runs and fits: a version manager's shim may exist without its Python.
PYTHON ?= $(firstword $(shell for p in python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p; done))
UV_VERSION := 0.13.9
UV := .tools/bin/uv
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help setup lock apt demo test test-unit-without-airflow check format up down clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 28

setup: $(VENV)/.ready ## everything the other targets need, in .venv

$(UV):
	@[ -n "$(PYTHON)" ] || { echo "setup: expected Python 3.11 or 3.12, found neither;" \
	  "install one, or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	echo "setup: uv $(UV_VERSION) into .tools"
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.ready: requirements/all.txt pyproject.toml | $(UV)
	@echo "setup: about 420 MB of packages into $(VENV) (only what is not cached is downloaded)"
	[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/all.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

lock: | $(UV) ## resolve the dependencies anew into requirements/
	@compile() { $(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-header --python-version 3.11 pyproject.toml --group dev "$$@"; }
	compile --extra airflow -o requirements/all.txt
	compile -c requirements/all.txt -o requirements/core.txt
