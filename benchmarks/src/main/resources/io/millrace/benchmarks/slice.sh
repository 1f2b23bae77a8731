# Lets one group of processes run at a time, in a round robin, until stdin ends. Builtins only: no fork per slice.
#
# usage: slice.sh MICROSECONDS "PID..." "PID..." ...
# It begins with everything stopped. stdin, a line each, closed by " ;":
#   go              begins a round robin with the first group
#   hold            stops everything and answers "held"
#   slice MICROS    the length of a slice from now on
#   report          answers with the microseconds that each group was given so far, on one line
#   add GROUP PID   one more process, stopped, of a group (from 0)
#   drop PID        forgets a process that ended, so that its number is never signalled again
# The end of stdin lets everything run and ends the script, also when the one who started it died.
#
# Slices end on a schedule, not so long after they began: every whole number of cycles, wherever it begins, gives each
# group the same time. Commands that come within a slice do not end it.
export LC_ALL=C # the decimal point of EPOCHREALTIME
slice=$1
shift
groups=("$@")
given=()
line=
held=1
current=-1
from=0

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

report() {
  local so_far=("${given[@]}")
  if ((current >= 0)); then
    so_far[current]=$((so_far[current] + ${EPOCHREALTIME/./} - from))
  fi
  echo "${so_far[*]}"
}

obey() { # obey COMMAND ARGUMENT...
  local i group
  case $1 in
    go) held=0 ;;
    hold) held=1 ;;
    slice) slice=$2 ;;
    report) report ;;
    add) groups[$2]+=" $3" ;;
    drop)
      for i in "${!groups[@]}"; do
        group=" ${groups[i]} "
        groups[i]=${group/ $2 / }
      done
      ;;
  esac
}

hear() { # hear OPTION...: obeys the next line, if it comes within read's options
  IFS= read -r "$@" part
  status=$?
  # The end of a slice may cut a line in two, or come between a line and the news that it is whole: ";" tells.
  line+=$part
  if [[ $line == *";" ]]; then
    words=${line%;}
    line=
    obey $words
  elif ((status == 0)); then
    line=
  elif ((status <= 128)); then # the end of stdin; a time-out is above 128
    signal CONT ${groups[*]}
    exit 0
  fi
}

wait_until() { # wait_until MICROSECONDS: of the clock; sooner when told to hold
  local left=$(($1 - ${EPOCHREALTIME/./}))
  while ((!held && left > 0)); do
    printf -v left '%d.%06d' $((left / 1000000)) $((left % 1000000))
    hear -t "$left"
    left=$(($1 - ${EPOCHREALTIME/./}))
  done
}

for i in "${!groups[@]}"; do
  given[i]=0
  stop ${groups[i]}
done

while :; do
  while ((held)); do
    hear
  done
  next=${EPOCHREALTIME/./}
  while ((!held)); do
    for i in "${!groups[@]}"; do
      from=${EPOCHREALTIME/./}
      next=$((next > from ? next + slice : from + slice)) # the machine may have stood still for more than a slice
      current=$i
      signal CONT ${groups[i]}
      wait_until "$next"
      stop ${groups[i]}
      given[i]=$((given[i] + ${EPOCHREALTIME/./} - from))
      current=-1
      ((held)) && break
    done
  done
  echo held
done
