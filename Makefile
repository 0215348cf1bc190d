# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every target sets up what it needs: see tests/tools/setup.sh. `make help` lists them.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(CURDIR)/.cache
# $(call python,NAME) runs Python modules in the environment of that name, where Ansible is on the PATH.
python = PATH='$(CACHE)/$(1)/bin':"$$PATH" python -m

# Nothing of the user's own Python or Ansible set-up changes what happens here.
unexport PYTHONPATH PYTHONHOME PYENV_VERSION PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV
unexport $(filter ANSIBLE_%,$(.VARIABLES))
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg
# Ansible wants a UTF-8 locale, which a fresh machine does not set.
export LC_ALL := C.UTF-8
# git refuses a checkout that belongs to another user, as it may in a container.
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := $(CURDIR)

.PHONY: help demo lab lab-down bench suggestions faults changelog test lint docs archive sanity units integration molecule clean
.PHONY: set-up-demo set-up-bench set-up-test set-up-test-lab

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

set-up-demo set-up-bench:
	@tests/tools/setup.sh $(@:set-up-%=%) lab

set-up-test:
	@tests/tools/setup.sh test

set-up-test-lab:
	@tests/tools/setup.sh test lab

demo: set-up-demo ## Clean three MX hosts full of spam, in namespaces of this machine
	@$(call python,demo) tests.tools.demo

lab: set-up-demo ## Start MX hosts to play with
	@$(call python,demo) tests.fleet.lab up

lab-down: set-up-demo ## End them
	@$(call python,demo) tests.fleet.lab down

bench: set-up-bench ## Measure the collection against its peers
	@$(call python,bench) tests.benchmark

suggestions: set-up-test ## Measure the suggestions on made-up floods, and write the table in docs/suggestions.md
	@$(call python,test) tests.suggestions

faults: set-up-test ## Let the calls of the modules to the system fail, one after the other, and show what was tried
	@$(call python,test) tests.faults

changelog: set-up-test ## Show the changelog of the next release, made from changelogs/fragments
	@$(call python,test) tests.tools.changelog

test: set-up-test-lab ## Everything from here to molecule; ends with what failed
	@$(call python,test) tests.tools.steps

lint: set-up-test ## Style and types: ruff, vermin, yamllint, shellcheck, mypy, ansible-lint
docs: set-up-test ## Documentation and changelog: antsibull-docs, antsibull-changelog
archive: set-up-test ## Build the collection, check what it holds, install it offline
sanity: set-up-test ## ansible-test sanity, on every Python found
units: set-up-test ## Unit and property tests, on every Python found; coverage
integration: set-up-test-lab ## Integration tests, on lab hosts of several Debian releases
molecule: set-up-test-lab ## The roles, on lab hosts

lint docs archive sanity units integration molecule:
	@$(call python,test) tests.tools.steps $@

clean: ## Remove what was made here; the images of the lab stay (see tests/fleet/README.md)
	rm -rf .ansible .cache collections .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output mailops-postfix-*.tar.gz
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +
