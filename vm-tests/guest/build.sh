#!/usr/bin/env bash
# Builds the test guest: a Debian kernel and an initramfs with busybox, our init, blkload and blkrange.
# Prints the folder that holds vmlinuz and initrd.cpio. Downloads once, into build/cache; later runs take milliseconds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
out=$cache/guest
kernel_package=linux-image-cloud-amd64
modules=(virtio_pci virtio_blk qemu_fw_cfg vfio-pci vfio_iommu_type1 virtio_scsi sd_mod sg dm-round-robin)

# The package a meta package stands for, now: linux-image-cloud-amd64 -> linux-image-6.1.0-56-cloud-amd64.
kernel_image_package() {
  apt-cache depends "$kernel_package" 2>/dev/null | awk '/Depends: linux-image-[0-9]/ {print $2; exit}'
}

fetch_all() {
  if [ -d "$cache/kernel" ] && [ -d "$cache/busybox" ]; then return; fi
  know "$kernel_package" busybox-static
  local image
  image=$(kernel_image_package)
  [ -n "$image" ] || die "apt knows no $kernel_package; the guest's kernel comes from Debian (12 or newer)"
  fetch kernel "$image"
  fetch busybox busybox-static
}

# The modules and, by modules.dep, what they stand on, as the guest's own /lib/modules.
install_modules() {
  local tree=$1 version deps name from to
  from=$(find "$cache/kernel" -path '*/lib/modules/*' -prune) # Debian 13 has it below usr
  version=$(basename "$from")
  to=$tree/lib/modules/$version
  [ -s "$from/modules.dep" ] || "$busybox" depmod -b "${from%/lib/modules/*}" "$version"
  mkdir -p "$to"
  cp "$from/modules.builtin" "$from/modules.order" "$to/"
  for name in "${modules[@]}"; do
    deps=$(awk -v want="/$name.ko:" 'index($1, want) {sub(":", "", $1); print}' "$from/modules.dep")
    [ -n "$deps" ] || die "module $name is not in $version"
    # shellcheck disable=SC2086 # a list of paths without blanks
    (cd "$from" && cp --parents $deps "$to/")
  done
  "$busybox" depmod -b "$tree" "$version"
}

build_initrd() {
  local tree=$out/tree program
  rm -rf "$tree"
  mkdir -p "$tree"/{bin,dev,proc,sys,tmp}
  for program in blkload blkrange; do
    gcc -O2 -Wall -Wextra -Werror -static -pthread -o "$tree/bin/$program" "$here/$program.c"
  done
  cp "$busybox" "$tree/bin/busybox"
  ln -s busybox "$tree/bin/sh"
  install -m 755 "$here/init" "$tree/init"
  install_modules "$tree"
  (cd "$tree" && find . | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) >"$out/initrd.part"
  cp "$cache"/kernel/boot/vmlinuz-* "$out/vmlinuz"
  mv "$out/initrd.part" "$out/initrd.cpio"
  rm -rf "$tree"
}

up_to_date() {
  local source
  for source in "$here/build.sh" "$here/packages.sh" "$here/init" "$here/blkload.c" "$here/blkrange.c"; do
    [ "$out/initrd.cpio" -nt "$source" ] || return 1
  done
  [ -s "$out/vmlinuz" ]
}

mkdir -p "$out"
exec 9>"$cache/guest.lock"
flock 9 # a test run and a demo may start together
if ! up_to_date; then
  fetch_all
  busybox=$(find "$cache/busybox" -path '*/bin/busybox')
  command -v gcc >/dev/null || "$root/build/install.sh" gcc
  note "building the initramfs"
  build_initrd
fi
echo "$out"
