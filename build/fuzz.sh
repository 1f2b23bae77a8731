#!/usr/bin/env bash
# make fuzz: every @FuzzTest for some seconds, one after the other, guided by coverage (Jazzer).
#   fuzz.sh SECONDS [PATTERN]   only targets that match the extended regular expression
#   fuzz.sh list                says which there are: module, class, method
# What reaches code that the corpus did not reach joins it, in src/test/resources/…/<Class>Inputs/<method>, where make test runs
# it again. So does an input that fails (crash-…, timeout-…); then this fails, too. Logs are in target/fuzz.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

die() {
  echo "fuzz: $*" >&2
  exit 2
}

out=$PWD/target/fuzz

# "module class method" for each target.
targets() {
  grep -rl --include='*FuzzTest.java' '^import com.code_intelligence.jazzer.junit.FuzzTest;' ./*/src/test/java | sort |
    while read -r file; do
      local class=${file#*/src/test/java/}
      class=${class%.java}
      grep -A1 '^ *@FuzzTest' "$file" | sed -n 's/^ *void \([A-Za-z0-9]*\)(.*/\1/p' |
        while read -r method; do
          module=${file#./}
          echo "${module%%/*} ${class//\//.} $method"
        done
    done
}

# jazzer MODULE CLASS METHOD ARGUMENTS...: in the module's folder, as surefire does.
jazzer() {
  local module=$1 class=$2 method=$3
  shift 3
  (cd "$module" && exec "$JAVA_HOME/bin/java" -cp "target/test-classes:target/classes:$(cat target/fuzz.classpath)" \
    -ea -Xmx1800m -XX:+UseSerialGC -XX:+EnableDynamicAgentLoading --enable-native-access=ALL-UNNAMED --add-exports=java.base/jdk.internal.misc=ALL-UNNAMED \
    com.code_intelligence.jazzer.Jazzer --target_class="$class" --target_method="$method" \
    --instrumentation_includes='io.millrace.**' --custom_hook_includes='io.millrace.**' "$@")
}

# coverage first|last LOG: edges reached, as the fuzzer reports them.
coverage() {
  grep -o ' cov: [0-9]*' "$2" | sed 's/.* //' | if [ "$1" = first ]; then head -n 1; else sort -n | tail -n 1; fi
}

count() { find "$1" -type f | wc -l; }

# fuzz MODULE CLASS METHOD: one target; prints its line, and fails if it found something.
fuzz() {
  local module=$1 class=$2 method=$3
  local name=${class##*.} corpus log work before runs found
  corpus=$PWD/$module/src/test/resources/${class//.//}Inputs/$method
  log=$out/$name.$method.log
  work=$out/$name.$method
  mkdir -p "$corpus"
  rm -rf "$work"
  mkdir -p "$work"
  before=$(count "$corpus")
  jazzer "$module" "$class" "$method" -max_total_time="$seconds" -timeout=20 -print_final_stats=1 \
    -artifact_prefix="$corpus/" "$work" "$corpus" >"$log" 2>&1 || true
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log" | tail -n 1)
  found=$(find "$corpus" -type f \( -name 'crash-*' -o -name 'timeout-*' -o -name 'oom-*' \) -newer "$work.start" | wc -l)
  # Edges only: a corpus that also keeps how often each was taken is ten times as large.
  if [ "$found" = 0 ]; then
    jazzer "$module" "$class" "$method" -merge=1 -use_counters=0 "$corpus" "$work" >"$log.merge" 2>&1 || true
  fi
  printf '%-24s %10s %8s %6s → %-6s %4s → %-4s %s\n' "$name" "${runs:-none}" "$((${runs:-0} / seconds))" \
    "$(coverage first "$log")" "$(coverage last "$log")" "$before" "$(count "$corpus")" "$found"
  [ -n "$runs" ] && [ "$found" = 0 ]
}

seconds=${1:?fuzz.sh SECONDS [PATTERN]}
if [ "$seconds" = list ]; then
  targets
  exit
fi
[[ $seconds =~ ^[1-9][0-9]*$ ]] || die "TIME is a number of seconds for each target, not '$seconds'"
list=$(targets | grep -E "${2:-.}") || die "no target matches '$2'; fuzz.sh list says which there are"
JAVA_HOME=$(build/find-jdk.sh)
export JAVA_HOME LC_ALL=C.UTF-8
export MAVEN_OPTS="--sun-misc-unsafe-memory-access=allow ${MAVEN_OPTS:-}"
modules=$(cut -d' ' -f1 <<<"$list" | sort -u | paste -sd,)
mkdir -p "$out"
mvn -B -q -pl "$modules" -am test-compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile=target/fuzz.classpath
printf '%-24s %10s %8s %15s %11s %s\n' target runs 'runs/s' 'edges' 'corpus' found
failed=0
while read -r module class method; do
  touch "$out/${class##*.}.$method.start"
  fuzz "$module" "$class" "$method" </dev/null || {
    failed=1
    echo "fuzz: $class.$method: see target/fuzz/${class##*.}.$method.log" >&2
  }
done <<<"$list"
exit "$failed"
