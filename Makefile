# make demo and make test set everything up by themselves; every other target expects that too.
.PHONY: setup demo test check docs bench soak clean
.DEFAULT_GOAL := help

# The newest supported interpreter there is; PYTHON=... chooses another.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
# Compiled modules make a command start in a third of the time; one thread per fit keeps two cores honest.
export PYTHONDONTWRITEBYTECODE :=
export OMP_NUM_THREADS ?= 1

help:
	@echo "make demo    watch a fleet of real models, embedded"
	@echo "make test    run the tests"
	@echo "make check   lint, types, import contracts"
	@echo "make docs    renew what the pages show of the real thing"
	@echo "make bench   measure, into bench/results.json"
	@echo "make soak    the long runs"

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Muster needs Python 3.11 or 3.12; none was found (say which: make PYTHON=/path/to/python3.11)."; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info; ok = (3, 11) <= v < (3, 13); ok or print(f"Muster needs Python 3.11 or 3.12; $(PYTHON) is {v[0]}.{v[1]}."); sys.exit(not ok)'
	@echo "Installing into $(VENV) (some minutes the first time)"
	@if command -v uv >/dev/null 2>&1; then \
		uv venv --quiet --allow-existing --python $(PYTHON) $(VENV) && \
		uv pip install --quiet --compile-bytecode --python $(BIN)/python -c constraints.txt -e '.[dev]'; \
	else \
		$(PYTHON) -m venv $(VENV) && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --compile -c constraints.txt -e '.[dev]'; \
	fi
	@touch $@

demo: setup
	@$(BIN)/python -m demo

test: setup
	@$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not soak" $(ARGS)

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: setup
	@$(BIN)/python -m docs.embed

bench: setup
	@$(BIN)/python -m bench.run

soak: setup
	@$(BIN)/python -m pytest -m soak $(ARGS)

clean:
	rm -rf .muster build dist
