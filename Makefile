# The few commands people type. Each is one line of Python: see deploy/local/.
# Works as root and as an ordinary user; needs Python 3.11 with its venv module, git and make.

SHELL := /bin/bash
BOOTSTRAP := $(or $(PYTHON),$(shell command -v python3.11),$(shell command -v python3),python3)
VENV := .venv/bin/python
LOCAL := $(VENV) -m deploy.local
PART ?= all
# Files of tests are shared out among the cores, in their order: the browser's come last.
SHARED := -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder

.PHONY: help setup demo serve code stop clean test test-long chaos lint format bench lock

help:            ## lists these commands
	@grep -E '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*##/	/' | expand -t 14

setup:           ## makes .venv from the pinned requirements (does nothing the second time)
	@"$(BOOTSTRAP)" -m deploy.local setup

demo: setup      ## takes one production the whole way: PORTRAIT= AUDIO= SAMPLE= PROMPT= TRANSCRIPT= ENGINE= OUT=
	@$(LOCAL) demo

serve: setup     ## runs the site on 127.0.0.1:8000 with its workers until Ctrl-C (PORT=)
	@exec $(LOCAL) serve

code: setup      ## prints a code of the demo approver's authenticator app
	@$(LOCAL) code

stop:            ## stops a running site
	@"$(BOOTSTRAP)" -m deploy.local stop

clean:           ## deletes this checkout's data, after asking
	@"$(BOOTSTRAP)" -m deploy.local clean

test: setup      ## runs the test suite (ARGS="-k name")
	$(VENV) -m pytest $(SHARED) $(ARGS)

test-long: setup ## runs the tests that take long as well
	$(VENV) -m pytest --long $(SHARED) $(ARGS)

chaos: setup     ## kills workers in the middle of their work and looks what is left
	$(VENV) -m pytest --long tests/chaos $(ARGS)

lint: setup      ## ruff, mypy --strict, layer contracts, missing migrations
	$(VENV) -m ruff check .
	$(VENV) -m ruff format --check .
	$(VENV) -m deploy.local check-types
	.venv/bin/lint-imports
	$(VENV) -m deploy.local check-migrations

format: setup    ## formats the source
	$(VENV) -m ruff format .
	$(VENV) -m ruff check --fix .

bench: setup     ## measures one part and writes build/bench/<part>.json (PART=mesh)
	@$(LOCAL) bench $(PART)

lock: setup      ## resolves the dependencies and rewrites requirements/
	$(LOCAL) lock
