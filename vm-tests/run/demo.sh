#!/usr/bin/env bash
# make run: Millrace serves a fresh disk image, a Linux guest in QEMU writes to it, flushes, reads back and compares; then
# the image is checked from outside. Exits 0 when all of it was right, else says what was not.
# SABOTAGE=1 changes the written data behind the guest's back: the run must then fail.
# DISK=nvme: the image is the namespace of an emulated NVMe controller, which Millrace drives; see nvme.sh.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
millrace=$root/server/target/millrace/bin/millrace
work=$root/vm-tests/target/run
image_mib=64 checked_mib=8 guest_mib=256
boot_seconds=180 server_seconds=20
server='' qemu='' memory=''
served='--blk vm0.sock=disk.img'

# How the account refers to files: as seen from the folder of the run, so that its commands can be copied.
relative() { realpath --relative-to="$work" "$1"; }

milliseconds() { date +%s%3N; }

fail() {
  echo
  echo "FAIL: $1"
  local log
  for log in drive.log server.log rpc.log qemu.log console.log result.log; do
    [ -s "$work/$log" ] || continue
    echo "--- the end of $(realpath --relative-to="$PWD" "$work/$log"):"
    tail -n 15 "$work/$log"
  done
  exit 1
} >&2

stop() {
  local pid
  # The guest's QEMU is timeout's child: only a signal that timeout can catch reaches it.
  [ -z "$qemu" ] || kill -TERM "$qemu" 2>/dev/null || true
  for pid in $qemu $server; do
    [ "$pid" = "$qemu" ] || kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true # or bash says that it was killed
  done
  [ -z "$memory" ] || stop_drive
}
trap stop EXIT

# await SECONDS WHAT COMMAND...: until the command succeeds.
await() {
  local deadline=$(($(milliseconds) + $1 * 1000)) what=$2
  shift 2
  until "$@"; do
    [ "$(milliseconds)" -lt "$deadline" ] || fail "$what"
    sleep 0.02
  done
}

socket_or_gone() { [ -S vm0.sock ] || ! kill -0 "$server" 2>/dev/null; }
server_gone() { ! kill -0 "$server" 2>/dev/null; }

start_server() {
  local start
  start=$(milliseconds)
  # shellcheck disable=SC2086
  "$millrace" serve $served >server.log 2>&1 &
  server=$!
  await "$server_seconds" "the server did not open vm0.sock within $server_seconds s" socket_or_gone
  [ -S vm0.sock ] || fail "the server ended before it opened vm0.sock"
  echo "  server      listens on vm0.sock $(($(milliseconds) - start)) ms after its start"
}

# The guest's memory, QEMU's option for it.
guest_memory() {
  if [ -n "$memory" ]; then
    echo "memory-backend-file,id=mem,size=${guest_mib}M,share=on,mem-path=$memory-guest"
  else
    echo "memory-backend-memfd,id=mem,size=${guest_mib}M,share=on"
  fi
}

# The guest's command line, one option a line.
guest_command() {
  local accel=$1 guest=$2
  cat <<OPTIONS
qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot
-machine q35,accel=$accel,memory-backend=mem -cpu max -smp 2 -m ${guest_mib}M
-object $(guest_memory)
-chardev socket,id=vm0,path=vm0.sock
-device vhost-user-blk-pci,chardev=vm0,num-queues=2
-kernel $(relative "$guest/vmlinuz") -initrd $(relative "$guest/initrd.cpio")
-append console=ttyS0\ quiet\ panic=-1\ no_timer_check${SABOTAGE:+\ millrace.sabotage=1}
-fw_cfg name=opt/millrace/test.sh,file=$(relative "$here/guest.sh")
-serial file:console.log -serial stdio
OPTIONS
}

run_guest() {
  local words=() start
  eval "words=($1)" # blanks inside an option are quoted
  start=$(milliseconds)
  timeout -k 5 "$boot_seconds" "${words[@]}" </dev/null >result.log 2>qemu.log &
  qemu=$!
  wait "$qemu" || fail "QEMU ended with exit code $? (124: the guest took longer than $boot_seconds s)"
  qemu=''
  guest_milliseconds=$(($(milliseconds) - start))
  grep -q '^END' result.log || fail "the guest did not reach the end of its script"
  grep -q '^FAIL' result.log && fail "the guest says: $(grep -m 1 '^FAIL' result.log)"
  local check
  for check in write read-back load; do
    grep -q "^PASS $check" result.log || fail "the guest did not report '$check'"
  done
}

# info WORD: the rest of the guest's line that starts so.
info() { sed -n "s/^$1:\? //p" result.log; }

check_image() {
  local outside
  outside=$(head -c "${checked_mib}M" disk.img | sha256sum | cut -d' ' -f1)
  [ "$outside" = "$(info 'PASS read-back')" ] || fail "disk.img holds sha256 $outside, the guest wrote $(info 'PASS read-back')"
}

stop_server() {
  kill -TERM "$server"
  await "$server_seconds" "the server did not end within $server_seconds s of SIGTERM" server_gone
  wait "$server" || fail "the server ended with exit code $? after SIGTERM"
  server=''
  [ ! -e vm0.sock ] || fail "the server left vm0.sock behind"
}

# A command line as one to copy.
indented() { sed -e '1s/^/  /' -e '2,$s/^/    /' -e '$!s/$/ \\/' <<<"$1"; }

case ${DISK:-} in
  '') ;;
  nvme)
    # shellcheck source=vm-tests/run/nvme.sh
    . "$here/nvme.sh"
    memory=$(memory_files)
    served='-r rpc.sock -c nvme.json'
    ;;
  *)
    echo "make run: there is no DISK=$DISK; give DISK=nvme, or no DISK for an image file" >&2
    exit 1
    ;;
esac

[ -x "$millrace" ] || fail "there is no $millrace; make dist builds it"
guest=$("$here/../guest/build.sh")
accel=$("$here/../guest/accel.sh")
rm -rf "$work"
mkdir -p "$work"
cd "$work"
command=$(guest_command "$accel" "$guest")
[ -z "$memory" ] || drive=$(drive_command)

echo "A Linux guest on a Millrace disk. The commands, to copy:"
echo
printf '  cd %q\n' "$work"
echo "  truncate -s ${image_mib}M disk.img"
[ -z "$memory" ] || show_drive
echo "  $(relative "$millrace") serve $served &"
indented "$command"
[ -z "$memory" ] || echo "  rm $memory-drive $memory-guest"
echo
truncate -s "${image_mib}M" disk.img
[ -z "$memory" ] || start_drive
start_server
run_guest "$command"
echo "  guest       Linux $(info 'INFO kernel') under ${accel^^}, script started at $(info BOOT) s, ended at $(info END) s"
echo "  disk        $(info 'INFO disk')"
echo "  write       $checked_mib MiB of random data past the guest's page cache, then a flush"
echo "  read back   sha256 $(info 'PASS read-back' | cut -c1-16)…, as written"
echo "  load        $(info 'PASS load')"
[ -z "$memory" ] || check_copies
check_image
echo "  image       first $checked_mib MiB of disk.img read from outside: the same sha256"
stop_server
echo "  server      ended by SIGTERM with exit code 0, vm0.sock removed"
echo "  time        $((guest_milliseconds / 1000)).$((guest_milliseconds % 1000 / 100)) s from QEMU's start to its end"
echo
echo "PASS"
