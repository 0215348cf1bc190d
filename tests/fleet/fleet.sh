#!/usr/bin/env bash
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

#: A fleet of throw-away MX hosts on one machine, no container engine.
#: Each host is a set of Linux namespaces (mount, net, pid, uts, ipc) over an overlay of one read-only root
#: filesystem per Debian release, with its own address, sshd, Postfix, queue and log.  One lab process holds
#: them all: when it ends, every process and every mount ends with it.
#:
#:   fleet.sh requirements             say what is missing here and how to get it
#:   fleet.sh image [release ...]      build the root filesystems (bullseye bookworm trixie sid), once
#:   fleet.sh up N [release ...]       start mx01..mxN; releases are dealt out in turn (default bookworm)
#:   fleet.sh run CMD ...              run CMD inside the lab's network (Ansible runs here)
#:   fleet.sh bg CMD ...               start a daemon there; it ends with the lab
#:   fleet.sh sh mx01 [CMD ...]        run CMD inside a host as root, without ssh
#:   fleet.sh pid mx01                 the process that holds a host, as seen from here
#:   fleet.sh freeze|thaw|kill mx01    SIGSTOP, SIGCONT, SIGKILL for one host
#:   fleet.sh cut|join mx01            unplug its network, plug it in again
#:   fleet.sh mem                      processes and memory of each host
#:   fleet.sh down                     end the lab; harmless where there is none
#:
#: Environment: FLEET_DIR (this lab's files), FLEET_IMAGES (root filesystems), FLEET_NET (first three octets),
#: FLEET_TMPFS (most that the hosts may write), FLEET_LEASE_FD (the lab ends when this pipe's writer is gone),
#: FLEET_SPOOLS (a directory on a disk for the hosts' spools, which else are in memory; whoever names it removes it).
set -euo pipefail
export PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FLEET_SELF=$(readlink -f "${BASH_SOURCE[0]}")
FLEET_DIR=${FLEET_DIR:-${XDG_RUNTIME_DIR:-/tmp}/mailops-fleet-$(id -u)}
FLEET_IMAGES=${FLEET_IMAGES:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/mailops-fleet/images}
FLEET_NET=${FLEET_NET:-10.99.0}
export FLEET_SELF FLEET_DIR FLEET_IMAGES FLEET_NET

# perl is for qshape, which comes with Postfix.
readonly PACKAGES=postfix,postfix-pcre,perl,openssh-server,sudo,python3,python3-apt,iproute2,procps,sasl2-bin,libsasl2-modules,ca-certificates,logrotate
# Dovecot 2.3 and 2.4, whose configuration differs, are enough.
readonly RELEASES_WITH_DOVECOT=' bookworm trixie '
readonly MARKER=.mailops-fleet
readonly HOST_PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

die() {
  printf 'fleet.sh: %s\n' "$*" >&2
  exit 1
}

is_root() { [[ $(id -u) == 0 ]]; }

# Options that give an ordinary user the ids of /etc/subuid; root needs none.
user_namespace() { is_root || printf '%s\n' --user --map-users=auto --map-groups=auto --setuid 0 --setgid 0; }

# ---- what must be there -------------------------------------------------------------------------------------

# Lines of "command package": what the script calls beyond coreutils and bash.
needed_commands() {
  printf '%s\n' 'mmdebstrap mmdebstrap' 'ip iproute2' 'ssh openssh-client' 'ssh-keygen openssh-client' \
    'unshare util-linux' 'nsenter util-linux' 'flock util-linux' 'awk mawk'
  is_root || printf '%s\n' 'newuidmap uidmap'
}

missing_packages() {
  local command package
  while read -r command package; do
    command -v "$command" > /dev/null || echo "$package"
  done < <(needed_commands) | sort -u
  [[ -e /usr/share/keyrings/debian-archive-keyring.gpg ]] || echo debian-archive-keyring
}

