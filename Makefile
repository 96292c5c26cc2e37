# Two commands do nearly everything: `make course` and `make test`. `make help` lists the rest.
PYTHON ?= python3
PY := .venv/bin/python
READY := .venv/.ready
WEB := course/web
WEB_READY := $(WEB)/node_modules/.ready
NPM_OPTIONS := --silent --ignore-scripts --no-package-lock --no-audit --no-fund
OFFLINE := $(PY) -m course offline
export JUPYTER_PREFER_ENV_PATH = 1
unexport PYTHONDONTWRITEBYTECODE  # images of containers set it: then every process compiles everything again

.DEFAULT_GOAL := help
.PHONY: help setup lab course build lint test test-quick test-unit test-notebooks test-browser test-faults test-lanes clean

help:  ## list what you can ask for
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /|/' | awk -F'|' '{printf "  make %-16s %s\n", $$1, $$2}'

setup: $(READY) $(WEB_READY)  ## install everything into .venv (the other targets do it when needed)

$(READY): pyproject.toml course/tested-versions.txt
	@$(PYTHON) -c '' 2>/dev/null || \
	  { echo "$(PYTHON) cannot be run here: name another Python, for example: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "$(PYTHON) is older than Python 3.11: name another one, for example: make setup PYTHON=python3.12"; exit 1; }
	@test ! -x $(PY) || $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "The folder .venv was made by an older Python than 3.11: remove it with rm -rf .venv, then run this again."; exit 1; }
	@test -x $(PY) || $(PYTHON) -m venv .venv || \
	  { echo "Could not make .venv: on Debian and Ubuntu, install the package python3-venv first."; exit 1; }
	@$(PY) -m uv --version >/dev/null 2>&1 || $(PY) -m pip install --quiet --disable-pip-version-check uv
	$(PY) -m uv pip install --quiet --compile-bytecode --python $(PY) --constraint course/tested-versions.txt --editable '.[course,dev]'
	@touch $@

# Packages of npm, for the page that colours a photo in the browser: where there is no npm, the site is made without it.
$(WEB_READY): $(WEB)/package.json
	@if command -v npm >/dev/null && (cd $(WEB) && npm install $(NPM_OPTIONS)); then touch $@; \
	elif [ -n "$$CI" ]; then echo "npm could not install the packages in $(WEB), which CI needs."; exit 1; fi

lab: $(READY)  ## open JupyterLab on your own copy of the lessons, in my/
	$(PY) -m course lab $(LAB)

course: $(READY) $(WEB_READY)  ## execute every solution on the embedded data and make a site of the course, in build/
	$(PY) -m course gallery
	$(PY) -m course run --tree solutions

build: $(READY)  ## write the lessons from the solutions, after you changed one
	$(PY) -m course build

lint: $(READY) $(WEB_READY)  ## read code, notebooks and texts for what the course promises
	$(PY) -m ruff check .
	$(PY) -m ruff format --check colorlib course tests benchmarks solutions
	$(PY) -m codespell_lib *.md *.toml *.yml .github benchmarks colorlib course solutions tests
	$(PY) -m course build --check
	$(PY) -m course check
	@test ! -e $(WEB_READY) || (cd $(WEB) && node_modules/.bin/biome check .)

test: lint test-unit test-notebooks test-browser  ## everything that must hold, in minutes

test-quick: $(READY)  ## the tests that your change touches, in a minute
	$(PY) -m course quick

test-unit: $(READY) $(WEB_READY)  ## the tests of the library and of the course tool, docstring examples included
	OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist worksteal --ignore tests/browser --cov --cov-report term

test-notebooks: $(READY)  ## solutions against their stored outputs, and lessons run unsolved, both offline
	COURSE_EXPECT=solution OMP_NUM_THREADS=1 $(OFFLINE) $(PY) -m pytest --nbval-lax --nbval-cell-timeout=120 -n 2 --dist loadscope solutions
	$(PY) -m course run --tree lessons --probe

CHROMIUM = { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null

test-browser: $(READY) $(WEB_READY)  ## JupyterLab and the site in Chromium, as a person meets them; pictures in build/screenshots/
	@if $(CHROMIUM); then set -x; $(PY) -m course site && \
	  OMP_NUM_THREADS=1 $(OFFLINE) $(PY) -m pytest -n 2 --dist worksteal tests/browser; \
	elif [ -n "$$CI" ]; then echo "There is no Chromium here, which CI needs: install the package chromium."; exit 1; \
	else echo "*** THE BROWSER PART WAS NOT TESTED: there is no Chromium here; on Debian and Ubuntu, install the package chromium. ***"; fi

test-faults: $(READY)  ## the long version of the fault tests
	FAULTS=long OMP_NUM_THREADS=1 $(PY) -m pytest -n 2 --dist worksteal tests/faults

test-lanes: $(READY)  ## tests and solutions on other Pythons of this machine, and with Colab's versions
	$(PY) -m nox $(if $(LANES),--session $(LANES))

clean:  ## remove what can be made again; my/ stays
	rm -rf .venv .nox build $(WEB)/node_modules .pytest_cache .ruff_cache .hypothesis
