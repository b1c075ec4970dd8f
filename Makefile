# Each target does all its own set-up in .venv; it needs python >= 3.11 with venv, and the package index, and nothing else.
# `make PYTHON=python3.13 …` chooses the Python; without it .ci/python does.

ifeq ($(OS),Windows_NT)
bin := .venv/Scripts
else
bin := .venv/bin
endif

# Bytecode is kept, nothing outside .venv is imported, and no colour settings of the person reach compared output.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME
export PYTHON

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test check lint types imports workflows faults verify-quick verify mutate switches bench format build clean run-ready dev-ready pictures docs

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

demo: run-ready  ## the guided demonstration, from nothing
	$(bin)/reconciler demo

test: dev-ready  ## all tests, with a fixed sample of the fault matrix
	$(bin)/python -m pytest -n auto --dist loadgroup -q

check: lint types imports workflows  ## lint and format, types, imports, workflow files

lint: dev-ready
	$(bin)/ruff check .
	$(bin)/ruff format --check .

types: dev-ready
	$(bin)/mypy

imports: dev-ready
	$(bin)/lint-imports --no-logo

workflows: dev-ready
	$(bin)/zizmor --offline --persona pedantic .github

faults: dev-ready  ## every call failed once at every position, in every way
	RECONCILER_FAULTS=all $(bin)/python -m pytest -n auto --dist loadgroup -q tests/faults
	$(bin)/python -m tests.verification run singles outages recoveries

verify-quick: dev-ready  ## a fixed sample of the laboratory
	$(bin)/python -m pytest -n auto --dist loadgroup -q tests/faults tests/verification

verify: dev-ready  ## the whole laboratory; takes hours, can be stopped, and goes on where it was
	$(bin)/python -m tests.verification run

mutate: dev-ready  ## one small change of a safety module at a time; some test has to fail (hours; goes on where it was)
	$(bin)/python -m tests.verification.mutants

switches: dev-ready  ## the scenarios under every answer that documents leave open, counted in docs/emulator.md
	$(bin)/python -m tests.scenarios.switched --write

bench: dev-ready  ## figures for the budgets, as ratios
	$(bin)/python benchmarks/startup.py
	$(bin)/python benchmarks/calls.py
	$(bin)/python benchmarks/pace.py
	$(bin)/python benchmarks/audit.py
	$(bin)/python benchmarks/scale.py

pictures: dev-ready  ## docs/pictures, taken in a headless Chromium
	$(bin)/python .ci/pictures.py

docs: dev-ready  ## docs/reference, and what the pages show, as the commands print it
	$(bin)/python -m tests.pages

format: dev-ready  ## what can be put right without thinking
	$(bin)/ruff check --fix-only .
	$(bin)/ruff format .

build: dev-ready  ## the source archive and the wheel, in dist/
	$(bin)/python -m build --no-isolation

clean:  ## remove what make made
	rm -rf .venv .venv.lock dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

run-ready:
	@python=$$(sh .ci/python) && "$$python" .ci/environment.py run

dev-ready:
	@python=$$(sh .ci/python) && "$$python" .ci/environment.py dev
