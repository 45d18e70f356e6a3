.DEFAULT_GOAL := help
.PHONY: help compare test readme lock

TARGET ?= examples/my_lenet.py
REFERENCE ?= lenet
ARGS ?=
JOBS ?= auto
PYTHON ?= python3 python python3.14 python3.13 python3.12 python3.11

IN_VENV := .venv/bin/python
LOCK := uv pip compile --quiet --upgrade --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
	--no-annotate --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"
export PIP_DISABLE_PIP_VERSION_CHECK := 1

help:
	@echo "make compare                                 show what refkit finds in examples/my_lenet.py"
	@echo "make compare TARGET=my.py REFERENCE=lenet    compare a file of your own (options in ARGS='--lines')"
	@echo "make test                                    run the tests (some of them: ARGS='tests/report')"
	@echo "make readme                                  put what the commands print into README.md and the tutorial"
	@echo "make lock                                    pin the newest dependencies (needs uv)"

# The status is 1 when compare has found something, which is what this is for; 2 stays an error.
compare: .venv/installed
	@$(IN_VENV) scripts/compare.py "$(TARGET)" --reference "$(REFERENCE)" $(ARGS) || { status=$$?; [ $$status -eq 1 ] || exit $$status; }

test: .venv/installed
	@$(IN_VENV) -m pytest --numprocesses $(JOBS) --dist worksteal $(ARGS)

readme: .venv/installed
	@$(IN_VENV) -m tests.project.readme
	@$(IN_VENV) -m tests.project.tutorial

lock:
	printf 'setuptools>=77\n' | $(LOCK) --output-file requirements-build.lock -
	$(LOCK) --extra test --output-file requirements.lock pyproject.toml

.venv/installed: .venv/locked pyproject.toml
	@$(IN_VENV) -m pip install --quiet --no-build-isolation --no-deps --no-index \
		--config-settings editable_mode=compat --editable .
	@touch $@

# setuptools comes first: `promise`, which tensorflow-datasets needs, is published as source alone.
.venv/locked: requirements.lock requirements-build.lock
	@for python in $(PYTHON); do \
		$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; python=; \
	done; \
	if [ -z "$$python" ]; then \
		echo "error: none of \`$(PYTHON)\` is Python 3.11 or newer; install one, or name it: make PYTHON=python3.12" >&2; \
		exit 2; \
	fi; \
	if ! $$python -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "error: \`$$python\` lacks the module \`venv\`; install it (on Debian and Ubuntu: python3-venv)" >&2; \
		exit 2; \
	fi; \
	echo "building .venv with $$($$python --version), once" >&2; \
	$$python -m venv .venv
	@$(IN_VENV) -m pip install --quiet --require-hashes -r requirements-build.lock
	@$(IN_VENV) -m pip install --quiet --require-hashes --no-build-isolation --use-pep517 -r requirements.lock
	@touch $@
