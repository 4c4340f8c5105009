#!/bin/bash
# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

# Ends what up.sh started, by recorded pid.  With --purge also removes $OSBED_STATE; with names of services
# ends only these, for up.sh to start them again.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/lib.sh"
if [ $# -gt 0 ] && [ "$1" != --purge ]; then
  for n in "$@"; do [ -s "$S/run/$n.pid" ] || die "$n does not run"; stop "$n" 10; done
  exit 0
fi
if [ -d "$S/run" ]; then
  for f in "$S"/run/*.pid; do
    n=$(basename "$f" .pid)
    case $n in mysql|rabbit|epmd|mariadbd|rabbit-own|"*") continue;; esac
    stop "$n" 10 &
  done
  wait
  stop rabbit 20; stop epmd 5; stop mysql 30
fi
if [ "${1:-}" = --purge ]; then
  [ -d "$S/stamp" ] && [ -d "$S/etc" ] && rm -rf -- "$S"
fi
say "down"
