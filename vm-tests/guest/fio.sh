#!/usr/bin/env bash
# The disk with fio for a guest; Debian's needs 80 MB of libraries.
exec "$(dirname "${BASH_SOURCE[0]}")/tools.sh" fio fio
