#!/bin/sh
# Runs the benchmarks that `make bench` has built; arguments go to them (--help lists them).
# Needs JAVA_HOME (a JDK 25) and the distribution (make dist).
set -eu
here=$(dirname -- "$(readlink -f -- "$0")")
exec "$JAVA_HOME/bin/java" -XX:+UseSerialGC --enable-native-access=ALL-UNNAMED --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED \
  -cp "$here/target/classes:$(cat -- "$here/target/class-path")" io.millrace.benchmarks.Main \
  --millrace="$here/../server/target/millrace/bin/millrace" --output="$here/target" \
  --results="$here/results" --page="$here/../docs/performance.md" "$@"
