#!/usr/bin/env bash
# Installs by apt-get what Millrace's build and tests need and this machine lacks; says what. Nothing missing: does nothing.
#   install.sh             everything that make run and make test use
#   install.sh COMMAND...  only what brings these commands
#   install.sh --update    only refreshes apt's lists
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # where mke2fs is

log=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/cache/apt.log
mkdir -p "$(dirname "$log")"

# command it is found by -> Debian package
declare -A package=(
  [mvn]=maven
  [gcc]=gcc
  [qemu-system-x86_64]=qemu-system-x86
  [qemu-storage-daemon]=qemu-system-common
  [qemu-img]=qemu-utils
  [fio]=fio
  [mcopy]=mtools
  [mke2fs]=e2fsprogs
  [flock]=util-linux
)

apt_get() {
  local sudo=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || {
      echo "install: not root and there is no sudo; as root run: apt-get $*" >&2
      exit 1
    }
    sudo=(sudo)
  fi
  echo "install: ${sudo[*]:+sudo }apt-get $*" >&2
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0 "$@" >"$log" 2>&1 || {
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
  command -v "$command" >/dev/null || missing+=("${package[$command]}")
done
# gcc alone cannot link: the C library's headers and archive come apart.
if command -v dpkg-query >/dev/null && ! dpkg-query -W -f '${Status}' libc6-dev 2>/dev/null | grep -q 'ok installed'; then
  missing+=(libc6-dev)
fi
[ "${#missing[@]}" -gt 0 ] || exit 0
apt_get install --no-install-recommends "${missing[@]}" || {
  apt_get update
  apt_get install --no-install-recommends "${missing[@]}"
}
