#!/usr/bin/env bash
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Make the virtual environment .cache/NAME from tests/requirements/NAME.txt, if it is missing or out of date.
# With the second argument `lab`, also install the Debian packages that the lab of tests/fleet needs. For the environment `automation`, also
# install what ansible-rulebook needs, and a browser. For the environment `test`, also unpack promtool, with which the tests check metrics,
# into .cache.
#
#   setup.sh NAME [lab]
set -euo pipefail
cd "$(dirname "$0")/../.."
name=$1
packages_for=${2:-}
environment=.cache/$name
requirements=tests/requirements/$name.txt
lab_packages=(iproute2 mmdebstrap mount openssh-client procps uidmap)
automation_packages=(chromium chromium-driver)
command -v java > /dev/null || automation_packages+=(default-jre-headless)

say() { echo "set-up: $*" >&2; }
die() {
  say "$@"
  exit 1
}

quietly() { # LOG COMMAND ...: print the output of the command only if it fails
  local log=$1
  shift
  "$@" > "$log" 2>&1 || {
    tail -n 5 "$log" >&2
    die "failed: $* (see $log)"
  }
}

install_packages() {
  local package missing=()
  command -v apt-get dpkg-query > /dev/null ||
    die "$(uname -s) without apt-get is not supported: use Debian 12 or later (needed here: $*)"
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  [ "$(id -u)" = 0 ] || die "Debian packages are missing; install them as root: apt-get install ${missing[*]}"
  say "installing the Debian packages ${missing[*]}"
  local apt=(apt-get -q -y -o DPkg::Lock::Timeout=120)
  export DEBIAN_FRONTEND=noninteractive
  # The package lists of a fresh machine are empty or old. An update that fails, such as for a third party's list, is not fatal.
  "${apt[@]}" update > "$environment.update.log" 2>&1 || say "apt-get update failed (see $environment.update.log)"
  quietly "$environment.apt.log" "${apt[@]}" install --no-install-recommends "${missing[@]}"
}

base_python() {
  local python
  for python in python3 /usr/bin/python3; do
    "$python" tests/tools/pythons.py --environment 2> /dev/null && return
  done
  return 1
}

make_environment() {
  local base
  if ! base=$(base_python); then
    install_packages python3 python3-venv
    base=$(base_python) || die "no Python 3.11 to 3.14 with venv was found: Debian 12 or later has one"
  fi
  say "making $environment with $base, about a minute"
  rm -rf "$environment"
  quietly "$environment.pip.log" "$base" -m venv "$environment"
  quietly "$environment.pip.log" "$environment/bin/python" -m pip install --no-input --disable-pip-version-check --no-compile \
    -r "$requirements"
}

# The Debian package has promtool and a server, which would start if it was installed.
unpack_promtool() (
  [ ! -x .cache/promtool ] || return 0
  command -v apt-get dpkg-deb > /dev/null || die "$(uname -s) without apt-get is not supported: use Debian 12 or later (needed here: promtool)"
  say "unpacking promtool"
  directory=$(mktemp -d)
  trap 'rm -rf "$directory"' EXIT
  cd "$directory"
  apt-get -q download prometheus > log 2>&1 || { apt-get -q update && apt-get -q download prometheus; } >> log 2>&1 || true
  compgen -G 'prometheus_*.deb' > /dev/null || die "promtool was not found: $(tail -n 1 log)"
  dpkg-deb --fsys-tarfile prometheus_*.deb | tar -xf - ./usr/bin/promtool
  mv usr/bin/promtool "$OLDPWD/.cache/promtool"
)

# ansible-core finds a collection only in this layout.
link_collection() {
  mkdir -p .cache/collections/ansible_collections/mailops
  ln -sfn ../../../.. .cache/collections/ansible_collections/mailops/postfix
}

[ "$(uname -s)" = Linux ] || die "$(uname -s) is not supported: use Debian 12 or later"
{ mkdir -p .cache && [ -w .cache ]; } 2> /dev/null || die "cannot write to $PWD/.cache"
exec 9> ".cache/$name.lock"
flock 9
[ "$packages_for" != lab ] || install_packages "${lab_packages[@]}"
[ "$name" != automation ] || install_packages "${automation_packages[@]}"
link_collection
[ "$name" != test ] || unpack_promtool
# An environment cannot be moved, so the stamp contains its path.
stamp="$PWD $(cat tests/requirements/demo.txt "$requirements")"
if [ "$(cat "$environment/stamp" 2> /dev/null)" != "$stamp" ] || ! "$environment/bin/python" -c '' 2> /dev/null; then
  make_environment
  printf '%s\n' "$stamp" > "$environment/stamp"
fi
