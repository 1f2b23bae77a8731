# Debian packages that the guests are made of, unpacked below build/cache without installing them; to be sourced.
# Downloads once.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
cache=$root/build/cache

note() { echo "guest: $*" >&2; }

die() {
  note "$@"
  exit 1
}

apt_get() {
  if [ "$(id -u)" = 0 ]; then apt-get -q -o APT::Sandbox::User=root "$@"; else apt-get -q "$@"; fi
}

# know PACKAGE...: refreshes apt's lists when it does not know one of them.
know() {
  local package
  mkdir -p "$cache"
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || {
      "$root/build/install.sh" --update
      return
    }
  done
}

# fetch NAME PACKAGE: downloads PACKAGE and unpacks it to cache/NAME; nothing happens when that is there.
fetch() {
  local name=$1 package=$2 stage=$cache/$1.part
  [ ! -d "$cache/$name" ] || return 0
  note "downloading $package"
  rm -rf "$stage"
  mkdir -p "$stage/deb" "$stage/root"
  (cd "$stage/deb" && apt_get download "$package" >&2) || die "apt-get could not download $package; is a package mirror reachable?"
  dpkg-deb -x "$stage"/deb/*.deb "$stage/root"
  mv "$stage/root" "$cache/$name"
  rm -rf "$stage"
}
