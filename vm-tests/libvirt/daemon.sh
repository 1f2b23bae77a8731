#!/usr/bin/env bash
# A libvirtd of the tests' own, as a user's session has it: its configuration, state and sockets are in a new folder below /tmp, and
# it neither knows nor touches another libvirtd of this machine. It needs no systemd, no D-Bus and no root. Root's libvirtd would be
# the system's, of which there is one: so it runs in a user namespace where root has another number.
# Prints the URI for virsh when it answers, and goes on until its standard input ends, in whichever way its caller ends.
# Exit code 3: it cannot run here; the last line on stderr says what it needs.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$PATH:/usr/sbin
start_seconds=30
folder='' daemon=''

needs() {
  echo "$*" >&2
  exit 3
}

# Guests would outlive libvirtd; there are some only if a test failed.
stop() {
  local file
  for file in "$folder"/run/libvirt/qemu/run/*.pid; do
    if [ -s "$file" ]; then kill "$(cat "$file")" || true; fi
  done
  [ -z "$daemon" ] || kill "$daemon" || true
  wait || true
  rm -rf "$folder"
}

"$root/build/install.sh" libvirtd virsh >&2 || needs "Debian's packages libvirt-daemon and libvirt-clients"
user=()
if [ "$(id -u)" = 0 ]; then
  user=(unshare --user --map-user=1000 --map-group=1000)
  "${user[@]}" true || needs "user namespaces, to run libvirt beside the system's"
fi

folder=$(mktemp -d /tmp/millrace-libvirt.XXXXXX)
trap stop EXIT
trap 'exit 1' INT TERM
export HOME=$folder XDG_CONFIG_HOME=$folder/config XDG_CACHE_HOME=$folder/cache XDG_RUNTIME_DIR=$folder/run
mkdir -p "$XDG_CONFIG_HOME/libvirt" "$XDG_CACHE_HOME" "$XDG_RUNTIME_DIR"
echo 'stdio_handler = "file"' >"$XDG_CONFIG_HOME/libvirt/qemu.conf" # without virtlogd
"${user[@]}" libvirtd </dev/null >&2 &
daemon=$!
deadline=$((SECONDS + start_seconds))
uri="qemu+unix:///session?socket=$XDG_RUNTIME_DIR/libvirt/libvirt-sock"
until virsh -c "$uri" version >&2; do
  kill -0 "$daemon" 2>/dev/null || needs "a machine where libvirtd starts (its log says why it does not on this one)"
  [ "$SECONDS" -lt "$deadline" ] || needs "a machine where libvirtd answers within $start_seconds s"
  sleep 0.1
done
echo "$uri"
cat >/dev/null
