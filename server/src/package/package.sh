#!/bin/sh
# Makes what is installed of the distribution: a Debian package, and a tarball for machines of other kinds.
#
# usage: package.sh IMAGE OUT [deb|tar]...
#   IMAGE  the distribution, server/target/millrace
#   OUT    where the packages go; both kinds are made unless one is named
set -eu
umask 022

here=$(dirname -- "$(readlink -f -- "$0")")
image=$(readlink -f -- "$1")
mkdir -p -- "$2"
out=$(readlink -f -- "$2")
shift 2

die() {
  echo "package: $1" >&2
  exit 1
}

[ -x "$image/bin/millrace" ] || die "$image is no distribution; make it with: make dist"
[ "$(uname -m)" = x86_64 ] || die "Millrace is for x86-64, this machine is $(uname -m)"
version=$("$image/bin/millrace" version | cut -d ' ' -f 2)

# The packages of this machine that shared libraries outside the distribution come from, as Debian writes dependencies.
# Of the C library the version is asked for that the symbols need; of others, as a rule there are none, any.
dependencies() {
  find "$image" \( -name '*.so' -o -name java \) -type f -exec ldd {} + 2>/dev/null |
    sed -n 's|.*=> \(/[^ ]*\) .*|\1|p' | grep -vF "$image/" | sort -u |
    while read -r library; do
      dpkg-query -S "$library" 2>/dev/null || dpkg-query -S "/usr$library" 2>/dev/null || echo "/$library: is of no package"
    done | cut -d : -f 1 | sort -u >"$work/libraries"
  ! grep '^/' "$work/libraries" >&2 || die "the distribution needs libraries that are of no package of this machine"
  glibc=$(find "$image" \( -name '*.so' -o -name java \) -type f -exec grep -aoh 'GLIBC_2\.[0-9.]*' {} + | sort -uV | tail -n 1)
  sed "s/^libc6\$/libc6 (>= ${glibc#GLIBC_})/" "$work/libraries" | paste -s -d , | sed 's/,/, /g'
}

# All but what dpkg reads: the files as they are to lie on the machine.
tree() {
  cp -R --reflink=auto -- "$image/bin" "$image/lib" "$image/runtime" "$1/usr/lib/millrace/"
  ln -s ../lib/millrace/bin/millrace "$1/usr/bin/millrace"
  cp -R -- "$image/share/bash-completion" "$1/usr/share/"
  sed 's|"binary": ".*"|"binary": "/usr/lib/millrace/bin/millrace-blk"|' "$image/share/qemu/vhost-user/50-millrace-blk.json" \
    >"$1/usr/share/qemu/vhost-user/50-millrace-blk.json"
  for page in "$image"/share/man/man1/*.1; do
    gzip -9n <"$page" >"$1/usr/share/man/man1/${page##*/}.gz"
  done
  cp -- "$here/millrace.service" "$here/millrace.socket" "$1/lib/systemd/system/"
  cp -- "$here/millrace.default" "$1/etc/default/millrace"
  cp -- "$here/millrace.json" "$1/etc/millrace/"
  doc=$1/usr/share/doc/millrace
  cp -- "$here/copyright" "$here"/../../../docs/*.md "$doc/"
  cp -- "$here/../../../README.md" "$doc/"
  printf 'millrace (%s) unstable; urgency=medium\n\n  * See README.md and the other documents here.\n\n -- %s  %s\n' \
    "$version" "$maintainer" "$(date -R -u -r "$image/bin/millrace")" | gzip -9n >"$doc/changelog.gz"
  # Whatever the umask of whoever made the distribution.
  chmod -R u=rwX,go=rX "$1"
}

deb() {
  root=$work/root
  maintainer='The Millrace maintainers <maintainers@millrace.invalid>'
  mkdir -p -- "$root/DEBIAN" "$root/usr/bin" "$root/usr/lib/millrace" "$root/usr/share/qemu/vhost-user" "$root/usr/share/man/man1" \
    "$root/usr/share/doc/millrace" "$root/lib/systemd/system" "$root/etc/default" "$root/etc/millrace"
  tree "$root"
  needs=$(dependencies)
  cp -- "$here/postinst" "$here/prerm" "$here/postrm" "$root/DEBIAN/"
  chmod 755 "$root/DEBIAN/postinst" "$root/DEBIAN/prerm" "$root/DEBIAN/postrm"
  printf '%s\n' /etc/default/millrace /etc/millrace/millrace.json >"$root/DEBIAN/conffiles"
  (cd -- "$root" && find . -path ./DEBIAN -prune -o -type f -printf '%P\0' | sort -z | xargs -0 md5sum) >"$work/md5sums"
  mv -- "$work/md5sums" "$root/DEBIAN/md5sums"
  cat >"$root/DEBIAN/control" <<END
Package: millrace
Version: $version
Architecture: amd64
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN -- "$root" | cut -f 1)
Depends: $needs
Recommends: systemd
Suggests: qemu-system-x86, bash-completion
Section: admin
Priority: optional
Description: virtual disks for QEMU guests over vhost-user
 Millrace serves raw images, block devices and NVMe drives as virtio-blk and
 virtio-scsi disks to guests of QEMU, from a process of its own that works in
 their shared memory. It is driven with SPDK's configuration format and
 JSON-RPC, needs no huge pages and no root, and sleeps while the guests do.
 .
 The Java runtime that it needs is part of the package.
END
  name=millrace_${version}_amd64.deb
  # zstd: a tenth of xz's time for a package that is a fifth larger. dpkg has it since Debian 12 and Ubuntu 18.04.
  dpkg-deb --root-owner-group -Zzstd -z3 --build "$root" "$work/$name" >/dev/null
  mv -- "$work/$name" "$out/$name"
  echo "$out/$name"
}

tarball() {
  name=millrace-$version-linux-x86_64.tar.gz
  tar -C "${image%/*}" --owner=root:0 --group=root:0 --mode=u=rwX,go=rX --exclude=.inputs --transform "s|^millrace|millrace-$version|" \
    -I 'gzip -3' -cf "$work/$name" millrace
  mv -- "$work/$name" "$out/$name"
  echo "$out/$name"
}

work=$(mktemp -d "$out/work.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
[ $# -gt 0 ] || set -- deb tar
for kind; do
  case $kind in
    deb)
      command -v dpkg-deb >/dev/null || die "a Debian package needs dpkg-deb; only the tarball can be made here: package.sh IMAGE OUT tar"
      deb ;;
    tar) tarball ;;
    *) die "what is $kind? deb or tar" ;;
  esac
done
