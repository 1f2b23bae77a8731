#!/usr/bin/env bash
# Records the vhost-user conversations of QEMU with qemu-storage-daemon that the codec's tests read (see record.py).
# Run by hand, when there is a new conversation to record; the captures are kept in the repository.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
captures=$here/../resources/io/millrace/vhost/user/captures
guest=$("$here/../../../../vm-tests/guest/build.sh")
work=$(mktemp -d)
backend='' recorder=''
trap 'kill $backend $recorder 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

await_socket() {
  until [ -S "$1" ]; do sleep 0.1; done
}

boot() {
  timeout 120 qemu-system-x86_64 -nodefaults -no-user-config -display none \
    -machine q35,accel=tcg,memory-backend=mem -cpu max -smp 2 -m 256M \
    -object memory-backend-memfd,id=mem,size=256M,share=on \
    -kernel "$guest/vmlinuz" -initrd "$guest/initrd.cpio" -append "console=ttyS0 quiet no_timer_check" \
    -serial file:console.log -serial file:result.log -fw_cfg name=opt/millrace/test.sh,file=test.sh \
    -chardev socket,id=disk,path=frontend.sock -device vhost-user-blk-pci,chardev=disk,num-queues=2,queue-size=128
}

# capture NAME WHAT [HIDDEN_FEATURE...]; the guest's script comes on standard input.
capture() {
  local name=$1 what=$2
  shift 2
  cat >test.sh
  rm -f disk.img backend.sock
  truncate -s 64M disk.img
  qemu-storage-daemon --blockdev driver=file,node-name=disk,filename=disk.img,discard=unmap \
    --export type=vhost-user-blk,id=disk,node-name=disk,addr.type=unix,addr.path=backend.sock,writable=on,num-queues=2 &
  backend=$!
  await_socket backend.sock
  cat >"$captures/$name.txt" <<HEADER
# $what
# Front-end: $(qemu-system-x86_64 --version | head -n 1), vhost-user-blk-pci,num-queues=2,queue-size=128, 256 MiB of memory-backend-memfd.
# Back-end: $(qemu-storage-daemon --version | head -n 1), 64 MiB.${1:+ Protocol features hidden from the front-end: $*.}
# Made by vhost-user/src/test/capture/capture.sh. One message a line: '>' to the back-end or '<' back, descriptors, header and payload in hex.
HEADER
  python3 "$here/record.py" frontend.sock backend.sock "$captures/$name.txt" "$@" &
  recorder=$!
  await_socket frontend.sock
  boot
  wait "$recorder"
  kill "$backend"
  wait "$backend" || true
  cat result.log
  grep -q ^END result.log && ! grep -q ^FAIL result.log
}

capture boot "Boot, verified I/O, power-off." <<'GUEST'
await_file /dev/vda
pass load blkload load /dev/vda --length 4194304 --bytes 8388608 --threads 8
GUEST

capture reboot "Boot, verified I/O, a reboot by the guest, verification, power-off." <<'GUEST'
await_file /dev/vda
stage=$(dd if=/dev/vda bs=512 skip=100000 count=1 iflag=direct | tr -d '\0')
if [ -z "$stage" ]; then
  pass load blkload load /dev/vda --length 4194304 --bytes 8388608 --threads 8
  echo again >/tmp/stage
  truncate -s 512 /tmp/stage
  pass mark dd if=/tmp/stage of=/dev/vda bs=512 seek=100000 oflag=direct
  reboot -f
fi
pass verify blkload verify /dev/vda --length 4194304
GUEST

capture memory-table "Boot and power-off with SET_MEM_TABLE (no CONFIGURE_MEM_SLOTS) and without REPLY_ACK." 3 15 <<'GUEST'
await_file /dev/vda
pass load blkload load /dev/vda --length 4194304 --bytes 8388608 --threads 8
GUEST
