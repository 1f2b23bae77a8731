#!/usr/bin/env bash
# Prints the accelerator that works here, kvm or tcg, found by booting the guest: /dev/kvm may open and still hang it.
# The answer is kept until the machine reboots. MILLRACE_ACCEL=kvm|tcg decides without asking.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=$here/../../build/cache
probe_seconds=10 # a KVM that works boots the guest in about one

if [ -n "${MILLRACE_ACCEL:-}" ]; then
  echo "$MILLRACE_ACCEL"
  exit
fi

boots_with_kvm() {
  [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
  local guest work answer
  guest=$("$here/build.sh")
  work=$(mktemp -d)
  echo 'say "INFO alive"' >"$work/test.sh"
  answer=$(timeout -k 1 "$probe_seconds" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
    -machine q35,accel=kvm -cpu max -m 256M -kernel "$guest/vmlinuz" -initrd "$guest/initrd.cpio" \
    -append "console=ttyS0 quiet panic=-1" -serial null -serial stdio \
    -fw_cfg "name=opt/millrace/test.sh,file=$work/test.sh" </dev/null 2>/dev/null | tr -d '\r') || true
  rm -rf "$work"
  grep -q '^END' <<<"$answer"
}

mkdir -p "$cache"
known=$cache/accel.$(cat /proc/sys/kernel/random/boot_id)
if [ ! -s "$known" ]; then
  rm -f "$cache"/accel.*
  if boots_with_kvm; then echo kvm; else echo tcg; fi >"$known.part"
  mv "$known.part" "$known"
fi
cat "$known"
