# The two commands: `make demo` shows the reading loop, `make test` runs every check.
# Both set everything up first; a second run starts in seconds.
.PHONY: help demo test setup setup-test lint types unit kill-rounds train catalogue lock clean
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

help:
	@echo "make demo   set up and start the demo (headless where there is no display)"
	@echo "make test   set up and run every check"
	@echo "make kill-rounds  kill -9 at every step from signature to acknowledgement, ROUNDS times (500)"
	@echo "make train  train a detector on the data in DATA (hours on a CPU)"

setup:
	@PYTHON="$(PYTHON)" .ci/setup run

setup-test:
	@PYTHON="$(PYTHON)" .ci/setup test

demo: setup
	@$(BIN)/lianyue demo

test: setup-test lint types unit

lint:
	@echo "== ruff, import contracts"
	@$(BIN)/ruff format --check -q . && $(BIN)/ruff check -q .
	@$(BIN)/lint-imports
	@$(BIN)/python .ci/catalogue --check

types:
	@echo "== mypy (strict)"
	@$(BIN)/mypy

unit:
	@echo "== tests"
	@.ci/tests

# 0 only when no report was lost, doubled or altered and each has its receiver's proof
ROUNDS ?= 500
kill-rounds: setup-test
	@$(BIN)/python -m tests.helpers.dispatch_rounds $(ROUNDS)

# DATA holds volumes, cubes and curated.json; the same command goes on from .train/RUN/checkpoint.pt.
# With a GPU: make train SIZE=s OPTIONS="--minutes 30 --batch 32 --workers 15"
DATA ?= ../shared/data/train
RUN ?= lung-nodule-$(SIZE)
SIZE ?= xs
train: setup
	@$(BIN)/python -m pip install -q -e ".[train]"
	@$(BIN)/python -m models.training.train --data $(DATA) --run $(RUN) --size $(SIZE) $(OPTIONS)

catalogue:
	@$(BIN)/python .ci/catalogue

# needs uv; the lock carries hashes and no index address
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header -o requirements.lock

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .coverage*
