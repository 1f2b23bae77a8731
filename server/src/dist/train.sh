#!/bin/sh
# The run that the AOT cache is made from: a disk is served, loaded, asked about, and the server ended as a user ends it.
# usage: train.sh IMAGE WORK
set -eu
image=$1
cd -- "$2"
millrace=$image/bin/millrace
cache=$image/lib/millrace.aot
patience=60 # seconds, each

fail() {
  echo "training: $1; the server said:"
  cat serve.out serve.err
  exit 1
}

# The clients run without a cache, which is still to be made.
client() { MILLRACE_AOT=-XX:-UsePerfData "$millrace" "$@"; }

truncate -s 16M train.img
rm -f train.sock null.sock train.rpc
# With -m, as servers are started that are to be fast: on the first core that may be used.
core=$(sed -n 's/^Cpus_allowed_list:[^0-9]*\([0-9]*\).*/\1/p' /proc/self/status)
# With a rehearsal, as servers are started: what it runs is to be known as well as the way of a guest's requests.
# A disk that completes at once beside one that does not, by configuration and by option.
cat >train.json <<'END'
{"subsystems": [
  {"subsystem": "bdev", "config": [
    {"method": "bdev_null_create", "params": {"name": "null", "num_blocks": 32768, "block_size": 512}}]},
  {"subsystem": "vhost_blk", "config": [
    {"method": "vhost_create_blk_controller", "params": {"ctrlr": "null.sock", "dev_name": "null"}}]}]}
END
# Which forms of method handles it makes classes for: each is a millisecond of a start.
JDK_JAVA_OPTIONS=-Djava.lang.invoke.MethodHandle.TRACE_RESOLVE=true \
MILLRACE_AOT=-XX:AOTCacheOutput=$cache "$millrace" serve -m "[$core]" -c train.json -S . --blk train.sock=train.img -r train.rpc \
  >serve.out 2>serve.err &
server=$!
trap 'kill -KILL "$server" 2>/dev/null || true' EXIT

waited=0
until grep -q '^ready' serve.out; do
  kill -0 "$server" 2>/dev/null || fail "millrace serve ended early"
  [ "$waited" -lt $((patience * 20)) ] || fail "millrace serve was not ready after $patience s"
  waited=$((waited + 1))
  sleep 0.05
done

for socket in null.sock train.sock; do
  for depth in 1 32; do
    for tables in "" --indirect; do
      # shellcheck disable=SC2086 # no option, or one
      client perf --socket "$socket" --rw=randrw --bs=4k --iodepth="$depth" --runtime=1 --time_based $tables >perf.out
    done
  done
done
client rpc -s train.rpc vhost_get_controllers >rpc.out

# The cache gets those that the runtime's list of classes names, which is read when the server ends.
sed -n 's/^\(\[[A-Z]*_RESOLVE\] .*\) (.*/@lambda-form-invoker \1/p' serve.out | sort -u >>"$image/runtime/lib/classlist"
kill -TERM "$server"
wait "$server" || fail "millrace serve did not end normally"
trap - EXIT
[ -s "$cache" ] || fail "the JVM made no AOT cache"
