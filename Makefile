# make demo    a simulated GitLab, synced through the real loader, and the dashboard over it
# make test    everything that must hold: ruff, mypy, pytest (with a real browser)
# make serve   the dashboard over your GitLab (settings: README)

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo serve sync test lint unit browser format benchmark screenshots chromium clean

demo: $(VENV)/.installed
	@$(BIN)/python -m dashlib demo $(ARGS)

serve: $(VENV)/.installed
	@$(BIN)/python -m dashlib serve $(ARGS)

sync: $(VENV)/.installed
	@$(BIN)/python -m dashlib sync $(ARGS)

# The two side by side: mypy takes a minute of one core.
test: $(VENV)/.installed-dev chromium
	@$(MAKE) --no-print-directory -j2 lint unit

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

unit: $(VENV)/.installed-dev chromium
	$(BIN)/python -m pytest $(ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

benchmark: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks.sync

screenshots: $(VENV)/.installed-dev chromium
	$(BIN)/python -m tests.browser.screenshots

# The browser tests drive Debian's Chromium; as root it is installed, else the person is told.
chromium:
	@command -v chromium >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	  else echo "the browser tests need Chromium: sudo apt-get install chromium"; exit 1; fi; }

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed (PYTHON=/path/to/python3.11)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "this Python has no venv: on Debian, apt-get install python3-venv"; exit 1; }

$(VENV)/.installed: requirements.txt | $(VENV)/bin/python
	@echo "installing what requirements.txt names …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	@echo "installing what requirements-dev.txt names …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input -r requirements-dev.txt
	@touch $@

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis
