# What an administrator does with the package, in a machine of machine.sh. After each "== NAME" comes what was seen there;
# PackageTest judges it. A command that fails is seen by what it says.
# usage: install.sh PACKAGE
package=$1
operations=/tmp/operations.md
dpkg-deb --fsys-tarfile "$package" | tar -xO ./usr/share/doc/millrace/operations.md >$operations
# A machine in memory has nothing to make durable.
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/test

section() { printf '== %s\n' "$1"; }
show() { systemctl show --property="$1" --value millrace.service; }
rpc() { millrace rpc -r /run/millrace.sock "$@" 2>&1; }
# document FILE SECTION: runs the commands that a section of a document shows, with the package where it is here.
document() {
  awk -v title="## $2" '/^## / {in_section = $0 == title} in_section && /^```/ {code = /^```sh/; next} in_section && code' "$1" |
    grep -v '^make ' | sed "s|server/target/package/millrace_.*_amd64.deb|$package|" >/tmp/commands
  sh /tmp/commands 2>&1
}
# drop_ins FILE: what systemd says of the drop-ins that a document shows.
drop_ins() {
  folder=/run/systemd/system/millrace.service.d
  mkdir -p $folder /srv/images
  awk '/^```/ {code = /^```ini/; next} code && /^# [a-z]*.conf$/ {name = $2} code {print >("/tmp/" name)}' "$1"
  cp /tmp/*.conf $folder/
  systemd-analyze verify /lib/systemd/system/millrace.service 2>&1
  ls $folder
  rm $folder/*
}
# await SECONDS COMMAND...: until it succeeds
await() {
  end=$(($(date +%s) + $1))
  shift
  until "$@"; do
    [ "$(date +%s)" -lt "$end" ] || return
    sleep 0.1
  done
}

section java
command -v java javac || echo none

section install
document $operations Install

section files
dpkg --verify millrace
section verify
systemd-analyze verify /lib/systemd/system/millrace.service /lib/systemd/system/millrace.socket 2>&1
section exposure
systemd-analyze security --offline=yes --no-pager /lib/systemd/system/millrace.service 2>&1 | tail -n 1

section units
systemctl is-enabled millrace.service millrace.socket
systemctl is-active millrace.service millrace.socket

section user
getent passwd millrace
section modes
stat -c '%U:%G %a %n' /var/lib/millrace /run/millrace /run/millrace.sock

section process
pid=$(show MainPID)
grep -E '^(Uid|Gid|Groups|CapEff|CapBnd|NoNewPrivs|Seccomp):' "/proc/$pid/status" | tr '\t' ' '
section watch
document $operations Watch
section drop-ins
drop_ins $operations

section disk
document $operations "Serve disks"
section guest
useradd --system -G millrace guest
runuser -u guest -- millrace perf --socket /run/millrace/vm0.sock --rw=randwrite --verify --size=4m 2>&1 | grep -o 'bad=.*'
rpc bdev_get_bdevs '{"name": "vm0"}' | grep engine
section stranger
runuser -u nobody -- millrace perf --socket /run/millrace/vm0.sock --rw=read --size=4k 2>&1
runuser -u nobody -- millrace rpc -r /run/millrace.sock spdk_get_version 2>&1

section upgrade
pid=$(show MainPID)
document $operations Upgrade
[ "$(show MainPID)" != "$pid" ] && systemctl is-active millrace.service
section restored
document $operations "Back up"
document $operations Recover
rpc vhost_get_controllers | grep ctrlr

section watchdog
mkdir -p /run/systemd/system/millrace.service.d
printf '[Service]\nWatchdogSec=1\n' >/run/systemd/system/millrace.service.d/test.conf
systemctl daemon-reload
systemctl restart millrace.service
pid=$(show MainPID)
[ "$pid" = 0 ] || kill -STOP "$pid"
restarted() { [ "$(show NRestarts)" -gt 0 ] && systemctl -q is-active millrace.service; }
await 30 restarted && echo "started anew"

section priorities
printf 'MILLRACE_OPTIONS="-m 0x7000000000000000"\n' >/etc/default/millrace
systemctl restart millrace.service
journalctl --no-pager -o cat -p warning -u millrace.service | grep 'do not exist'
sed -i 's/=.*/=""/' /etc/default/millrace

section stop
systemctl stop millrace.service 2>&1
show Result
show ExecMainStatus
section activation
rpc spdk_get_version | grep version
systemctl is-active millrace.service

section remove
touch /var/lib/millrace/precious.img
dpkg -r millrace 2>&1 | grep -v '^(Reading database'
ls /etc/millrace /etc/default/millrace
ls /usr/bin/millrace 2>&1
systemctl is-active millrace.service millrace.socket
section purge
dpkg -P millrace 2>&1 | grep -v '^(Reading database'
getent passwd millrace
ls -d /etc/millrace /etc/default/millrace /usr/lib/millrace /run/millrace.sock /var/lib/millrace/state 2>/dev/null
ls /var/lib/millrace

section log
journalctl --no-pager -o cat -u millrace.service
