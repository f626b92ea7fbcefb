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
CORE_VENV := .venv-core
# Reads and writes nothing; `tests/unit/test_imports.py` sees that it needs nothing Airflow brings along.
DOMAIN := core grids stations landscapes indices plans alerts
# A server with PostGIS for the views of geometries, R for the worked questions, a browser for the site, a broker for workers, the web server of the containers.
APT_PACKAGES := postgresql-15-postgis-3 r-base-core r-cran-rpostgresql chromium redis-server nginx-light faketime

# `make setup` makes an environment for developing, `make install` one for running: the same folder holds the one or the
# other, and the mark it bears (.ready, or .installed- with the name of the lock) says which. What only runs takes either.
INSTALLED := $(wildcard $(VENV)/.installed-*)
# The one that was installed, else the one that the stick was made of.
LOCK ?= $(or $(patsubst $(VENV)/.installed-%,%,$(INSTALLED)),$(ON_STICK),airflow)
RUNNABLE := $(or $(INSTALLED),$(VENV)/.ready)
# A folder that `make wheelhouse` filled, for machines without internet.
WHEELHOUSE ?=
ON_STICK = $(if $(WHEELHOUSE),$(basename $(notdir $(firstword $(wildcard $(addprefix $(WHEELHOUSE)/,airflow.txt timer.txt))))))
OFFLINE := $(if $(WHEELHOUSE),--no-index --find-links $(WHEELHOUSE)/wheels)
# Two versions lie side by side: the folder in the archive says which it is.
RELEASE = cacilm-drought-$$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)-$$(git rev-parse --short HEAD)
MADE_FOR = $$($(1) -c 'import platform as p; print(p.system(), p.machine(), "Python", *p.python_version_tuple()[:2])')

.PHONY: help setup install wheelhouse sound-wheelhouse lock apt check audit test test-slow test-unit-without-airflow demo up down format clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 28

setup: $(VENV)/.ready ## everything the other targets need, in .venv

$(UV): | sound-wheelhouse
	@[ -n "$(PYTHON)" ] || { echo "setup: expected Python 3.11 or 3.12, found neither;" \
	  "install one, or say make PYTHON=/path/to/python3.12" >&2; exit 1; }
	echo "setup: uv $(UV_VERSION) into .tools"
	$(PYTHON) -m venv .tools
	.tools/bin/pip install --quiet --disable-pip-version-check $(OFFLINE) uv==$(UV_VERSION)

