#!/bin/sh
# Makes the self-contained distribution: a linked runtime with every module in it, the launcher, and an AOT cache from a
# real run. Called by Maven at package; does nothing when no input changed.
#
# usage: dist.sh JAVA_HOME TARGET MAIN_JAR CLASS_PATH
#   JAVA_HOME   the JDK to link with, which becomes the runtime
#   TARGET      server/target; the result is TARGET/millrace
#   MAIN_JAR    the jar of module io.millrace.server
#   CLASS_PATH  what it needs at run time, separated by colons; folders in it are skipped
set -eu

here=$(dirname -- "$(readlink -f -- "$0")")
java_home=$1 target=$2 main_jar=$3 class_path=$4
image=$target/millrace
work=$target/dist
log=$work/dist.log

fail() {
  echo "dist: $1" >&2
  [ ! -s "$log" ] || sed 's/^/  /' "$log" >&2
  exit 1
}

# Runs one step quietly; its output is shown only when it fails. quietly WHAT COMMAND...
quietly() {
  what=$1
  shift
  "$@" >"$log" 2>&1 || fail "$what failed ($*); it said:"
}

jars=$main_jar
IFS=:
for entry in $class_path; do
  case $entry in *.jar) jars=$jars:$entry ;; esac
done

# What the result is made of: the tools, the JDK, and the bytes of every jar.
# shellcheck disable=SC2086 # split at the colons on purpose
inputs=$(cat -- "$here/dist.sh" "$here/millrace" "$here/millrace-blk" "$here/train.sh" "$here/compiler" "$here/ModernClasses.java" "$here/Completion.java" "$here/ManPages.java" "$java_home/release" $jars | sha256sum)
if [ "$(cat -- "$image/.inputs" 2>/dev/null)" = "$inputs" ]; then
  echo "dist: $image is up to date"
  exit 0
fi

rm -rf -- "$work" "$image"
mkdir -p -- "$work/modules" "$work/natives" "$image/bin" "$image/lib"

# Native libraries lie beside the runtime as files: nothing is unpacked to /tmp at each start, nothing is left there.
# Their jars hold nothing else and stay out of the runtime.
for jar in $jars; do
  case ${jar##*/} in
    netty-transport-native-epoll-*-linux-x86_64.jar)
      (cd "$work/natives" && "$java_home/bin/jar" xf "$jar" META-INF/native)
      cp -- "$work"/natives/META-INF/native/libnetty_transport_native_epoll_x86_64.so "$image/lib/" ;;
    junixsocket-native-common-*.jar)
      (cd "$work/natives" && "$java_home/bin/jar" xf "$jar" lib/amd64-Linux-clang)
      cp -- "$work"/natives/lib/amd64-Linux-clang/jni/libjunixsocket-native-*[0-9].so "$image/lib/libjunixsocket.so" ;;
    *) cp -- "$jar" "$work/modules/" ;;
  esac
done
unset IFS

# jlink takes no automatic modules: the one jar without a descriptor gets the one that jdeps derives.
automatic=HdrHistogram
for jar in "$work/modules/$automatic"-*.jar; do
  [ -e "$jar" ] || continue
  quietly "deriving module $automatic" \
    "$java_home/bin/jdeps" --multi-release base --generate-module-info "$work/descriptors" "$jar"
  quietly "compiling module $automatic" \
    "$java_home/bin/javac" --release 25 -d "$work/descriptors/$automatic" \
    --patch-module "$automatic=$jar" "$(find "$work/descriptors" -name module-info.java)"
  quietly "adding the descriptor of module $automatic" \
    "$java_home/bin/jar" uf "$jar" -C "$work/descriptors/$automatic" module-info.class
done

for jar in "$work"/modules/picocli-*.jar; do
  quietly "making the classes of $jar fit for the AOT cache" "$java_home/bin/java" "$here/ModernClasses.java" "$jar"
done

quietly "jlink" "$java_home/bin/jlink" --output "$image/runtime" --module-path "$work/modules" \
  --add-modules io.millrace.server --no-header-files --no-man-pages
cp -- "$here/millrace" "$here/millrace-blk" "$image/bin/"
chmod 755 "$image/bin/millrace" "$image/bin/millrace-blk"
cp -- "$here/compiler" "$image/lib/"
cp -- "$here/../../../LICENSE" "$image/LICENSE"

# Runs a program that is told the commands of Millrace by Millrace.
with_commands() {
  "$java_home/bin/java" --module-path "$work/modules" --add-modules io.millrace.server,info.picocli \
    --add-exports io.millrace.server/io.millrace.server=ALL-UNNAMED "$@"
}

# Bash loads a command's completion from here when PREFIX/share is among its data folders (bash-completion), or by source.
completions=$image/share/bash-completion/completions
mkdir -p -- "$completions"
quietly "generating the completion for bash" with_commands "$here/Completion.java" "$completions/millrace"

# man(1) finds them where PREFIX/bin is in PATH.
version=${main_jar##*/millrace-server-}
version=${version%.jar}
quietly "generating the man pages" with_commands "$here/ManPages.java" "$image/share/man/man1" "$version"

# What programs that manage guests find back-ends by (QEMU's docs/interop/vhost-user.json). It names the program where it
# is now: docs/backend-program.md says how to install both elsewhere.
mkdir -p -- "$image/share/qemu/vhost-user"
cat >"$image/share/qemu/vhost-user/50-millrace-blk.json" <<END
{
  "description": "Millrace vhost-user-blk",
  "type": "block",
  "binary": "$(readlink -f -- "$image" | sed 's/[\\"]/\\&/g')/bin/millrace-blk",
  "tags": []
}
END

quietly "the training run for the AOT cache" sh "$here/train.sh" "$image" "$work"
# With AOTMode=on a cache that does not fit its runtime is an error, not a slow start.
quietly "starting with the AOT cache" env JDK_JAVA_OPTIONS=-XX:AOTMode=on "$image/bin/millrace" version

echo "$inputs" >"$image/.inputs"
echo "dist: $image ($(du -sm -- "$image" | cut -f1) MB)"
