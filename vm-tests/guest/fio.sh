#!/usr/bin/env bash
# Makes an ext4 image with this machine's fio and its libraries, for a guest to mount: bin/fio, lib/ld.so, lib/*.
# Debian's fio needs 80 MB of libraries: too much for an initramfs, but of a disk only what runs is read.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
PATH=$PATH:/usr/sbin:/sbin
image=$cache/fio.img

mkdir -p "$cache"
exec 9>"$cache/fio.lock"
flock 9
"$root/build/install.sh" fio mke2fs
fio=$(readlink -f "$(command -v fio)")
if [ ! "$image" -nt "$fio" ] || [ ! "$image" -nt "${BASH_SOURCE[0]}" ]; then
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  mkdir "$tree/bin" "$tree/lib"
  cp "$fio" "$tree/bin/fio"
  # "libaio.so.1 => /lib/x86_64-linux-gnu/libaio.so.1 (0x...)", and the loader alone, by its path.
  ldd "$fio" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | xargs -I{} cp -L {} "$tree/lib/"
  cp -L "$(ldd "$fio" | awk '$1 ~ /^\/.*\/ld-linux/ {print $1}')" "$tree/lib/ld.so"
  note "building the disk with fio"
  rm -f "$image.part"
  mke2fs -q -t ext4 -O ^has_journal -d "$tree" "$image.part" 160M
  mv "$image.part" "$image"
fi
echo "$image"
