#!/usr/bin/env bash
# Builds a disk image with the distribution (server/target/millrace) and the C library it needs, for guests in which Millrace
# itself runs: an ext4 file system with /millrace, /lib64 and /lib/x86_64-linux-gnu. Prints the folder that holds program.img.
# Built again when the distribution has changed.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin # where mke2fs is

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
program=$root/server/target/millrace
out=$cache/programdisk
spare_mib=16

# The libraries, with their links resolved, of the JVM and of what it loads.
libraries() {
  find "$program" \( -name '*.so' -o -path '*/runtime/bin/java' \) -exec ldd {} + |
    awk '$2 == "=>" && $3 ~ "^/" {print $3} $1 ~ "^/.*/ld-linux" {print $1}' | grep -v "^$program/" | sort -u
}

build_image() {
  local tree=$out/tree library folder
  rm -rf "$tree"
  mkdir -p "$tree/lib64" "$tree/lib/x86_64-linux-gnu"
  cp -a "$program" "$tree/millrace"
  while read -r library; do
    folder=lib/x86_64-linux-gnu
    [[ $library != */ld-linux* ]] || folder=lib64
    cp -L "$library" "$tree/$folder/"
  done < <(libraries)
  truncate -s "$(($(du -sm "$tree" | cut -f1) * 11 / 10 + spare_mib))M" "$out/program.part"
  mke2fs -q -F -t ext4 -O '^has_journal' -m 0 -d "$tree" "$out/program.part"
  cp "$program/.inputs" "$out/inputs"
  mv "$out/program.part" "$out/program.img"
  rm -rf "$tree"
}

[ -x "$program/bin/millrace" ] || die "no distribution in $program; build it with: make dist"
mkdir -p "$out"
exec 9>"$cache/programdisk.lock"
flock 9
if ! [ "$out/program.img" -nt "$here/programdisk.sh" ] || ! cmp -s "$program/.inputs" "$out/inputs"; then
  note "building the disk with the distribution"
  build_image
fi
echo "$out"
