# shellcheck shell=bash
# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

# Shared by up.sh and down.sh.  Everything lives under $OSBED_STATE.
: "${OSBED_STATE:=/var/lib/osbed}"
: "${OSBED_PORT_BASE:=31000}"
: "${OSBED_SERVERS:=3}"
: "${OSBED_COMPUTES:=2}"
: "${OSBED_BARBICAN:=1}"
: "${OSBED_IPV6:=0}"
: "${OSBED_DEADLINE:=1200}"
: "${OSBED_APT:=1}"
export OSBED_STATE OSBED_PORT_BASE OSBED_SERVERS OSBED_COMPUTES OSBED_BARBICAN OSBED_IPV6

S=$OSBED_STATE
P=$OSBED_PORT_BASE
export P_KEYSTONE=$((P+0)) P_NOVA=$((P+1)) P_PLACEMENT=$((P+2)) P_NEUTRON=$((P+3)) \
       P_GLANCE=$((P+4)) P_OCTAVIA=$((P+5)) P_BARBICAN=$((P+6)) P_MYSQL=$((P+20)) \
       P_RABBIT=$((P+21)) P_RABBIT_DIST=$((P+22)) P_EPMD=$((P+23))

T0=$(date +%s)
say() { printf '[%4ds] %s\n' $(( $(date +%s) - T0 )) "$*" >&2; }
die() { say "FAILED: $*"; exit 1; }
left() { local l=$(( OSBED_DEADLINE - ($(date +%s) - T0) )); [ "$l" -gt 1 ] || l=1; echo "$l"; }

# a process is known by its pid, its start time and the machine's, so a reused pid is never signalled
BOOT=$(cat /proc/sys/kernel/random/boot_id)
startof() { awk '{ sub(/^.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }
alive() { # NAME
  local pid st boot; [ -s "$S/run/$1.pid" ] || return 1
  read -r pid st boot < "$S/run/$1.pid"
  [ -n "$pid" ] && [ "$boot" = "$BOOT" ] && [ "$(startof "$pid")" = "$st" ]
}
CLEAN_ENV=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 LC_ALL=C.UTF-8
           HOME="$S/home" PYTHONPATH="$S/py" TMPDIR="$S/tmp")
start() { # NAME command...
  local name=$1; shift
  alive "$name" && return 0
  ( cd "$S" && exec setsid "${CLEAN_ENV[@]}" "$@" ) >>"$S/log/$name.log" 2>&1 </dev/null 9>&- &
  local pid=$! i
  for i in 1 2 3 4 5 6 7 8 9 10; do # wait for the exec chain, which keeps the pid
    [ "$(ps -o sid= -p $pid 2>/dev/null | tr -d ' ')" = "$pid" ] && break; sleep 0.05
  done
  echo "$pid $(startof $pid) $BOOT" > "$S/run/$name.pid"
  disown "$pid" 2>/dev/null || true
}
stop() { # NAME [seconds]
  local pid st boot i kid n=${2:-15}
  [ -s "$S/run/$1.pid" ] || return 0
  read -r pid st boot < "$S/run/$1.pid"
  [ "$boot" = "$BOOT" ] || { rm -f "$S/run/$1.pid"; return 0; } # it went with the machine
  if alive "$1"; then
    kill -TERM "$pid" 2>/dev/null
    kill -CONT -- "-$pid" 2>/dev/null # a process that stands still would not end
    for ((i=0; i<n*10; i++)); do alive "$1" || break; sleep 0.1; done
    if alive "$1"; then
      say "$1 ($pid) did not end in ${n}s, killing its group"
      kill -KILL -- "-$pid" 2>/dev/null
    fi
  fi
  # children left in the session that start() made for it; while they live nothing else gets its number
  case "$(startof "$pid")" in "$st"|"")
    for kid in $(ps -o pid= --sid "$pid" 2>/dev/null); do kill -KILL "$kid" 2>/dev/null; done;;
  esac
  rm -f "$S/run/$1.pid"
}
wait_http() { # NAME URL [seconds]
  local n=${3:-120} i code; [ "$n" -gt "$(left)" ] && n=$(left)
  for ((i=0; i<n*4; i++)); do
    code=$(curl -s -o /dev/null -m 5 -w '%{http_code}' --noproxy '*' "$2" || true)
    case $code in 2??|3??|401) return 0;; esac
    alive "$1" || { tail -25 "$S/log/$1.log" >&2; die "$1 ended"; }
    sleep 0.25
  done
  tail -25 "$S/log/$1.log" >&2; die "$1 does not answer at $2 ($code)"
}
once() { # STAMP command...   runs a step only if it has not succeeded before
  local stamp=$S/stamp/$1; shift
  [ -e "$stamp" ] && return 0
  "$@" || return 1
  touch "$stamp"
}
