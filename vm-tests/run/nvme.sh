# DISK=nvme of demo.sh, which reads this: the disk is the namespace of an NVMe controller that a QEMU without a running CPU
# emulates. It has the guest's memory file plugged in, so that the driver's commands point at the guest's own buffers.
drive_mib=64 # the emulated machine's own memory: queues
drive_seconds=60
drive_pid=drive/qemu.pid

# Where the memory files are: in memory, if there is enough. QEMU wants the whole path.
memory_files() {
  local free_mib
  free_mib=$(df -BM --output=avail /dev/shm 2>/dev/null | tail -n 1 | tr -dc 0-9)
  if [ "${free_mib:-0}" -gt $((2 * (guest_mib + drive_mib))) ]; then echo "/dev/shm/millrace-$$"; else echo "$work/memory"; fi
}

# The command line of the machine with the controller, one option a line.
drive_command() {
  cat <<OPTIONS
qemu-system-x86_64 -nodefaults -no-user-config -display none -daemonize -pidfile $drive_pid
-accel tcg -S -machine q35,memory-backend=mem -m ${drive_mib}M,slots=1,maxmem=1G
-object memory-backend-file,id=mem,size=${drive_mib}M,share=on,mem-path=$memory-drive
-object memory-backend-file,id=guest,size=${guest_mib}M,share=on,mem-path=$memory-guest
-device pc-dimm,memdev=guest
-drive file=disk.img,if=none,format=raw,id=disk
-device nvme,drive=disk,serial=millrace
-qtest unix:drive/qtest.sock,server=on,wait=off -qtest-log none
-qmp unix:drive/qmp.sock,server=on,wait=off
OPTIONS
}

configuration() {
  cat <<'JSON'
{"subsystems": [
  {"subsystem": "bdev", "config": [
    {"method": "bdev_nvme_attach_controller", "params": {"name": "Nvme0", "trtype": "PCIe", "traddr": "qtest:drive"}}]},
  {"subsystem": "vhost_blk", "config": [
    {"method": "vhost_create_blk_controller", "params": {"ctrlr": "vm0.sock", "dev_name": "Nvme0n1"}}]}]}
JSON
}

show_drive() {
  echo "  mkdir drive"
  indented "$drive"
  echo "  cat >nvme.json <<'END'"
  configuration
  echo "END"
}

# -daemonize: QEMU returns when the controller is there.
start_drive() {
  local start words=()
  eval "words=($drive)"
  start=$(milliseconds)
  mkdir drive
  configuration >nvme.json
  timeout -k 5 "$drive_seconds" "${words[@]}" </dev/null >drive.log 2>&1 || fail "QEMU with the NVMe controller did not start"
  echo "  controller  emulated NVMe at drive/qtest.sock $(($(milliseconds) - start)) ms after its start"
}

# Whether the controller read and wrote in the guest's memory itself.
check_copies() {
  local bounced
  "$millrace" rpc -r rpc.sock bdev_get_bdevs '{"name": "Nvme0n1"}' >rpc.log 2>&1 || fail "the server did not answer bdev_get_bdevs"
  bounced=$(sed -n 's/.*"bounced_bytes" *: *\([0-9]*\).*/\1/p' rpc.log)
  [ "$bounced" = 0 ] || fail "bdev_get_bdevs has bounced_bytes $bounced: data was copied on its way between guest and controller"
  echo "  copies      bdev_get_bdevs has bounced_bytes 0: the controller used the guest's own memory"
}

stop_drive() {
  [ ! -s "$drive_pid" ] || kill -KILL "$(cat "$drive_pid")" 2>/dev/null || true
  rm -f "$memory-drive" "$memory-guest"
}
