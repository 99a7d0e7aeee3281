# `make demo` shows the whole thing, `make test` proves it. Both set up what they need.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
# As pip does for what it copies: where Python may not keep what it compiles, each command took an eighth of a second more.
COMPILE := $(BIN)/python -m compileall -q newsletter

.PHONY: help demo test long check bench lock gallery golden plan support clean

help:  ## this list
	@grep -hE '^[a-z]+:.*## ' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# Tests start our program many times, and pytest rewrites each of their files: Python keeps what it compiles.
test long golden: export PYTHONDONTWRITEBYTECODE =

demo: $(VENV)/.runtime  ## a digest from sample posts, delivered to a built-in inbox
	@$(BIN)/newsletter demo

test: $(VENV)/.dev  ## every test but the longest, in a few minutes
	$(BIN)/python -m pytest -n auto --dist worksteal

long: $(VENV)/.dev  ## the tests that take minutes: many machines, a server that is away for long
	$(BIN)/python -m pytest -n auto --dist worksteal -m long

check: $(VENV)/.dev  ## ruff, mypy --strict, layers: no warning
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_layers.py

bench: $(VENV)/.dev  ## speed as ratios to named references
	$(BIN)/python -m benchmarks

gallery: $(VENV)/.dev  ## pictures of the mails, for docs/gallery
	$(BIN)/python scripts/gallery.py

golden: $(VENV)/.dev  ## what tests compare mails with, after a wanted change
	NEWSLETTER_GOLDEN=write $(BIN)/python -m pytest -q -n 0 tests/text/test_golden.py tests/browser/test_email_pixels.py

plan: $(VENV)/.dev  ## the picture of a paced delivery, docs/delivery-plan.svg
	$(BIN)/python scripts/simulate_pacing.py

support: $(VENV)/.dev  ## what mail programs show, computed anew from caniemail.com's facts (needs npm)
	$(BIN)/python scripts/support_table.py

lock:  ## pins the dependencies anew (needs uv)
	uv pip compile -q --universal --python-version 3.11.2 --generate-hashes --no-emit-index-url --no-header --extra build pyproject.toml -o requirements.txt
	uv pip compile -q --universal --python-version 3.11.2 --generate-hashes --no-emit-index-url --no-header --all-extras pyproject.toml -o requirements-dev.txt

clean:  ## removes what make made
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis

# A marker, not the interpreter, says that the environment is whole: pip is its last part.
$(VENV)/.made:
	@echo "Setting up $(VENV): about a minute, this once"
	@sh scripts/make-venv.sh "$(PYTHON)" $(VENV)
	@touch $@

$(VENV)/.runtime: requirements.txt pyproject.toml | $(VENV)/.made
	@echo "Installing what requirements.txt pins"
	@$(PIP) --require-hashes -r requirements.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	-@$(COMPILE)
	@touch $@

$(VENV)/.dev: requirements-dev.txt pyproject.toml scripts/system-packages.sh | $(VENV)/.made
	sh scripts/system-packages.sh
	$(PIP) --require-hashes -r requirements-dev.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	-$(COMPILE)
	touch $(VENV)/.runtime $@
