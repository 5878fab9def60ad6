# Doorstep's own tasks. Needs git, make and python3; everything else is installed into .venv on first use.

.DEFAULT_GOAL := help
SHELL := /bin/sh
BIN := .venv/bin
PYTEST := $(BIN)/pytest -q
WORKERS ?= 2
# Every process that a test starts would compile all of its imports anew: twice the time.
unexport PYTHONDONTWRITEBYTECODE
PYTHONPYCACHEPREFIX ?= $(CURDIR)/.venv/bytecode
export PYTHONPYCACHEPREFIX
OVER := -n $(WORKERS) --dist loadscope --no-loadscope-reorder
# Rules and readings that must be tested to the last branch (ARCHITECTURE.md, "Numbers").
COVERAGE := --cov --cov-config=pyproject.toml --cov-report=term-missing:skip-covered --cov-fail-under=100

# Shows what a command says only if it fails.
quietly = { said=$$($(1) 2>&1) || { echo "$$said"; exit 1; }; }

##@ Demo

.PHONY: demo
demo: ## run one order through every stage, on this machine (ONCE=1 ends after the order, PORT=8700 chooses the port)
	@tools/bootstrap.sh demo
	@exec $(BIN)/doorstep demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

##@ Develop

.PHONY: check
check: dev ## run all static checks: lint, format, types, imports, house rules, migrations
	@echo "· ruff" && $(BIN)/ruff check --quiet && $(BIN)/ruff format --check --quiet
	@echo "· mypy" && $(BIN)/mypy --no-error-summary
	@echo "· imports" && $(call quietly,$(BIN)/lint-imports --no-logo)
	@echo "· migrations" && $(call quietly,$(BIN)/squawk src/doorstep/migrations/versions/*.sql)
	@echo "· reference" && $(BIN)/python tools/reference.py --check
	@echo "· messages" && $(BIN)/python tools/messages.py --check
	@echo "· house rules" && $(PYTEST) tests/tidy -m "not slow"

.PHONY: test
test: dev browser ## run all tests except the slow ones, with full branch coverage of every model and wire (AREA=flows/capture runs those only)
	@$(PYTEST) $(OVER) -m "not slow" $(if $(AREA),$(addprefix tests/,$(AREA)),$(COVERAGE))

.PHONY: test-dates
test-dates: dev ## run the tests that depend on dates on New Year, 29 February and other special dates, in three time zones (SPREAD=1 runs each file on one of them)
	@$(BIN)/python tools/test_dates.py $(if $(SPREAD),--spread) $(OVER)

.PHONY: test-faketime
test-faketime: dev ## run them with another system date (needs the program faketime; skips browser and server tests)
	@if ! command -v faketime >/dev/null; then echo "Skipped: the program faketime is not installed (apt install faketime)."; exit 0; fi; \
	export TZ=Asia/Kolkata; \
	faketime '2028-02-29 12:00:00' $(PYTEST) -m "not slow" tests/domain && \
	faketime '2027-12-31 23:50:00' $(PYTEST) -m "not slow" tests/flows && \
	faketime '2027-01-01 00:10:00' $(PYTEST) -m "not slow" tests/delivery

.PHONY: test-changed
test-changed: dev ## run the tests that import a changed file, and the house rules (BASE=main)
	@$(PYTEST) $(OVER) -m "not slow and not browser" tests/tidy $$($(BIN)/python tools/changed_tests.py $(BASE))

.PHONY: test-long
test-long: dev browser ## run all tests, including the slow ones (demos with many seeds)
	@$(PYTEST) $(OVER)

.PHONY: format
format: dev ## format with ruff
	@$(BIN)/ruff check --quiet --fix && $(BIN)/ruff format --quiet

.PHONY: bench
bench: dev ## measure orders per second on a scratch database and compare with a bare INSERT program (OUT=file.json also writes the figures, LONG=1 takes hours: ten minutes sustained, 5 million orders)
	@$(BIN)/python -m doorstep_bench $(if $(OUT),--out $(OUT)) $(if $(LONG),--long)

.PHONY: bench-routing
bench-routing: dev ## measure the cost of routed orders and compare with the theoretical lower bound (OUT=file.json also writes the figures, LONG=1 runs all seeds)
	@$(BIN)/python -m doorstep_bench.routing $(if $(OUT),--out $(OUT)) $(if $(PLOTS),--plots $(PLOTS)) $(if $(LONG),--long)

.PHONY: reference
reference: dev ## write docs/reference.md from the code
	@$(BIN)/python tools/reference.py

.PHONY: messages
messages: dev ## write the message catalog of console and mails from the code
	@$(BIN)/python tools/messages.py

##@ Scaffold

.PHONY: new-connector
new-connector: dev ## start a connector from the sandbox of its kind (KIND=carriers NAME=acme)
	@test -n "$(KIND)" -a -n "$(NAME)" || { echo "usage: make new-connector KIND=carriers NAME=acme"; exit 2; }
	@$(BIN)/python -m tools.new_connector $(KIND) $(NAME)
	@$(MAKE) --no-print-directory format reference

.PHONY: new-module
new-module: dev ## start a domain module with model, events, store, actions, views, migration and tests (NAME=loyalty)
	@test -n "$(NAME)" || { echo "usage: make new-module NAME=loyalty"; exit 2; }
	@$(BIN)/python -m tools.new_module $(NAME)
	@$(MAKE) --no-print-directory format reference

.PHONY: new-page
new-page: dev ## start a page of the console: list, form, template, tests (AREA=loyalty NAME=members MODULE=loyalty)
	@test -n "$(AREA)" -a -n "$(NAME)" || { echo "usage: make new-page AREA=loyalty NAME=members MODULE=loyalty"; exit 2; }
	@$(BIN)/python -m tools.new_page $(AREA) $(NAME) $(MODULE)
	@$(MAKE) --no-print-directory format messages

##@ Clean up

.PHONY: clean
clean: ## remove .venv and the files of tools (keeps .doorstep, which has data)
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.* build dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## show this
	@awk 'BEGIN { FS = ":.*## "; print "make <target>" } \
	/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	/^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' Makefile

.PHONY: dev browser
dev:
	@tools/bootstrap.sh dev
browser: dev
	@tools/bootstrap.sh browser
