#!/usr/bin/env bash
# tools.sh NAME COMMAND...: makes an ext4 image with these programs of this machine and their libraries, for a guest to mount:
# bin/*, lib/ld.so, lib/*. They need more than fits an initramfs, but of a disk only what runs is read. Prints its path.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
PATH=$PATH:/usr/sbin:/sbin
name=$1
shift
image=$cache/$name.img

mkdir -p "$cache"
exec 9>"$cache/$name.lock"
flock 9
"$root/build/install.sh" "$1" mke2fs
fresh=1
for program in "$@"; do
  [ "$image" -nt "$(readlink -f "$(command -v "$program")")" ] || fresh=
done
if [ -z "$fresh" ] || [ ! "$image" -nt "${BASH_SOURCE[0]}" ]; then
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  mkdir "$tree/bin" "$tree/lib"
  for program in "$@"; do
    file=$(readlink -f "$(command -v "$program")")
    cp "$file" "$tree/bin/$program"
    # "libaio.so.1 => /lib/x86_64-linux-gnu/libaio.so.1 (0x...)", and the loader alone, by its path.
    ldd "$file" | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | xargs -I{} cp -L {} "$tree/lib/"
    cp -L "$(ldd "$file" | awk '$1 ~ /^\/.*\/ld-linux/ {print $1}')" "$tree/lib/ld.so"
  done
  note "building the disk with $name"
  rm -f "$image.part"
  mke2fs -q -F -t ext4 -O ^has_journal -d "$tree" "$image.part" "$(($(du -sm "$tree" | cut -f1) * 12 / 10 + 16))M" >/dev/null
  mv "$image.part" "$image"
fi
echo "$image"