# shellcheck disable=SC2016  # expanded by the inner shell
readonly OVERLAY_PROBE='mount -t tmpfs tmpfs "$1" && mkdir "$1/l" "$1/u" "$1/w" "$1/m" && mount -t overlay overlay -o "lowerdir=$1/l,upperdir=$1/u,workdir=$1/w$2" "$1/m"'

namespace_trouble() {
  local user dir xattr='' text=''
  mapfile -t user < <(user_namespace)
  is_root || xattr=,userxattr
  if ! unshare "${user[@]}" --mount --net --pid --ipc --uts --fork true 2> /dev/null; then
    echo 'cannot create namespaces here: run as root on a machine of your own, or allow unprivileged user namespaces'
    return
  fi
  dir=$(mktemp -d)
  chmod 755 "$dir"
  unshare "${user[@]}" --mount sh -c "$OVERLAY_PROBE" - "$dir" "$xattr" 2> /dev/null ||
    text='cannot mount an overlay here: the kernel module "overlay" is missing, or mounting is not allowed'
  rmdir "$dir"
  [[ -z $text ]] || echo "$text"
}

requirements() {
  local packages trouble
  [[ $(uname -s) == Linux ]] || die "this lab needs Linux, not $(uname -s)"
  packages=$(missing_packages)
  if [[ -n $packages ]]; then
    while read -r package; do
      echo "missing: $package; to install it: apt-get install $package"
    done <<< "$packages"
    return 1
  fi
  trouble=$(namespace_trouble)
  [[ -z $trouble ]] || { echo "$trouble"; return 1; }
}

# ---- images -------------------------------------------------------------------------------------------------

# Runs as mmdebstrap's last hook, $1 is the new root: everything about a host that does not depend on its name.
customize() {
  chroot "$1" /bin/bash -e << 'INSIDE'
useradd --create-home --shell /bin/bash --password '*' ops
echo 'ops ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/ops
chmod 440 /etc/sudoers.d/ops
install -d -m 700 /root/.ssh
install -d -m 700 -o ops -g ops /home/ops/.ssh
: > /etc/resolv.conf
rm -f /etc/ssh/ssh_host_*
cat > /etc/ssh/sshd_config << 'SSHD'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UsePAM no
UseDNS no
MaxStartups 100
MaxSessions 100
PrintMotd no
Subsystem sftp internal-sftp
SSHD
install -d /etc/postfix/sasl
printf '%s\n' 'pwcheck_method: auxprop' 'auxprop_plugin: sasldb' 'mech_list: PLAIN LOGIN' > /etc/postfix/sasl/smtpd.conf
for user in user1 user2 stolen; do printf secret | saslpasswd2 -p -c -u example.test "$user"; done
chgrp postfix /etc/sasldb2
chmod 640 /etc/sasldb2
# No name service: the only way out is the relay host, and XCLIENT distinguishes the clients.
postconf -e inet_interfaces=all inet_protocols=all 'mydestination=$myhostname, localhost' myorigin='$myhostname' \
  alias_maps= alias_database= local_recipient_maps= smtp_host_lookup=native smtp_dns_support_level=disabled \
  smtpd_peername_lookup=no smtpd_authorized_xclient_hosts=127.0.0.0/8 'smtpd_relay_restrictions=check_client_access static:OK, reject' \
  smtpd_recipient_restrictions= notify_classes= maillog_file=/var/log/mail.log smtputf8_enable=yes
# Nothing may slow down a fill of thousands, and nothing may change the queue behind a test's back.
postconf -e in_flow_delay=0 default_process_limit=200 smtpd_client_connection_count_limit=0 \
  minimal_backoff_time=2h maximal_backoff_time=4h smtp_line_length_limit=0 \
  smtp_tls_security_level=none smtpd_tls_security_level=none
postconf -X smtpd_tls_cert_file smtpd_tls_key_file smtp_tls_session_cache_database smtp_tls_CApath
postconf -M 'submission/inet=submission inet n - n - - smtpd'
postconf -P submission/inet/syslog_name=postfix/submission submission/inet/smtpd_sasl_auth_enable=yes \
  submission/inet/smtpd_recipient_restrictions=permit_sasl_authenticated,reject
postconf -e smtpd_sasl_type=cyrus smtpd_sasl_path=smtpd cyrus_sasl_config_path=/etc/postfix/sasl
INSIDE
}

