#!/usr/bin/env bash
# make test says at its end, loudly, which tests this machine could not run and what they need: those that were skipped by an
# assumption whose message begins with "needs". Others are skipped everywhere: a contract that a kind of disk does not have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# "CLASS: needs WHAT" for each, from surefire's reports.
skipped() {
  find . -path '*/target/surefire-reports/TEST-*.xml' -exec cat {} + |
    awk '
      match($0, /<testcase [^>]*classname="[^"]*"/) {
        class = substr($0, RSTART, RLENGTH)
        sub(/.*classname="/, "", class)
        sub(/".*/, "", class)
      }
      /<skipped / && match($0, /: needs .*/) {
        print class ": " substr($0, RSTART + 2)
      }' | sort -u
}

list=$(skipped)
[ -n "$list" ] || exit 0
cat >&2 <<END

###############################################################################
## SKIPPED: what this machine cannot run was not tested.
$(sed 's/^/##   /' <<<"$list")
###############################################################################
END
