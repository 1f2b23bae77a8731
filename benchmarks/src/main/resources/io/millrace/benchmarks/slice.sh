# Lets one group of processes run at a time, in a round robin, until stdin ends. Builtins only: no fork per slice.
#
# usage: slice.sh SECONDS "PID..." "PID..." ...
# stdin: "report" prints the microseconds that each group was given so far, on one line;
#        "drop PID" forgets a process that ended, so that its number is never signalled again;
#        the end of stdin lets everything run and ends the script, also when the one who started it died.
export LC_ALL=C # the decimal point of EPOCHREALTIME
slice=$1
shift
groups=("$@")
given=()
line=

signal() { # signal NAME PID...
  kill -s "$@" 2>/dev/null
}

stop() { # stop PID...: the last one first, so that a server still serves what its load waits for; in one call, as
  # the threads of a load that stops would keep this script from the next
  local pids=() pid
  for pid; do
    pids=("$pid" "${pids[@]}")
  done
  signal STOP "${pids[@]}"
}

for i in "${!groups[@]}"; do
  given[i]=0
  stop ${groups[i]}
done

while :; do
  for i in "${!groups[@]}"; do
    from=${EPOCHREALTIME/./}
    signal CONT ${groups[i]}
    read -r -t "$slice" part
    status=$?
    line+=$part # the end of a slice may cut a line in two
    stop ${groups[i]}
    given[i]=$((given[i] + ${EPOCHREALTIME/./} - from))
    if ((status == 0)); then
      read -r command pid <<<"$line"
      line=
      case $command in
        report) echo "${given[*]}" ;;
        drop)
          for j in "${!groups[@]}"; do
            group=" ${groups[j]} "
            groups[j]=${group/ $pid / }
          done
          ;;
      esac
    elif ((status <= 128)); then # the end of stdin; a time-out is above 128
      signal CONT ${groups[*]}
      exit 0
    fi
  done
done
