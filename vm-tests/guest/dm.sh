#!/usr/bin/env bash
# The disk with dmsetup for a guest.
exec "$(dirname "${BASH_SOURCE[0]}")/tools.sh" dm dmsetup
