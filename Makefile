# `make` lists what there is. Everything runs in .venv, which is set up on first use.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python of 3.11 or newer that runs; `make PYTHON=/path/to/python3 ...` chooses another.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)

BIN := .venv/bin
STAMP := .venv/.installed
WORKERS ?= 2
EXAMPLE := examples/two_block_mnist.cnn
DIGITS := examples/data/mnist_small.csv.gz

.PHONY: help
help: ## list the targets
	@echo "cnndsl: text in, checked and trained convolutional networks out"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: $(STAMP) ## set up .venv with cnndsl and its development tools

$(STAMP): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "cnndsl needs Python 3.11 or newer: none found, say make PYTHON=/path/to/python3" >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@# Tests hold the zoo against torchvision. Its wheel asks for the CUDA libraries of another torch, which they don't need.
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps torchvision
	@touch $@

.PHONY: demo
demo: $(STAMP) ## check, show, draw, build and train an example on handwritten digits, into demo/
	@rm -rf demo && mkdir demo
	@cat $(EXAMPLE)
	@echo && echo "== cnndsl check: do the shapes fit? (no PyTorch yet)"
	@$(BIN)/cnndsl check $(EXAMPLE)
	@echo && echo "== cnndsl show: the numbers"
	@$(BIN)/cnndsl show $(EXAMPLE)
	@echo && echo "== cnndsl draw: the diagram"
	@$(BIN)/cnndsl draw $(EXAMPLE) -o demo/two_block_mnist.svg
	@$(BIN)/cnndsl draw $(EXAMPLE) -o demo/two_block_mnist.png
	@echo && echo "== cnndsl build: the PyTorch module"
	@$(BIN)/cnndsl build $(EXAMPLE) -o demo/two_block_mnist.py
	@echo && echo "== cnndsl train: on 5,000 handwritten digits"
	@$(BIN)/cnndsl train $(EXAMPLE) --data $(DIGITS) --epochs 5 --out demo/run
	@echo && echo "written:" && find demo -type f | sort | sed 's/^/  /'

.PHONY: lint
lint: $(STAMP) ## lint, format, types and the layers of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

.PHONY: test
test: lint ## lint, types and tests
	$(BIN)/python -m pytest -q -n $(WORKERS)

.PHONY: test-long
test-long: $(STAMP) ## the long random proofs: minutes to hours
	$(BIN)/python -m pytest -q -m long

.PHONY: test-zoo
test-zoo: $(STAMP) ## every network of the zoo against torchvision, weight for weight: half an hour
	$(BIN)/python -m pytest -q -m "long or not long" tests/zoo
	$(BIN)/python -m tests.zoo.lines

.PHONY: bench
bench: $(STAMP) ## measure speed against PyTorch's import, hand-written modules and a plain training loop
	$(BIN)/python -m benchmarks

.PHONY: docs
docs: $(STAMP) ## make docs/layers.md and docs/rules.md from the declarations of layers and rules
	$(BIN)/cnndsl layers --markdown > docs/layers.md.new
	mv docs/layers.md.new docs/layers.md
	$(BIN)/cnndsl explain --markdown > docs/rules.md.new
	mv docs/rules.md.new docs/rules.md

.PHONY: gallery
gallery: $(STAMP) ## draw the pictures of docs/gallery.md with the commands that it shows, and that of the README
	@mkdir -p docs/images/gallery
	@grep -E '^cnndsl draw ' docs/gallery.md | while read -r _ words; do $(BIN)/cnndsl $$words; done
	@$(BIN)/cnndsl draw examples/small_resnet.cnn --style full -o docs/images/small_resnet.svg

.PHONY: format
format: $(STAMP) ## bring the code into its form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: clean
clean: ## remove what the targets made, .venv too
	rm -rf .venv demo runs dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
