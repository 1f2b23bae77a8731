#!/usr/bin/env bash
# Builds a disk image that both firmwares boot: a BIOS by the code in its first sector, UEFI by the EFI program
# \EFI\BOOT\BOOTX64.EFI in its EFI system partition, which is the test guest's kernel, initramfs and command line in one file.
# Prints the folder that holds disk.img and OVMF.fd. Later runs take milliseconds.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/packages.sh"
out=$cache/bootdisk
guest=$("$here/build.sh")
image_mib=64
esp_start=2048 esp_sectors=$((40 * 2048)) # FirmwareTest and bootsector.s use what is behind it, from 48 MiB
esp_type=ef

up_to_date() {
  local source
  for source in "$here/bootdisk.sh" "$here/packages.sh" "$here/bootsector.s" "$guest/initrd.cpio"; do
    [ "$out/disk.img" -nt "$source" ] || return 1
  done
}

# little_endian BYTES VALUE
little_endian() {
  local byte
  for ((byte = 0; byte < $1; byte++)); do
    printf "\\x$(printf %02x $((($2 >> (8 * byte)) & 255)))"
  done
}

# The master boot record: the boot code, one partition, the signature.
build_mbr() {
  as --32 -o "$out/bootsector.o" "$here/bootsector.s"
  ld -m elf_i386 -Ttext=0x7c00 --oformat=binary -o "$out/bootsector.bin" "$out/bootsector.o"
  cat "$out/bootsector.bin"
  little_endian 4 0xffffff00 # not active; the addresses of the disk's youth are not used
  little_endian 4 $((0xffffff00 + 0x$esp_type))
  little_endian 4 $esp_start
  little_endian 4 $esp_sectors
  head -c 48 /dev/zero
  little_endian 2 0xaa55
}

# systemd's stub hands its sections to the kernel's own EFI entry. Their addresses only have to be apart.
build_efi() {
  printf 'console=ttyS0 quiet no_timer_check panic=-1' >"$out/cmdline"
  objcopy \
    --add-section .cmdline="$out/cmdline" --change-section-vma .cmdline=0x30000 \
    --add-section .linux="$guest/vmlinuz" --change-section-vma .linux=0x2000000 \
    --add-section .initrd="$guest/initrd.cpio" --change-section-vma .initrd=0x3000000 \
    "$cache/efi-stub/usr/lib/systemd/boot/efi/linuxx64.efi.stub" "$1"
}

build_image() {
  local part=$out/disk.part esp
  rm -f "$part"
  build_mbr >"$part"
  truncate -s "${image_mib}M" "$part"
  esp=$part@@$((esp_start * 512))
  mformat -i "$esp" -h 64 -s 32 -T "$esp_sectors" -H "$esp_start" ::
  mmd -i "$esp" ::/EFI ::/EFI/BOOT
  build_efi "$out/bootx64.efi"
  mcopy -i "$esp" "$out/bootx64.efi" ::/EFI/BOOT/BOOTX64.EFI
  cp "$cache/ovmf/usr/share/ovmf/OVMF.fd" "$out/OVMF.fd"
  rm "$out"/bootsector.* "$out/bootx64.efi" "$out/cmdline"
  mv "$part" "$out/disk.img"
}

mkdir -p "$out"
exec 9>"$cache/bootdisk.lock"
flock 9
if ! up_to_date; then
  if ! [ -d "$cache/ovmf" ] || ! [ -d "$cache/efi-stub" ]; then know ovmf systemd-boot-efi; fi
  fetch ovmf ovmf
  fetch efi-stub systemd-boot-efi
  "$root/build/install.sh" gcc mcopy >&2
  note "building a disk to boot from"
  build_image
fi
echo "$out"
