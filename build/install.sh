#!/usr/bin/env bash
# Installs by apt-get what Millrace's build and tests need and this machine lacks; says what. Nothing missing: does nothing.
#   install.sh             everything that make run and make test use
#   install.sh COMMAND...  only what brings these commands
#   install.sh --update    only refreshes apt's lists
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # where mke2fs is

log=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cache/apt.log
mkdir -p "$(dirname "$log")"
: >"$log"

# command it is found by -> Debian package
declare -A package=(
  [mvn]=maven
  [git]=git
  [gcc]=gcc
  [qemu-system-x86_64]=qemu-system-x86
  [qemu-storage-daemon]=qemu-system-common
  [qemu-img]=qemu-utils
  [fio]=fio
  [mcopy]=mtools
  [mke2fs]=e2fsprogs
  [flock]=util-linux
  [kill]=procps
  [sg_inq]=sg3-utils
  [dmsetup]=dmsetup
  [systemctl]=systemd
  [groff]=groff-base
)
# the same for what one test installs, and is skipped without
declare -A package_of_test=(
  [libvirtd]=libvirt-daemon
  [virsh]=libvirt-clients
)

die() {
  echo "install: $*" >&2
  exit 1
}

# try_apt_get ARGUMENTS...: as root, its output in the log.
try_apt_get() {
  local sudo=()
  command -v apt-get >/dev/null || die "there is no apt-get here; what Debian would do: apt-get $*"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "not root and there is no sudo; as root run: apt-get update; apt-get $*"
    sudo=(sudo)
  fi
  echo "install: ${sudo[*]:+sudo }apt-get $*" >&2
  # A machine that has just booted may be installing its updates: wait for the lock.
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1
}

apt_get() {
  try_apt_get "$@" || {
    tail -n 20 "$log" >&2
    return 1
  }
}

if [ "${1:-}" = --update ]; then
  apt_get update
  exit
fi

missing=()
for command in "${@:-${!package[@]}}"; do
  type -P "$command" >/dev/null || missing+=("${package[$command]:-${package_of_test[$command]}}") # type -P: tests start files, not builtins of bash
done
# gcc alone cannot link: the C library's headers and archive come apart.
if command -v dpkg-query >/dev/null && ! dpkg-query -W -f '${Status}' libc6-dev 2>/dev/null | grep -q 'ok installed'; then
  missing+=(libc6-dev)
fi
[ "${#missing[@]}" -gt 0 ] || exit 0
try_apt_get install --no-install-recommends "${missing[@]}" || {
  echo "install: that failed; once more with fresh lists, as a new machine has none" >&2
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
}
