#!/bin/sh
# The run that the AOT cache is made from.
# usage: train.sh IMAGE WORK
set -eu
image=$1 work=$2

MILLRACE_AOT=-XX:AOTCacheOutput=$image/lib/millrace.aot "$image/bin/millrace" version
[ -s "$image/lib/millrace.aot" ]
