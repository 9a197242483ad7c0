# Everything here needs Python 3.11 or newer and make; the first target that runs makes the virtual environment.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo test test-hosts check format lint types contracts contract live changes bench model race kill kill-runbooks snapshots documents clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[lab,web,dev]'
	@touch $(READY)

demo: $(READY)  ## the console on the embedded lab
	$(BIN)/watchkeeper demo

test: $(READY)  ## every test, the live ones on the embedded lab included
	$(BIN)/pytest -m "not live and not hosts" --numprocesses 2
	$(BIN)/pytest -m "live and not slow"

changes: $(READY)  ## members and servers that join and leave, races and kills, on the lab: some minutes
	$(BIN)/pytest -m slow

test-hosts: $(READY)  ## on booted Debian systems with systemd and sshd; needs root, debootstrap and systemd-nspawn
	$(BIN)/pytest -m hosts tests/live/hosts

contract: $(READY)  ## every plugin held to the behaviours of its port: the table, real and replayed told apart
	$(BIN)/pytest tests/contract --quiet --contract-table

check: $(READY) format lint types contracts test  ## what CI runs

format: $(READY)
	$(BIN)/ruff format --check .

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/codespell console plugins tests themes README.md CHANGELOG.md

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

bench: $(READY)  ## figures, side by side in one run: first paint, idle cost, detection
	$(BIN)/python -m tests.bench

model: $(READY)  ## every plan and what-if against the reference model of quorum and capacity; some minutes
	$(BIN)/python -m tests.model

race: $(READY)  ## two consoles racing for one server, ROUNDS=100 times
	$(BIN)/python -m tests.faults.race --rounds $(or $(ROUNDS),100)

kill: $(READY)  ## kill -9 of runs at random moments, RUNS=300 times, and what is left of each
	$(BIN)/python -m tests.faults.kill --runs $(or $(RUNS),300) $(if $(SEED),--seed $(SEED))

kill-runbooks: $(READY)  ## every bundled runbook killed at each boundary and in each stage, NAMES="move-primary …", and gone on with
	$(BIN)/python -m tests.faults.runbooks $(if $(SEED),--seed $(SEED)) $(NAMES)

snapshots: $(READY)  ## approve the screens as they are now; look at each of them first
	$(BIN)/pytest tests/screens --snapshot-update

documents: $(READY)  ## the keys and the gallery of the README, from the project itself
	$(BIN)/python -m tests.documents

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
