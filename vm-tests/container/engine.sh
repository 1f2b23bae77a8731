#!/usr/bin/env bash
# A container engine of the tests' own, with one image, millrace/qemu: Debian's dockerd, unpacked below build/cache without installing
# it, with its data, configuration and socket in a new folder below /tmp. It neither knows nor touches another engine of this machine.
# Prints the address of its socket when it is ready, and goes on until its standard input ends, in whichever way its caller ends.
# Exit code 3: it cannot run here; the last line on stderr says what it needs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../guest/packages.sh"
image=millrace/qemu:local
start_seconds=60
engine_error=125 # docker run's exit code when the engine failed, not the program
folder='' made='' sudo=() path=$PATH libraries=''

needs() {
  echo "$*" >&2
  exit 3
}

# unpack PACKAGE: to cache/engine-PACKAGE.
unpack() {
  [ -d "$cache/engine-$1" ] || know "$1" || true
  (fetch "engine-$1" "$1") || needs "Debian's package $1, for a container engine"
  path=$cache/engine-$1/usr/sbin:$cache/engine-$1/usr/bin:$path
}

# What a Debian with apt may lack. Debian 13 has the client in a package of its own.
unpack_all() {
  local package dockerd
  for package in docker.io containerd runc; do unpack "$package"; done
  [ -x "$cache/engine-docker.io/usr/bin/docker" ] || unpack docker-cli
  dockerd=$cache/engine-docker.io/usr/sbin/dockerd
  if ldd "$dockerd" | grep -q 'libdevmapper.* not found'; then
    unpack libdevmapper1.02.1
    libraries=$(dirname "$(find "$cache/engine-libdevmapper1.02.1" -name 'libdevmapper.so*')")
  fi
}

# The engine in its own folder, which is not below the checkout as a socket's path may have 108 bytes. What it mounts goes with it.
run_dockerd() {
  "${sudo[@]}" env PATH="$path" LD_LIBRARY_PATH="$libraries" unshare --mount dockerd --log-level=warn --group="$(id -g)" \
    --iptables=false --ip6tables=false --bridge=none --host="unix://$folder/docker.sock" \
    --data-root="$folder/data" --exec-root="$folder/exec" --config-file="$folder/daemon.json" --pidfile="$folder/dockerd.pid" >&2
}

# Containers and containerd end with dockerd. It keeps a key in /etc/docker wherever else its configuration is.
stop() {
  if [ -s "$folder/dockerd.pid" ]; then "${sudo[@]}" kill "$(cat "$folder/dockerd.pid")" || true; fi
  wait || true
  "${sudo[@]}" rm -rf "$folder"
  if [ -d "$made" ]; then
    "${sudo[@]}" rm -f "$made/key.json"
    "${sudo[@]}" rmdir "$made" || true
  fi
}

if [ "$(id -u)" != 0 ]; then
  sudo -n true 2>/dev/null || needs "root, or sudo without a password, to start a container engine"
  sudo=(sudo -n)
fi
mkdir -p "$cache"
exec 9>"$cache/engine.lock"
flock 9
unpack_all
exec 9>&-

folder=$(mktemp -d /tmp/millrace-engine.XXXXXX)
trap stop EXIT
trap 'exit 1' INT TERM
echo '{}' >"$folder/daemon.json"
[ -d /etc/docker ] || made=/etc/docker
run_dockerd </dev/null &
engine=$!
deadline=$((SECONDS + start_seconds))
until [ -S "$folder/docker.sock" ]; do
  kill -0 "$engine" 2>/dev/null || needs "a machine where dockerd starts (its log says why it does not on this one)"
  [ "$SECONDS" -lt "$deadline" ] || needs "a machine where dockerd starts within $start_seconds s"
  sleep 0.05
done
export PATH=$path DOCKER_HOST=unix://$folder/docker.sock
"$here/rootfs.sh" | docker import - "$image" >&2
status=0
docker run --rm --network=none "$image" qemu-system-x86_64 --version >&2 || status=$?
[ "$status" != "$engine_error" ] || needs "a machine where containers start (the engine's log says why they do not on this one)"
[ "$status" = 0 ] || exit 1
echo "$DOCKER_HOST"
cat >/dev/null
