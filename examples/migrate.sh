#!/usr/bin/env bash
# Moves a running guest from one QEMU to another. Both are on this machine, at one socket of one Millrace; between two
# hosts each has a Millrace of its own: docs/live-migration.md says what changes. The guest writes data before the move
# and checks it after it. Exits 0 when all of it was right, else says what was not.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
millrace=$root/server/target/millrace/bin/millrace
limit_seconds=120 # for any single step
work=$(mktemp -d)
pids=()

fail() {
  echo "FAIL: $1"
  tail -n 15 "$work"/*.log
  exit 1
} >&2

clean_up() {
  local pid
  for pid in "${pids[@]}"; do
    kill -KILL "$pid" 2>/dev/null || true
  done
  rm -rf "$work"
}
trap clean_up EXIT

# await WHAT COMMAND...: until the command succeeds.
await() {
  local what=$1 deadline=$((SECONDS + limit_seconds))
  shift
  until "$@"; do
    [ "$SECONDS" -lt "$deadline" ] || fail "$what: not within $limit_seconds s"
    sleep 0.05
  done
}

# says NAME LINE: the guest in this QEMU has reported a line that begins so.
says() {
  ! grep '^FAIL' "$1-report.log" || fail "the guest is not well"
  grep -q "^$2" "$1-report.log"
}

# start_qemu NAME OPTION...: a QEMU for the guest. All that the guest sees of it is the same on both sides: machine, cpu,
# memory, devices and their order, queues, packed or not.
start_qemu() {
  local name=$1
  shift
  mkfifo "$name.qmp.in" "$name.qmp.out"
  qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
    -machine "q35,accel=$accel,memory-backend=mem" -cpu max -smp 1 -m 256M \
    -object "$memory" \
    -chardev socket,id=vm0,path=vm0.sock \
    -device vhost-user-blk-pci,chardev=vm0,num-queues=1 \
    -kernel "$guest/vmlinuz" -initrd "$guest/initrd.cpio" \
    -append "console=ttyS0 quiet panic=-1 no_timer_check" \
    -fw_cfg name=opt/millrace/test.sh,file=guest.sh \
    -serial "file:$name-console.log" -serial "file:$name-report.log" \
    -chardev "pipe,id=qmp,path=$name.qmp" -mon chardev=qmp,mode=control \
    "$@" >"$name-qemu.log" 2>&1 &
  pids+=($!)
  exec {to[$name]}<>"$name.qmp.in" {from[$name]}<>"$name.qmp.out"
  qmp "$name" '{"execute": "qmp_capabilities"}'
}

# qmp NAME COMMAND: QEMU's answer is in $answer.
declare -A to from
qmp() {
  local name=$1
  echo "$2" >&"${to[$name]}"
  while true; do
    read -r -t "$limit_seconds" answer <&"${from[$name]}" || fail "the QEMU '$name' does not answer $2"
    case $answer in
    '{"return"'*) return ;;
    '{"error"'*) fail "the QEMU '$name' refuses $2: $answer" ;;
    esac
  done
}

move_ended() {
  qmp source '{"execute": "query-migrate"}'
  [[ $answer =~ '"status": "'(completed|failed|cancelled)'"' ]]
}

[ -x "$millrace" ] || { echo "there is no $millrace; make dist builds it" >&2; exit 1; }
guest=$("$root/vm-tests/guest/build.sh")
accel=$("$root/vm-tests/guest/accel.sh")
cd "$work"
memory=memory-backend-memfd,id=mem,size=256M,share=on
shared=false
if [ "$accel" = tcg ]; then
  # Without KVM, QEMU 7.2 breaks some guests whose memory it copies, whatever their disks are: both sides have it here.
  memory=memory-backend-file,id=mem,size=256M,share=on,mem-path=$work/memory
  shared=true
fi

# agree NAME: what both sides have to know of the move.
agree() {
  qmp "$1" "{\"execute\": \"migrate-set-capabilities\",
    \"arguments\": {\"capabilities\": [{\"capability\": \"x-ignore-shared\", \"state\": $shared}]}}"
}

echo "1. a disk, and a Millrace that serves it"
truncate -s 64M disk.img
"$millrace" serve --blk vm0.sock=disk.img >server.log 2>&1 &
server=$!
pids+=("$server")
await "the server's ready line" grep -q '^ready' server.log

echo "2. a guest in the source QEMU, which writes"
cat >guest.sh <<'GUEST'
await_file /dev/vda
pass written blkload fill /dev/vda
# Goes on with what it has, wherever it runs.
while blkload verify /dev/vda --length 1048576 >/tmp/out; do
  say alive
  usleep 200000
done
say "FAIL $(cat /tmp/out)"
GUEST
start_qemu source
await "the guest's data" says source "PASS written"

echo "3. a destination QEMU that waits for it"
start_qemu destination -incoming defer
agree source
agree destination
qmp destination "{\"execute\": \"migrate-incoming\", \"arguments\": {\"uri\": \"unix:$work/move.sock\"}}"

echo "4. nothing that the source knows of blocks the move"
qmp source '{"execute": "query-migrate"}'
[[ $answer != *blocked-reasons* ]] || fail "the move is blocked: $answer"

echo "5. the move"
qmp source "{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"unix:$work/move.sock\"}}"
await "the end of the move" move_ended
[ "${BASH_REMATCH[1]}" = completed ] || fail "the move has ${BASH_REMATCH[1]}: $answer"
[[ $answer =~ '"downtime": '([0-9]+) ]] && downtime=${BASH_REMATCH[1]}

echo "6. the destination runs it, so the source can end"
qmp destination '{"execute": "query-status"}'
[[ $answer == *'"running": true'* ]] || fail "the destination does not run: $answer"
qmp source '{"execute": "quit"}'
await "the guest's word from the destination" says destination alive

echo "7. the server has no front-end but the destination, and ends well"
qmp destination '{"execute": "quit"}'
kill -TERM "$server"
wait "$server" || fail "the server ended with exit code $?"

echo "PASS: the guest moved, was paused for $downtime ms, and has its data"
