# The two commands of the README are `make demo` and `make test`; both prepare what is missing first.
.PHONY: help demo test test-fast soak molecule bench lint collection docs format setup-demo setup-test clean
.DEFAULT_GOAL := help

# Python keeps what it compiled, also where the environment says no: a test starts it thousands of times.
unexport PYTHONDONTWRITEBYTECODE

PY := .venv/bin/python
# Three at a time: most tests wait for ssh, Ansible or a deadline. A file stays on one worker, so its fleet is made once.
MOLECULE = PATH="$(CURDIR)/.venv/bin:$$PATH" molecule test --all
PYTEST := $(PY) -m pytest --dist loadfile --no-loadscope-reorder

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' Makefile | expand -t 14

demo: setup-demo ## from cables to a running program, on a simulated fleet
	@$(PY) -m demo

test: setup-test lint ## everything but the long campaigns (about half an hour on two cores)
	@$(PYTEST) -n 3 -m "not campaign"

test-fast: setup-test ## what needs no fleet and no second compiler (under 90 seconds)
	@$(PYTEST) -n 3 -m "not fleet and not slow and not campaign"

soak: setup-test ## the campaigns of the tests, a million hostile inputs for each parser, molecule (hours; SOAK="--seed 7 --variants 5000")
	@$(PYTEST) -n 3 -m campaign
	@PYTHONPATH=tests:.build:launcher $(PY) -m hostile $(SOAK)
	@$(MOLECULE)

molecule: setup-test ## every molecule scenario on simulated Macs (about five minutes; two of them are in make test)
	@$(MOLECULE)

lint: setup-test ## ruff, mypy, import-linter, ansible-lint, clang-format
	@tools/lint

bench: setup-test ## our library and launcher beside their peers, as ratios
	@$(PY) tests/peers/bench.py

collection: setup-demo ## builds the collection's artefact into dist/
	@tools/artefact

docs: setup-test ## rewrites the tables of variables in the roles' READMEs
	@$(PY) tools/role-variables

format: setup-test ## rewrites Python and C++ in the house's layout
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix . && tools/native-sources | xargs .venv/bin/clang-format --style=file:native/.clang-format -i

setup-demo:
	@tools/setup demo

setup-test:
	@tools/setup test

clean: ## removes what was built
	rm -rf .build .venv dist
