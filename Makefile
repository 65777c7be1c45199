# Record Room. Each command does all of its own set-up; see README.md.
PYTHON ?= python3
PORT ?= 8000
export PORT
# Servers are started by the hundred in the tests, and each would compile the whole program anew.
unexport PYTHONDONTWRITEBYTECODE
BIN := .venv/bin
CORES := $(shell getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Tests wait for servers and browsers as long as they compute, so there are half as many again as cores.
AT_ONCE := $(shell expr $(CORES) + $(CORES) / 2)

# One stamp for each installed state: requirement files, interpreter, place. A second start only looks for it.
STATE := $(shell $(PYTHON) -c 'import hashlib, os, sys; print(*(hashlib.sha256(b"".join([open(f, "rb").read(), sys.version.encode(), os.getcwd().encode()])).hexdigest()[:16] for f in ("requirements.txt", "requirements-dev.txt")))')
RUN_READY := .venv/.run-$(word 1,$(STATE))
DEV_READY := .venv/.dev-$(word 2,$(STATE))

.PHONY: run dev worker test check bench bench-quick lock help
.DEFAULT_GOAL := help

help:
	@echo "make run    serve on http://127.0.0.1:$(PORT)"
	@echo "make dev    the same with debugger and reloader"
	@echo "make worker tells other systems, mails letters, anchors the audit trail, removes what is over"
	@echo "make test   every test, on SQLite and MariaDB, with a browser"
	@echo "make check  lint, format, types, import rules, templates, migrations, audit"
	@echo "make bench  how fast it is at 1,000 to 1,000,000 records; make bench-quick in two minutes"
	@echo "make lock   compile requirements*.txt from pyproject.toml"

run: $(RUN_READY)
	@exec $(BIN)/python -m flask --app wsgi serve

dev: $(RUN_READY)
	@exec $(BIN)/python -m flask --app wsgi serve --debug

worker: $(RUN_READY)
	@exec $(BIN)/python -m flask --app wsgi worker

test: $(DEV_READY)
	@$(BIN)/python -m tests.services.machine
	@exec $(BIN)/python -m pytest -n $(AT_ONCE) --dist loadfile --no-loadscope-reorder --cov --cov-report=term:skip-covered --durations=10

check: $(DEV_READY)
	@$(BIN)/python -m tests.services.machine mariadb
	@exec $(BIN)/python -m tests.services.check

# ARGS="--rows 1000 --ops get,create --seconds 5 --server granian --driver mysqldb"
bench: $(DEV_READY)
	@exec $(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(DEV_READY)
	@exec $(BIN)/python -m benchmarks --quick $(ARGS)

lock: $(DEV_READY)
	$(BIN)/uv pip compile pyproject.toml --extra redis --extra oidc --extra events $(COMPILE) -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra redis --extra oidc --extra events --extra granian --extra otel --extra sentry --extra dev -c requirements.txt $(COMPILE) -o requirements-dev.txt

COMPILE := --generate-hashes --universal --python-version 3.11 --no-emit-index-url --no-header --quiet
export UV_PYTHON_DOWNLOADS := never

# The development packages include those of a plain run.
$(RUN_READY):
	@test -e $(DEV_READY) || $(call install,requirements.txt)
	@touch $@

$(DEV_READY):
	@$(call install,requirements-dev.txt)
	@touch $@

# Debian keeps what `venv` needs in a package of its own.
define install
{ echo "Installing $(1), once …"; rm -f .venv/.run-* .venv/.dev-*; \
  $(BIN)/python -c 'import sys; sys.exit(sys.version != """$(VERSION)""")' 2>/dev/null || { rm -rf .venv; \
    $(PYTHON) -m venv .venv >/dev/null 2>&1 || { rm -rf .venv; $(GET_VENV) && $(PYTHON) -m venv .venv; }; } ; \
  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1); }
endef
VERSION = $(shell $(PYTHON) -c 'import sys; print(sys.version)')
GET_VENV := test "$$(id -u)" = 0 && apt-get update -qq && apt-get install -y -qq python3-venv >/dev/null
