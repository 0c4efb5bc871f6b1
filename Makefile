# The only door: people, pre-commit and the build machine all come through these targets.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

PYTHON ?= $(firstword $(foreach name,python3.11 python3.12 python3.13 python3,$(shell command -v $(name))))
BIN := .venv/bin
PY := $(BIN)/python
DIST := src/yingheng/common/ui/static/dist
LOCK := uv pip compile -q --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
	--universal --python-version 3.11

# Real DICOM sets, where somebody keeps them beside the checkout; tests that need them skip without.
REAL_DATA := $(abspath $(wildcard ../shared/data))
ifneq ($(REAL_DATA),)
export YINGHENG_TEST_DATA ?= $(REAL_DATA)
endif
export DJANGO_SETTINGS_MODULE ?= yingheng.config.settings
# Compiled modules are kept: the tests start hundreds of processes from the same ones.
unexport PYTHONDONTWRITEBYTECODE

FRONTEND_SOURCES := $(shell find frontend -path '*/node_modules' -prune -o -type f -print 2>/dev/null)
PO_FILES := $(shell find src -name '*.po' 2>/dev/null)

.PHONY: help setup system-packages demo run test soak check lint imports types migrations fmt docs bench \
	bench-setup bench-peers trace lock messages screenshots clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

## --- installing -------------------------------------------------------------------------------

SETUP := system-packages .venv/.python-done \
	$(if $(wildcard frontend/package.json),.venv/.frontend-done) $(if $(PO_FILES),.venv/.messages-done)

setup: $(SETUP) ## everything needed to run and test, in .venv and node_modules

system-packages:
	@tools/system_packages.sh

$(PY):
	@test -n "$(PYTHON)" && "$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed (make setup PYTHON=/path/to/python3.11)"; exit 1; }
	"$(PYTHON)" -m venv .venv

# The packages of the lock file, each checked by hash, then this project as an editable install.
.venv/.python-done: requirements/dev.txt pyproject.toml hatch_build.py | $(PY)
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

frontend/node_modules/.done: frontend/package.json frontend/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 20 or newer with npm is needed to build the front end"; exit 1; }
	cd frontend && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/.frontend-done: $(FRONTEND_SOURCES) frontend/node_modules/.done | $(PY)
	cd frontend && npm run --silent build -- --logLevel warn
	@touch $@

.venv/.messages-done: $(PO_FILES) | .venv/.python-done
	$(PY) tools/messages.py compile
	@touch $@

## --- running ----------------------------------------------------------------------------------

demo: setup ## start everything on demo data in one folder; ARGS go to `yingheng demo`
	$(BIN)/yingheng demo $(ARGS)

run: setup ## start the server; ARGS go to `yingheng serve`
	$(BIN)/yingheng serve $(ARGS)

## --- proving ----------------------------------------------------------------------------------

test: ## the whole suite by stages, with times against budgets; STAGES="core apps" for some
	@"$(or $(wildcard $(PY)),$(PYTHON))" tools/test_stages.py $(STAGES)

soak: setup ## long rounds (hours), not part of make test
	$(BIN)/pytest -m soak tests

check: lint imports types migrations trace-check docs ## everything that reads the code without running it

lint: | .venv/.python-done ## style and formatting
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

imports: | .venv/.python-done ## which module may import which
	$(BIN)/lint-imports

types: | .venv/.python-done ## types of imagingqc
	$(BIN)/mypy

migrations: | .venv/.python-done ## models and migrations agree
	YINGHENG_DEBUG=true $(PY) -m django makemigrations --check --dry-run

.PHONY: trace-check
trace-check: | .venv/.python-done
	$(PY) tools/trace.py --check

fmt: | .venv/.python-done ## format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: | .venv/.python-done ## validate the documents: links, glossary, ADRs
	$(PY) tools/docs.py
	$(PY) tools/standards_pages.py --check
	$(PY) tools/conformance.py --check

.PHONY: standards-pages
standards-pages: | .venv/.python-done ## write what the pages of the standards library count and list
	$(PY) tools/standards_pages.py

trace: | .venv/.python-done ## how much of the requirements is covered
	$(PY) tools/trace.py

bench-setup: setup ## prepare what the benches read (generated data below build/bench)
	$(PY) tools/bench.py --prepare

bench-peers: ## other programs to measure against, in build/bench/peers; never part of the product
	"$(PYTHON)" -m venv build/bench/peers
	build/bench/peers/bin/pip install --quiet --disable-pip-version-check -r requirements/peers.txt

bench: setup ## measure one thing: make bench NAME=check; writes build/bench/NAME.json
	$(PY) tools/bench.py $(NAME)

## --- keeping ----------------------------------------------------------------------------------

lock: ## resolve requirements/*.in anew into files with hashes and without addresses (needs uv)
	cd requirements && for name in base postgres ocr dev; do $(LOCK) $$name.in -o $$name.txt; done

messages: | .venv/.python-done ## collect and compile the translations
	$(PY) tools/messages.py collect
	$(PY) tools/messages.py compile

screenshots: setup ## pictures of the pages, into build/screenshots
	$(PY) tools/screenshots.py

clean: ## remove what was built; keeps .venv and node_modules
	rm -rf build dist $(DIST) .venv/.frontend-done .venv/.messages-done
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src -name '*.mo' -delete