packages() { # RELEASE
  local more=''
  [[ $RELEASES_WITH_DOVECOT != *" $1 "* ]] || more=,dovecot-sqlite
  # What the benchmark compares the summary of the mail log with, on the release that it runs on.
  [[ $1 != bookworm ]] || more+=,pflogsumm
  echo "$PACKAGES$more"
}

# A changed recipe is another image; images of other recipes are left to whoever still runs them.
recipe() { { packages "$1"; declare -f customize build_image; } | sha256sum | cut -c1-12; }

image_path() { echo "$FLEET_IMAGES/$1-$(recipe "$1")"; }

build_image() {
  local release=$1 target=$2
  # shellcheck disable=SC2016  # expanded by mmdebstrap's shell, $1 is the new root
  mmdebstrap --variant=minbase --include="$(packages "$release")" --format=directory \
    --aptopt='Apt::Install-Recommends "false"' --aptopt='Acquire::Languages "none"' \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Retries "3"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' \
    --customize-hook='"$FLEET_SELF" _customize "$1"' "$release" "$target" ${FLEET_MIRROR:+"$FLEET_MIRROR"}
}

remove_tree() { # what belongs to mapped ids can only be removed inside their user namespace
  local user
  mapfile -t user < <(user_namespace)
  if is_root; then rm -rf --one-file-system "$1"; else unshare "${user[@]}" rm -rf --one-file-system "$1"; fi
}

# Old images that no lab holds (see hold_images).
prune_images() {
  local release=$1 keep=$2 path
  for path in "$FLEET_IMAGES/$release"-*; do
    [[ -d $path && $path != "$keep" ]] || continue
    exec 8>> "$path.lock"
    ! flock -n 8 || remove_tree "$path" && rm -f "$path.lock"
    exec 8>&-
  done
}

build_once() {
  local release=$1 path building
  path=$(image_path "$release")
  exec 7>> "$FLEET_IMAGES/.build-$release.lock"
  flock 7 # a second builder waits here and then finds the image ready
  [[ ! -d $path ]] || return 0
  building=$FLEET_IMAGES/.building-$release
  [[ ! -e $building ]] || remove_tree "$building"
  echo "building the root filesystem of $release (about a minute, once)" >&2
  if ! build_image "$release" "$building" > "$building.log" 2>&1 7>&-; then
    tail -n 8 "$building.log" >&2
    [[ ! -e $building ]] || remove_tree "$building"
    die "building $release failed, nothing of it is used; see $building.log"
  fi
  mv "$building" "$path" # only a finished image ever has this name
  prune_images "$release" "$path"
}

