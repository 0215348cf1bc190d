# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Every target first sets up its environment: see tests/tools/setup.sh. `make help` lists the targets.

SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

CACHE := $(CURDIR)/.cache
# $(call python,NAME) runs a Python module in the environment of that name, with its Ansible on the PATH.
python = PATH='$(CACHE)/$(1)/bin':"$$PATH" python -m

# The user's own settings of Python and Ansible have no effect here.
unexport PYTHONPATH PYTHONHOME PYENV_VERSION PIP_USER PIP_TARGET PIP_PREFIX VIRTUAL_ENV
unexport $(filter ANSIBLE_%,$(.VARIABLES))
export ANSIBLE_CONFIG := $(CURDIR)/tests/ansible.cfg
# Ansible needs a UTF-8 locale; a fresh machine does not set one.
export LC_ALL := C.UTF-8
# In a container the checkout may belong to another user; git refuses it without this.
export GIT_CONFIG_COUNT := 1
export GIT_CONFIG_KEY_0 := safe.directory
export GIT_CONFIG_VALUE_0 := $(CURDIR)

.PHONY: help demo lab lab-down bench suggestions suspects faults changelog test lint docs archive sanity units integration molecule clean
.PHONY: set-up-demo set-up-bench set-up-test set-up-test-lab

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

set-up-demo set-up-bench:
	@tests/tools/setup.sh $(@:set-up-%=%) lab

set-up-test:
	@tests/tools/setup.sh test

set-up-test-lab:
	@tests/tools/setup.sh test lab

demo: set-up-demo ## Show the collection at work on three MX hosts full of spam, in namespaces of this machine
	@$(call python,demo) tests.tools.demo

lab: set-up-demo ## Start a lab: MX hosts in namespaces of this machine
	@$(call python,demo) tests.fleet.lab up

lab-down: set-up-demo ## End that lab
	@$(call python,demo) tests.fleet.lab down

bench: set-up-bench ## Measure the time and memory of the collection against other tools
	@$(call python,bench) tests.benchmark

suggestions: set-up-test ## Measure the suggestions on made-up floods of spam; write the table in docs/suggestions.md
	@$(call python,test) tests.suggestions --write

suspects: set-up-test-lab ## Measure on labelled mail logs how well stolen accounts are found; write the tables in docs/suspects.md
	@$(call python,test) tests.suspects make .cache/suspects
	@$(call python,test) tests.suspects measure .cache/suspects --write

faults: set-up-test ## Test the modules while system calls fail, one call after the other; print what was tested
	@$(call python,test) tests.faults

changelog: set-up-test ## Write CHANGELOG.md from the fragments in changelogs/fragments
	@$(call python,test) tests.tools.changelog

test: set-up-test-lab ## Run all of the following checks and tests, and print a summary
	@$(call python,test) tests.tools.steps

lint: set-up-test ## Check style, types and lengths: ruff, vermin, yamllint, shellcheck, mypy, ansible-lint
docs: set-up-test ## Check documentation and changelog: antsibull-docs, antsibull-changelog
archive: set-up-test ## Build the collection, check the files in it, install it offline
sanity: set-up-test ## Run ansible-test sanity on every Python found
units: set-up-test ## Run unit and property tests on every Python found; measure coverage
integration: set-up-test-lab ## Run integration tests on lab hosts of several Debian releases
molecule: set-up-test-lab ## Test the roles on lab hosts

lint docs archive sanity units integration molecule:
	@$(call python,test) tests.tools.steps $@

clean: ## Remove all generated files, except the images of the lab (see tests/fleet/README.md)
	rm -rf .ansible .cache collections .hypothesis .mypy_cache .pytest_cache .ruff_cache tests/output mailops-postfix-*.tar.gz
	find plugins tests -name __pycache__ -prune -exec rm -rf {} +
