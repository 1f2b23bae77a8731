#!/usr/bin/env bash
# A machine to install packages on: this one's files under an overlay in memory, with systemd as its process 1, in namespaces of
# its own. Nothing of what is done there is left, and nothing of it is seen from outside. A JDK of this machine is hidden from it.
#
# usage: machine.sh FOLDER PACKAGE SCRIPT
#   FOLDER   for the machine's root while it runs; its boot log stays there
#   PACKAGE  a file, which SCRIPT finds in the machine as its argument
#   SCRIPT   run by sh as root when the machine is up; the machine ends with it, and with its exit code
# Exit code 3: such a machine cannot run here; the last line on stderr says what it needs.
set -euo pipefail

folder=$(readlink -f "$1")
package=$(readlink -f "$2")
script=$(readlink -f "$3")
patience=200 # seconds, for all of it

cannot() {
  echo "$1" >&2
  exit 3
}

[ "$(id -u)" = 0 ] || cannot "root, to make a machine with systemd"
for command in systemctl dpkg unshare; do
  command -v $command >/dev/null || cannot "$command, to make a machine with systemd"
done
hierarchy=$(awk '$3 == "cgroup2" {print $2; exit}' /proc/mounts)
[ -n "$hierarchy" ] || cannot "cgroup2, to make a machine with systemd"

# systemd wants a cgroup to rule over. Those that it makes in it go with its end.
cgroup=$hierarchy/millrace-machine-$$
mkdir "$cgroup" 2>/dev/null || cannot "permission to make a cgroup, to make a machine with systemd"
root=$folder/machine
mkdir -p "$root"
tidy() {
  find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null || true
  rm -rf --one-file-system "$root"
}
trap tidy EXIT

export root package script
# shellcheck disable=SC2016 # expanded there
(
  echo "$BASHPID" >"$cgroup/cgroup.procs"
  exec timeout --signal=KILL "$patience" unshare --mount --pid --fork --kill-child --uts --ipc --cgroup --propagation private bash -euc '
    mount -t tmpfs -o size=2g,mode=755 millrace "$root"
    mkdir "$root"/{upper,work,m}
    mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/m" || exit 3
    m=$root/m
    mount -t proc proc "$m/proc"
    mount --bind "$m/proc/sys" "$m/proc/sys"
    mount -o remount,bind,ro "$m/proc/sys"
    mount -t sysfs -o ro sysfs "$m/sys"
    mount -t cgroup2 cgroup2 "$m/sys/fs/cgroup"
    for folder in dev run tmp var/tmp; do mount -t tmpfs tmpfs "$m/$folder"; done
    chmod 1777 "$m/tmp" "$m/var/tmp"
    for device in null zero full random urandom; do
      mknod -m 666 "$m/dev/$device" c "$((0x$(stat -c %t /dev/$device)))" "$((0x$(stat -c %T /dev/$device)))"
    done
    ln -s /proc/self/fd "$m/dev/fd"
    mkdir -m 1777 "$m/dev/shm"
    # Only what the package brings is to run, and as on a machine of its own.
    for wants in "$m"/lib/systemd/system/*.wants "$m/lib/systemd/system-generators"; do mount -t tmpfs tmpfs "$wants"; done
    rm -rf "$m"/etc/systemd/system/*.wants "$m/etc/fstab" "$m/usr/sbin/policy-rc.d"
    for jdk in "$(readlink -f "${JAVA_HOME:-/nowhere}")" /usr/lib/jvm; do
      if [ -d "$m$jdk" ]; then mount -t tmpfs tmpfs "$m$jdk"; fi
    done
    printf "[Unit]\nWants=systemd-journald.service\n" >"$m/etc/systemd/system/machine.target"
    cp "$package" "$m/tmp/package"
    cp "$script" "$m/tmp/script"
    {
      for _ in $(seq 200); do
        [ "$(env -i "$(command -v chroot)" "$m" /bin/systemctl is-active machine.target 2>/dev/null)" != active ] || break
        read -rt 0.05 <> <(:) || true
      done
      result=0
      env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root setsid --wait chroot "$m" sh /tmp/script /tmp/package 2>&1 || result=$?
      echo "$result" >"$root/../result"
      chroot "$m" systemctl poweroff --force --force
    } &
    exec env -i PATH="$PATH" container=other chroot "$m" /lib/systemd/systemd --system --unit=machine.target --log-target=null --show-status=no
  ' </dev/null
) || status=$?
if [ "${status:-0}" = 137 ]; then
  echo "the machine was not done after $patience s" >&2
  exit 1
fi
[ -s "$folder/result" ] || cannot "overlayfs and namespaces, to make a machine with systemd"
exit "$(cat "$folder/result")"
