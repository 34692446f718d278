# Everything goes through setup/, which installs what is missing first. `make help` lists the targets.

PYTHON ?= python3
UV_COMPILE = uv pip compile --universal --generate-hashes --python-version 3.11 --no-header --no-annotate pyproject.toml

.PHONY: help run test check bench soak lock
.DEFAULT_GOAL := help

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: ## install what is missing and start Omniline; Ctrl-C stops it
	@$(PYTHON) -m setup run

test: ## install what the tests need and run all of them
	@$(PYTHON) -m setup test

check: ## format, lint, types, import contracts, docs, catalogues
	@$(PYTHON) -m setup check

bench: ## the benchmarks; SIZE=small for a quick look
	@SIZE=$(SIZE) $(PYTHON) -m setup bench

soak: ## every fault with 20 seeds; goes on where it was stopped; SEEDS=3 for a quick look
	@SEEDS=$(SEEDS) $(PYTHON) -m setup soak

lock: ## resolve pyproject.toml into the lock files again (needs uv)
	$(UV_COMPILE) --group build -o requirements.lock
	$(UV_COMPILE) --group build --group dev -o requirements-dev.lock
	$(UV_COMPILE) --group build --extra train -o requirements-train.lock