image() {
  local release builder builders=() failed=''
  [[ $# -gt 0 ]] || set -- bookworm
  mkdir -p "$FLEET_IMAGES"
  for release in "$@"; do
    [[ ! -d $(image_path "$release") ]] || continue
    [[ ${#builders[@]} -gt 0 ]] || requirements >&2 || exit 1
    (build_once "$release") &
    builders+=("$!")
  done
  for builder in "${builders[@]}"; do wait "$builder" || failed=yes; done
  [[ -z $failed ]] || exit 1
}

# ---- up -----------------------------------------------------------------------------------------------------

host_name() { printf 'mx%02d' "$1"; }
host_address() { echo "$FLEET_NET.$(($1 + 10))"; }
nth_release() { # I RELEASE...: the release dealt to the I-th host
  local index=$1
  shift
  echo "${@:$(((index - 1) % $# + 1)):1}"
}

write_hosts_file() {
  local i
  printf '127.0.0.1 localhost\n%s.1 lab\n' "$FLEET_NET"
  for i in $(seq 1 "$1"); do
    echo "$(host_address "$i") $(host_name "$i").example.test $(host_name "$i")"
  done
}

# The control path is the lab's own: two labs may use the same addresses one after the other.
write_inventory() {
  local count=$1 i
  shift
  cat << INVENTORY
mx:
  vars:
    ansible_user: ops
    ansible_pipelining: true
    ansible_python_interpreter: /usr/bin/python3
    ansible_ssh_private_key_file: $FLEET_DIR/id_ed25519
    ansible_ssh_common_args: >-
      -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o ControlPath=$FLEET_DIR/%r@%h
  hosts:
INVENTORY
  for i in $(seq 1 "$count"); do
    echo "    $(host_name "$i"): {ansible_host: $(host_address "$i"), fleet_release: $(nth_release "$i" "$@")}"
  done
}

write_host_list() { # name, address and release, a line a host: what lab.py wants to know
  local count=$1 i
  shift
  for i in $(seq 1 "$count"); do echo "$(host_name "$i") $(host_address "$i") $(nth_release "$i" "$@")"; done
}

claim_directory() {
  # 108 bytes is all a Unix socket's path may have, and ssh appends a name and a random suffix.
  [[ ${#FLEET_DIR} -le 66 ]] || die "FLEET_DIR is too long for ssh's control sockets (66 characters at most): $FLEET_DIR"
  [[ $FLEET_DIR != *[[:space:]]* ]] || die "FLEET_DIR must not contain blanks: $FLEET_DIR"
  [[ ! -e $FLEET_DIR || -e $FLEET_DIR/$MARKER || -z $(ls -A "$FLEET_DIR") ]] ||
    die "$FLEET_DIR is not empty and not a lab of ours; choose another FLEET_DIR"
  mkdir -p "$FLEET_DIR"
  [[ -O $FLEET_DIR ]] || die "$FLEET_DIR belongs to somebody else; choose another FLEET_DIR"
  chmod 755 "$FLEET_DIR"
  touch "$FLEET_DIR/$MARKER"
  mkdir -p "$FLEET_DIR/hosts" "$FLEET_DIR/mnt"
  is_root || chmod 777 "$FLEET_DIR/hosts"
}

hosts_up() { find "$FLEET_DIR/hosts" -name '*.up' | wc -l; }

show_failure() { # what the lab said, and those hosts that are not up
  local log host
  cat "$FLEET_DIR/lab.log" >&2
  for log in "$FLEET_DIR"/hosts/*.log; do
    host=$(basename "$log" .log)
    [[ ! -e $FLEET_DIR/hosts/$host.up ]] || continue
    echo "$host was not up yet; it said:" >&2
    tail -n 20 "$log" >&2
  done
}

wait_for_hosts() {
  local count=$1
  for _ in $(seq 4800); do
    [[ $(hosts_up) != "$count" ]] || return 0
    [[ -z $(find "$FLEET_DIR/hosts" -name '*.ended') ]] || return 1
    kill -0 "$(< "$FLEET_DIR/lab.pid")" 2> /dev/null || return 1
    sleep 0.05
  done
  return 1
}

up() {
  [[ ${1:-} =~ ^[0-9]+$ && $1 -ge 1 && $1 -le 240 ]] || die 'usage: fleet.sh up N [release ...], N from 1 to 240'
  local count=$1 user
  shift
  [[ $# -gt 0 ]] || set -- bookworm
  ! lab_pid > /dev/null || die "a lab is up in $FLEET_DIR already; end it with: fleet.sh down"
  requirements >&2 || exit 1
  image "$@"
  down
  claim_directory
  ssh-keygen -q -t ed25519 -N '' -C mailops-fleet -f "$FLEET_DIR/id_ed25519"
  write_hosts_file "$count" > "$FLEET_DIR/etchosts"
  write_host_list "$count" "$@" > "$FLEET_DIR/hosts.list"
  write_inventory "$count" "$@" > "$FLEET_DIR/inventory.yml"
  mapfile -t user < <(user_namespace)
  setsid unshare "${user[@]}" --mount --net --pid --ipc --uts --fork --kill-child --mount-proc \
    "$FLEET_SELF" _lab "$count" "$@" < /dev/null > "$FLEET_DIR/lab.log" 2>&1 &
  echo $! > "$FLEET_DIR/lab.pid"
  if ! wait_for_hosts "$count"; then
    show_failure
    down
    die 'the lab did not come up'
  fi
}

# ---- inside: pid 1 of the lab -------------------------------------------------------------------------------

hold_images() { # a shared lock for as long as the lab lives keeps prune_images away
  local release path
  for release in "$@"; do
    path=$(image_path "$release")
    exec {held}>> "$path.lock"
    flock -s "$held"
  done
}

start_host() {
  local i=$1 release=$2 name pid own theirs
  name=$(host_name "$i")
  setsid unshare --mount --net --pid --ipc --uts --fork --kill-child --mount-proc \
    "$FLEET_SELF" _host "$name" "$(host_address "$i")" "$release" < /dev/null > "$FLEET_DIR/hosts/$name.log" 2>&1 &
  pid=$!
  host_of[$pid]=$name
  # The link may only be made once the host has left the lab's own network namespace.
  own=$(readlink /proc/self/ns/net)
  until theirs=$(readlink "/proc/$pid/ns/net") && [[ -n $theirs && $theirs != "$own" ]]; do
    kill -0 "$pid" || exit 1
    sleep 0.01
  done
  ip link add "v$name" type veth peer name eth0 netns "$pid"
  ip link set "v$name" master br0 up
}

_lab() {
  local count=$1 i lease='' ended
  declare -A host_of=()
  shift
  if [[ -n ${FLEET_LEASE_FD:-} ]]; then
    cat <&"$FLEET_LEASE_FD" > /dev/null &
    lease=$!
  fi
  is_root && [[ $(< /proc/self/uid_map) =~ 4294967295 ]] && hold_images "$@"
  ip link set lo up
  ip link add br0 type bridge
  ip addr add "$FLEET_NET.1/24" dev br0
  ip link set br0 up
  # Three questions for an address, 0.1 s apart, prove that nobody has it: the network is all in this machine.
  ip ntable change name arp_cache dev br0 retrans 100
  # All that the hosts write is in memory and gone with the lab.
  mount -t tmpfs -o "size=${FLEET_TMPFS:-8g},nr_inodes=4m,mode=755" tmpfs "$FLEET_DIR/mnt"
  for i in $(seq 1 "$count"); do start_host "$i" "$(nth_release "$i" "$@")"; done
  while :; do
    ended=''
    wait -n -p ended || :
    [[ -z $lease || $ended != "$lease" ]] || exit 0
    if [[ -n $ended && -n ${host_of[$ended]:-} ]]; then : > "$FLEET_DIR/hosts/${host_of[$ended]}.ended"; else sleep 1; fi
  done
}

# ---- inside: pid 1 of a host --------------------------------------------------------------------------------

mount_root() {
  local root=$1 release=$2 spool=$3 options name
  options="lowerdir=$(image_path "$release"),upperdir=$root/../upper,workdir=$root/../work"
  # Inside a user namespace an overlay may not use trusted.* attributes.
  [[ $(< /proc/self/uid_map) =~ 4294967295 ]] || options+=,userxattr
  mount -t overlay overlay -o "$options" "$root"
  # A directory of a lower layer cannot be renamed; a mail spool must behave like one filesystem.
  cp -a "$root/var/spool" "$spool"
  mount --bind "$spool" "$root/var/spool"
  mount -t proc proc "$root/proc"
  mount -t tmpfs -o mode=755 tmpfs "$root/dev"
  mount -t tmpfs -o mode=755 tmpfs "$root/run"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  for name in null zero full random urandom tty; do
    : > "$root/dev/$name"
    mount --bind "/dev/$name" "$root/dev/$name"
  done
  mkdir -p "$root/dev/pts" "$root/dev/shm" "$root/run/sshd" "$root/run/lock"
  mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  for name in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${name%:*}" "$root/dev/${name#*:}"; done
}

name_host() {
  local root=$1 name=$2
  hostname "$name.example.test"
  cp "$FLEET_DIR/etchosts" "$root/etc/hosts"
  echo "$name.example.test" | tee "$root/etc/hostname" > "$root/etc/mailname"
  install -m 600 "$FLEET_DIR/id_ed25519.pub" "$root/root/.ssh/authorized_keys"
  chroot "$root" install -m 600 -o ops -g ops /root/.ssh/authorized_keys /home/ops/.ssh/authorized_keys
  ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$root/etc/ssh/ssh_host_ed25519_key"
}

plug_in() {
  while ! ip link show eth0 > /dev/null 2>&1; do sleep 0.02; done
  ip link set lo up
  ip addr add "$1/24" dev eth0
  ip link set eth0 up
  ip route add default via "$FLEET_NET.1"
}

# shellcheck disable=SC2016  # expanded inside the host
readonly START_SERVICES='
set -e
postconf -e "myhostname=$(hostname)" "mynetworks=127.0.0.0/8 $1.0/24" "relayhost=[$1.1]:2525"
# Postfix waits with a file of this second or the last until it is older (util/dict.c).
touch -d "1 minute ago" /etc/postfix/main.cf
mkdir -p /var/spool/postfix/etc
for file in services hosts resolv.conf nsswitch.conf; do cp "/etc/$file" /var/spool/postfix/etc/; done
postfix start
/usr/sbin/sshd
'

_host() {
  local name=$1 address=$2 release=$3 mine=$FLEET_DIR/mnt/$1 root=$FLEET_DIR/mnt/$1/root
  mkdir -p "$mine/upper" "$mine/work" "$root"
  mount_root "$root" "$release" "${FLEET_SPOOLS:-$mine}/spool.$name"
  name_host "$root" "$name"
  plug_in "$address"
  cd "$root"
  mkdir -p .old
  pivot_root . .old
  env -i PATH="$HOST_PATH" HOME=/root LANG=C.UTF-8 chroot . /bin/bash -c "$START_SERVICES" - "$FLEET_NET" >&2
  : > ".old$FLEET_DIR/hosts/$name.up"
  umount -l .old
  rmdir .old
  exec env -i PATH="$HOST_PATH" chroot . /bin/bash -c 'trap : TERM; while :; do sleep infinity & wait $! || :; done'
}

# ---- from outside: finding and entering ---------------------------------------------------------------------

children() { # PID: its child processes
  local list=()
  { read -ra list < "/proc/$1/task/$1/children"; } 2> /dev/null || :
  [[ ${#list[@]} == 0 ]] || printf '%s\n' "${list[@]}"
}

command_line() { tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline" || :; }

lab_pid() { # pid 1 of the lab, seen from here
  local holder=''
  [[ -r $FLEET_DIR/lab.pid ]] && read -r holder < "$FLEET_DIR/lab.pid" || return 1
  # The number alone proves nothing: it may have been given to another process since.
  [[ $(command_line "$holder") == *" _lab "* ]] || return 1
  children "$holder" | head -n 1 | grep .
}

need_lab_pid() { lab_pid || die "no lab is up in $FLEET_DIR"; }

host_pid() { # pid 1 of a host, seen from here
  local lab holder
  lab=$(need_lab_pid) || exit 1
  for holder in $(children "$lab"); do
    if [[ $(command_line "$holder") == *" _host ${1:-} "* ]]; then
      children "$holder" | head -n 1 | grep . && return
    fi
  done
  die "no host '${1:-}' is up in $FLEET_DIR"
}

host_processes() { # every process of a host, seen from here
  local namespace path
  namespace=$(readlink "/proc/$1/ns/pid")
  for path in /proc/[0-9]*; do
    [[ $(readlink "$path/ns/pid" 2> /dev/null) != "$namespace" ]] || echo "${path#/proc/}"
  done
}

signal_host() {
  local pid process
  pid=$(host_pid "$2")
  for process in $(host_processes "$pid"); do kill "-$1" "$process" 2> /dev/null || :; done
}

enter_as_user() {
  local pid=$1 user=()
  shift
  is_root || user=(--user --preserve-credentials)
  exec nsenter --target "$pid" "${user[@]}" "$@"
}

enter_as_root() {
  local pid=$1 user=()
  shift
  is_root || user=(--user --setuid 0 --setgid 0)
  exec nsenter --target "$pid" "${user[@]}" "$@"
}

run_in_lab() { # in the lab's pid namespace too: what is left behind (ssh masters) ends with the lab
  local pid
  pid=$(need_lab_pid)
  enter_as_user "$pid" --net --pid -- "$@"
}

run_in_background() {
  local pid log
  pid=$(need_lab_pid)
  log=$(mktemp "$FLEET_DIR/bg-XXXXXX.log")
  (enter_as_user "$pid" --net --pid -- setsid "$@") < /dev/null > "$log" 2>&1 &
  echo $!
}

run_in_host() {
  local pid
  pid=$(host_pid "${1:-}")
  shift
  [[ $# -gt 0 ]] || set -- bash
  enter_as_root "$pid" --mount --net --pid --ipc --uts --root --wd -- \
    env -i PATH="$HOST_PATH" HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" "$@"
}

# A connection to an unplugged host fails with "no route" at once: nothing remembers that it was there.
set_link() {
  local pid
  host_pid "$1" > /dev/null
  pid=$(need_lab_pid)
  (enter_as_root "$pid" --net -- ip link set "v$1" "$2")
  enter_as_root "$pid" --net -- ip neigh flush dev br0
}

memory() {
  local flag name pid process processes pss
  for flag in "$FLEET_DIR"/hosts/*.up; do
    name=$(basename "$flag" .up)
    pid=$(host_pid "$name") || continue
    processes=0
    pss=0
    for process in $(host_processes "$pid"); do
      processes=$((processes + 1))
      pss=$((pss + $(awk '/^Pss:/ {n = $2} END {print n + 0}' "/proc/$process/smaps_rollup" 2> /dev/null || echo 0)))
    done
    echo "$name processes=$processes pss_kB=$pss"
  done
}

end_lab() {
  local init holder
  init=$(lab_pid) || return 0
  holder=$(< "$FLEET_DIR/lab.pid")
  kill -KILL "$init"
  for _ in $(seq 1200); do
    [[ -e /proc/$holder ]] || return 0
    sleep 0.05
  done
  die "the lab's process $holder does not end"
}

down() {
  end_lab
  [[ -e $FLEET_DIR/$MARKER ]] || return 0
  find "$FLEET_DIR" -xdev -mindepth 1 -delete
  rmdir --ignore-fail-on-non-empty "$FLEET_DIR"
}

usage() {
  sed -n 's/^#: \{0,1\}//p' "$FLEET_SELF"
  exit 2
}

case ${1:-} in
  requirements) requirements ;;
  image) image "${@:2}" ;;
  up) up "${@:2}" ;;
  run) run_in_lab "${@:2}" ;;
  bg) run_in_background "${@:2}" ;;
  sh) run_in_host "${@:2}" ;;
  pid) host_pid "${2:-}" ;;
  freeze) signal_host STOP "${2:-}" ;;
  thaw) signal_host CONT "${2:-}" ;;
  kill) kill -KILL "$(host_pid "${2:-}")" ;;
  cut) set_link "${2:-}" down ;;
  join) set_link "${2:-}" up ;;
  mem) memory ;;
  down) down ;;
  _customize) customize "$2" ;;
  _lab) _lab "${@:2}" ;;
  _host) _host "${@:2}" ;;
  *) usage ;;
esac
