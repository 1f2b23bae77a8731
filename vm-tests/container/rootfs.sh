#!/usr/bin/env bash
# Writes the root file system of a container that runs this machine's QEMU, as a tar, to standard output: the program, the libraries
# it links, TCG, which Debian makes a module, and the firmware that starts a kernel on q35. Nothing comes from a registry.
set -euo pipefail

qemu=$(command -v qemu-system-x86_64)
modules=(/usr/lib/*/qemu/accel-tcg-x86_64.so) # not there where TCG is built in
[ -e "${modules[0]}" ] || modules=()

libraries() {
  ldd "$qemu" "${modules[@]}" | awk '$2 == "=>" && $3 ~ /^\// {print $3} $1 ~ /^\// && NF == 2 {print $1}' | sort -u
}

firmware() {
  local name found
  for name in bios-256k.bin kvmvapic.bin linuxboot_dma.bin; do
    for found in /usr/share/{qemu,seabios}/"$name"; do
      if [ -e "$found" ]; then
        echo "$found"
        break
      fi
    done
  done
}

# Links are followed: what is stored is the file.
{
  printf '%s\n' "$qemu" "${modules[@]}"
  libraries
  firmware
} | sed 's|^/||' | tar --create --dereference --hard-dereference --directory=/ --files-from=- --file=-
