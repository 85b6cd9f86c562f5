# make run     set everything up, then watch this host's containers
# make test    set everything up, then run every test
# make help    the rest

SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# What runs as root leaves no files of root's behind that make clean could not remove.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo env PYTHONDONTWRITEBYTECODE=1)
STAMP := $(VENV)/.set-up
CORE := src/stockade/kernel/_native.abi3.so
OBJECT := src/stockade/kernel/objects/stockade.bpf.o
NATIVE := $(wildcard src/stockade/kernel/native/*)
C_FILES := $(wildcard bpf/*.c bpf/*/*.h bpf/*/*.c src/stockade/kernel/native/*.[ch] tests/*/*.c bench/*.c)

help:
	@sed -n 's/^# make/make/p' Makefile

# make setup   install what building needs (apt, PyPI) and build into .venv
setup: $(STAMP) objects

# The core is built into the source tree: when it is missing, a cached build does not bring it back.
$(STAMP): pyproject.toml uv.lock setup.py packaging/uv.txt packaging/install-packages.sh $(NATIVE) \
		$(if $(wildcard $(CORE)),,FORCE)
	packaging/install-packages.sh build
	$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check --require-hashes -r packaging/uv.txt
	$(BIN)/uv --system-certs sync -q --locked --reinstall-package stockade
	@touch $@

objects: | $(STAMP)
	@$(MAKE) --no-print-directory -s -C bpf

test-setup: setup
	packaging/install-packages.sh test

run: setup
	@$(SUDO) $(BIN)/stockade run $(ARGS)

test: test-setup compiled
	$(SUDO) $(BIN)/pytest -p no:cacheprovider $(ARGS)

# Guests cannot keep what they compile, and take long for it. Not all that packages have compiles.
compiled: setup
	-@$(BIN)/python -m compileall -qq src vmtest $(VENV)/lib
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/pytest -p no:cacheprovider -qq --collect-only >/dev/null

# make kernels   the tests on every kernel in turn, in virtual machines; ARGS=6.12 for one
kernels: kernels-setup compiled
	$(SUDO) $(BIN)/python -B -m vmtest.matrix $(ARGS)
	$(BIN)/python -m vmtest.page

kernels-setup: test-setup
	packaging/install-packages.sh kernels

# make threat-model  run the tests that the threat model's claims name, and record what became of them
threat-model: test-setup
	$(SUDO) $(BIN)/python -B -m threatmodel --record $(ARGS)

# make check   everything a change needs: lint, types, layers, formats, generated files, quick tests
check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/clang-format --dry-run -Werror $(C_FILES)
	$(BIN)/python -m stockade.events.generate $(OBJECT) --check
	$(BIN)/python -m stockade.events.reference --check
	$(BIN)/python -m stockade.rules.reference --check
	$(BIN)/python -m stockade.policies.reference --check
	$(BIN)/python -m vmtest.page --check
	$(BIN)/python -m threatmodel --check
	$(BIN)/stockade rules check
	$(BIN)/stockade rules lint
	$(BIN)/stockade rules test
	$(BIN)/pytest -q tests/unit tests/property

# make generate  write again what is made from the C headers, the catalogue and the rules
generate: setup
	$(BIN)/python -m stockade.events.generate $(OBJECT)
	$(BIN)/python -m stockade.events.reference
	$(BIN)/python -m stockade.rules.reference
	$(BIN)/python -m stockade.policies.reference
	$(BIN)/python -m vmtest.page
	$(BIN)/python -m threatmodel
	$(BIN)/ruff format -q .
	$(BIN)/clang-format -i $(C_FILES)

# make bench   what the agent costs, with and without, side by side
bench: setup
	$(SUDO) $(BIN)/python -m bench

# make clean   remove what was built
clean:
	rm -rf $(VENV) build dist src/stockade/kernel/_native.* src/*.egg-info
	$(MAKE) -C bpf clean

FORCE:

.PHONY: FORCE help setup objects test-setup run compiled test kernels kernels-setup threat-model check generate bench clean
