# The first Python of 3.11 to 3.13 on this machine; `make PYTHON=...` names another.
PYTHON ?= $(shell for each in python3 python3.13 python3.12 python3.11; do \
	$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && echo $$each && break; done)
BIN := .venv/bin

.PHONY: train demo test test-all test-slow test-large rehearsal chaos gpu-check lint docs

# Train on the embedded digits, save a model, print its test accuracy.
train: .venv/installed
	$(BIN)/python scripts/train.py --recipe quick

# A trained model of the package: names images, explains one, serves a page until Ctrl-C.
demo: .venv/installed-demo
	$(BIN)/python scripts/demo.py

# A few minutes: every room once.
test: lint
	$(BIN)/python -m pytest

test-all: test test-slow

# What test-all adds: trainings, published networks, the other backend, commands of the docs.
test-slow: .venv/installed-dev
	$(BIN)/python -m pytest -m "slow and not large"

# What takes too long for every change: the deepest networks, every network of keras.applications.
test-large: .venv/installed-dev
	$(BIN)/python -m pytest -m large

# A training on photographs in ImageNet's layout, killed, resumed and compared; 20 minutes.
rehearsal: .venv/installed-dev
	$(BIN)/python -m tests.chaos.rehearsal

# Faults at random moments, 100 kills among them, each outcome compared; within two hours.
chaos: .venv/installed-dev
	$(BIN)/python -m tests.chaos

# On one GPU: agreement with the CPU, speed, the paper's training; 25 minutes, and given again goes on.
gpu-check: .venv/installed-gpu
	$(BIN)/python -m tests.gpu_check

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# The site of the documentation, in build/site; a warning is an error.
docs: .venv/installed-docs
	$(BIN)/python scripts/make_docs.py

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "error: no Python 3.11 to 3.13 was found; install one, or name it: make PYTHON=/path/to/python"; exit 2; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "error: $(PYTHON) made no environment; on Debian, apt-get install python3-venv"; exit 2; }

.venv/installed: setup.py | $(BIN)/python
	@echo "Installing TensorFlow and the rest into .venv: 3 GB, a minute or more"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

.venv/installed-demo: setup.py | $(BIN)/python
	@echo "Installing TensorFlow and the rest into .venv: 3 GB, a minute or more"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[serve]'
	touch $@ .venv/installed

.venv/installed-dev: setup.py | $(BIN)/python
	@echo "Installing TensorFlow, JAX and the rest into .venv: 3 GB, a minute or more"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ .venv/installed .venv/installed-demo .venv/installed-docs

.venv/installed-docs: setup.py | $(BIN)/python
	@echo "Installing TensorFlow, the site generator and the rest into .venv"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@ .venv/installed

.venv/installed-gpu: setup.py | $(BIN)/python
	@echo "Installing TensorFlow, JAX with its CUDA libraries and the rest into .venv: several GB"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . pytest 'jax[cuda12]'
	touch $@ .venv/installed