$(VENV)/.ready: requirements/all.txt pyproject.toml | $(UV)
	@echo "setup: about 450 MB of packages into $(VENV) (only what is not cached is downloaded)"
	rm -f $(VENV)/.installed-*
	[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/all.txt
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

install: $(VENV)/.installed-$(LOCK) ## what running needs, in .venv; LOCK=timer without Airflow, WHEELHOUSE=DIR without internet
	@echo "install: done, by requirements/$(LOCK).txt; the command is .venv/bin/drought"

$(VENV)/.installed-%: requirements/%.txt pyproject.toml | sound-wheelhouse $(UV)
	@echo "install: packages of requirements/$*.txt into $(VENV)$(if $(WHEELHOUSE),, (only what is not cached is downloaded))"
	rm -f $(VENV)/.ready $(VENV)/.installed-*
	[ -x $(BIN)/python ] || $(UV) venv --quiet --python $(PYTHON) $(VENV)
	$(UV) pip sync --quiet --python $(BIN)/python $(OFFLINE) --require-hashes requirements/$*.txt
	$(UV) pip install --quiet --python $(BIN)/python $(OFFLINE) --no-deps --no-build-isolation -e .
	touch $@

sound-wheelhouse:
	@[ -n "$(WHEELHOUSE)" ] || exit 0
	fail() { echo "install: $(WHEELHOUSE): $$*" >&2; exit 1; }
	(cd $(WHEELHOUSE) && sha256sum --check --quiet SHA256SUMS) || fail "expected files as they were written, got others; copy it anew"
	cmp --quiet $(WHEELHOUSE)/$(LOCK).txt requirements/$(LOCK).txt || fail "was not made of this requirements/$(LOCK).txt;" \
	  "make it anew with LOCK=$(LOCK)"
	here="$(call MADE_FOR,$(PYTHON))"
	[ "$$(cat $(WHEELHOUSE)/MADE_FOR)" = "$$here" ] || fail "made for $$(cat $(WHEELHOUSE)/MADE_FOR), here is $$here; make it anew"

wheelhouse: | $(UV) ## all that an installation without internet needs, into TO=DIR (a stick), with checksums
	@[ -n "$(TO)" ] || { echo "wheelhouse: say where: make wheelhouse TO=/media/stick/drought" >&2; exit 2; }
	mkdir -p $(TO)/wheels
	echo "wheelhouse: packages of requirements/$(LOCK).txt into $(TO)"
	# What an earlier patch of this Python needs, Debian's may need.
	sed -E "s/ ; python_full_version < '3\.[0-9]+\.[0-9]+'//" requirements/$(LOCK).txt >$(TO)/wanted.txt
	.tools/bin/pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary :all: \
	  --requirement $(TO)/wanted.txt --dest $(TO)/wheels
	rm $(TO)/wanted.txt
	.tools/bin/pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	  uv==$(UV_VERSION) --dest $(TO)/wheels
	rm -f $(TO)/cacilm-drought*.tar.gz $(TO)/airflow.txt $(TO)/timer.txt
	git archive --format tar.gz --prefix "$(RELEASE)/" --output "$(TO)/$(RELEASE).tar.gz" HEAD
	echo "$(call MADE_FOR,.tools/bin/python)" >$(TO)/MADE_FOR
	cp requirements/$(LOCK).txt $(TO)/
	cd $(TO)
	find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum >SHA256SUMS
	du -sh .
	echo "wheelhouse: done; on the server it unpacks as $$(basename cacilm-drought-*.tar.gz .tar.gz)"

lock: | $(UV) ## resolve the dependencies anew into requirements/
	@compile() { $(UV) pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	  --no-header --python-version 3.11 pyproject.toml --group build "$$@"; }
	airflow="--extra airflow --extra workers --extra s3"
	compile --group dev $$airflow -o requirements/all.txt
	compile --group dev -c requirements/all.txt -o requirements/core.txt
	compile $$airflow -c requirements/all.txt -o requirements/airflow.txt
	compile --extra s3 -c requirements/all.txt -o requirements/timer.txt

apt: ## Debian packages that tests need (nothing where they are present, or without root)
	@for package in $(APT_PACKAGES); do
	  dpkg --status $$package >/dev/null 2>&1 && continue
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	    apt-get install --yes --quiet --no-install-recommends $$package || {
	      apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends $$package; }
	  else
	    echo "apt: $$package is missing and needs root; the tests that need it skip"
	  fi
	done

check: setup ## format, lint, types, imports, SQL, spelling, and unit tests without Airflow
	@$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint --disable-progress-bar --processes 2 sql
	$(BIN)/codespell
	$(MAKE) --no-print-directory test-unit-without-airflow

audit: setup ## known vulnerabilities in the dependencies; asks the internet, and fails where one could not be looked up
	@# --strict: without it what nobody answers for passes as sound.
	$(BIN)/pip-audit --disable-pip --require-hashes --strict --progress-spinner off \
	  $$(sed -nE 's/^([A-Z][^[:space:]]+)[[:space:]].*/--ignore-vuln \1/p' requirements/audit-ignored) \
	  $(addprefix --requirement ,$(wildcard requirements/*.txt)) || { \
	  echo "audit: a vulnerability is known, or a dependency could not be looked up: nothing is shown to be sound" >&2; exit 1; }

$(CORE_VENV)/.ready: requirements/core.txt pyproject.toml | $(UV)
	@echo "setup: a second environment without Airflow, from the same packages"
	[ -x $(CORE_VENV)/bin/python ] || $(UV) venv --quiet --python $(PYTHON) $(CORE_VENV)
	$(UV) pip sync --quiet --python $(CORE_VENV)/bin/python --require-hashes requirements/core.txt
	$(UV) pip install --quiet --python $(CORE_VENV)/bin/python --no-deps --no-build-isolation -e .
	touch $@

test-unit-without-airflow: $(CORE_VENV)/.ready ## the unit tests of all but the domain, with Airflow uninstalled
	@! $(CORE_VENV)/bin/python -c 'import airflow' 2>/dev/null || { echo "Airflow is installed in $(CORE_VENV)" >&2; exit 1; }
	$(CORE_VENV)/bin/python -m pytest -q -n 2 $(addprefix --ignore=tests/unit/,$(DOMAIN)) tests/unit

# Three on two cores: with two the cores stood idle a third of the time, waiting for Postgres, schedulers and browsers.
test: setup ## all tests but the slow; fails if fewer are collected than tests/floor.txt says
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore=tests/slow --floor "$$(cat tests/floor.txt)"

# The longest first; three beside each other here as well.
LONGEST := $(addprefix tests/slow/test_,two_workers.py faults.py live.py kills.py)

test-slow: setup ## tests that start whole systems: Airflow live, workers, killed cycles
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder --durations=10 $(LONGEST) $(filter-out $(LONGEST),$(wildcard tests/slow/test_*.py))

demo: $(RUNNABLE) ## the main job on simulated data: rain in, letters out, on this machine
	@$(BIN)/drought demo

up: $(RUNNABLE) ## Airflow with its page, live, on the embedded Postgres
	@$(BIN)/drought airflow up

down: ## stop what `make up` and `make demo` left running
	@[ ! -x $(BIN)/drought ] || { $(BIN)/drought airflow down; $(BIN)/drought db down; DROUGHT_VAR=var/demo $(BIN)/drought db down; }

format: setup ## put code and SQL in order
	@$(BIN)/ruff format --quiet .
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/sqlfluff fix --disable-progress-bar sql

clean: down ## remove environments and caches; var/, your data, stays
	@rm -rf $(VENV) $(CORE_VENV) .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
