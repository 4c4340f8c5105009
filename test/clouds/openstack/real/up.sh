#!/bin/bash
# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

# Starts real OpenStack API services (Debian 12: release Zed) with fake back ends
# on loopback.  See README.md.  Can be run again at any time: it starts what is missing.
set -u
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/lib.sh"
. "$HERE/conf.sh"
[ "$(id -u)" = 0 ] || die "must be root"
[ ! -s "$S/port-base" ] || [ "$(cat "$S/port-base")" = "$P" ] || die "$S was made for OSBED_PORT_BASE=$(cat "$S/port-base")"
mkdir -p "$S"/{etc,run,log,home,tmp,lock,stamp,pkg,py,mysql,rabbit} \
         "$S"/lib/{nova/osbed,neutron,glance/images,glance/staging} || die "cannot make $S"
chmod 711 "$S"; echo "$P" > "$S/port-base"
exec 9>"$S/up.lock"; flock -w 5 9 || die "another up.sh is at work on $S"
trap 'rc=$?; [ $rc = 0 ] || say "up.sh: rc $rc (logs in $S/log)"' EXIT

# ---- packages ---------------------------------------------------------------
PKGS=(python3-keystone python3-nova python3-neutron python3-octavia python3-glance
      python3-placement python3-barbican mariadb-server-core mariadb-client-core
      rabbitmq-server python3-openstackclient python3-octaviaclient python3-barbicanclient
      uwsgi-core uwsgi-plugin-python3 openssl curl procps)
install_packages() {
  local missing=() p
  for p in "${PKGS[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Abbrev}' "$p" 2>/dev/null | cut -c1-2)" = ii ] || missing+=("$p")
  done
  [ ${#missing[@]} = 0 ] && return 0
  [ "$OSBED_APT" = 1 ] || die "missing packages: ${missing[*]}"
  say "apt-get install: ${missing[*]}"
  local made=0 rc
  if [ ! -e /usr/sbin/policy-rc.d ]; then # no daemon may be started by a package
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=1
  fi
  timeout 180 apt-get update >"$S/log/apt.log" 2>&1
  DEBIAN_FRONTEND=noninteractive timeout "$(left)" apt-get install -y --no-install-recommends \
    -o Dpkg::Options::=--force-unsafe-io -o Dpkg::Options::=--force-confold -o Dpkg::Use-Pty=0 \
    "${missing[@]}" >>"$S/log/apt.log" 2>&1 9>&-
  rc=$?
  [ $made = 1 ] && rm -f /usr/sbin/policy-rc.d
  [ $rc = 0 ] || { tail -20 "$S/log/apt.log" >&2; return 1; }
}
# the api-paste files are in the *-common packages, which would ask debconf
# questions and create users and databases: take only their files
extract_pkgs() {
  mkdir -p "$S/pkg/deb" && cd "$S/pkg/deb" || return 1
  timeout 120 apt-get download -q nova-common neutron-common glance-common barbican-common \
    >"$S/log/download.log" 2>&1 || { cat "$S/log/download.log" >&2; return 1; }
  local d; for d in *.deb; do dpkg-deb -x "$d" "$S/pkg" || return 1; done
}
install_packages || die "packages"
say "packages are there"
( once pkg extract_pkgs ) || die "package files"

# ---- configuration ----------------------------------------------------------
write_conf || die "configuration"
make_certs() {
  cd "$S/etc" || return 1
  openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -keyout ca.key -out ca.crt -subj /CN=osbed-ca &&
  openssl req -newkey rsa:2048 -nodes -keyout client.key -out client.csr -subj /CN=osbed-client &&
  openssl x509 -req -in client.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 3650 -out client.crt &&
  cat client.crt client.key > client.pem
}
( once certs make_certs >"$S/log/openssl.log" 2>&1 ) || die "certificates"

# ---- mariadb and rabbitmq ---------------------------------------------------
init_mysql() {
  mariadb-install-db --no-defaults --user=root --datadir="$S/mysql" --skip-test-db \
    --auth-root-authentication-method=normal --skip-name-resolve >"$S/log/mysql-install.log" 2>&1
}
once mysql init_mysql || { tail "$S/log/mysql-install.log" >&2; die "mariadb-install-db"; }
start mysql mariadbd --no-defaults --user=root --datadir="$S/mysql" --socket="$S/run/mysql.sock" \
  --pid-file="$S/run/mariadbd.pid" --bind-address=127.0.0.1 --port="$P_MYSQL" --skip-name-resolve \
  --innodb-flush-method=nosync --innodb-flush-log-at-trx-commit=0 --skip-log-bin \
  --innodb-buffer-pool-size=192M --max-connections=1000 --performance-schema=OFF \
  --character-set-server=utf8mb3 --collation-server=utf8mb3_general_ci \
  --transaction-isolation=READ-COMMITTED
start epmd epmd -address 127.0.0.1 -port "$P_EPMD"
cat > "$S/etc/rabbitmq.conf" <<X
listeners.tcp.default = 127.0.0.1:$P_RABBIT
disk_free_limit.absolute = 50MB
log.console = true
log.file = false
X
: > "$S/etc/rabbit-plugins"; echo '[].' > "$S/etc/rabbit-plugins"
RABBIT_ENV=(env ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$P_EPMD" RABBITMQ_NODENAME="osbed@localhost"
  RABBITMQ_BASE="$S/rabbit" RABBITMQ_MNESIA_BASE="$S/rabbit/mnesia" RABBITMQ_LOG_BASE="$S/log"
  RABBITMQ_CONFIG_FILE="$S/etc/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$S/etc/rabbit-plugins"
  RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_DIST_PORT="$P_RABBIT_DIST"
  RABBITMQ_GENERATED_CONFIG_DIR="$S/rabbit/config" RABBITMQ_PID_FILE="$S/run/rabbit-own.pid"
  RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}" RABBITMQ_LOGS=-)
start rabbit "${RABBIT_ENV[@]}" /usr/lib/rabbitmq/bin/rabbitmq-server
for i in $(seq 240); do
  mariadb --no-defaults -uroot --socket="$S/run/mysql.sock" -e 'select 1' >/dev/null 2>&1 && break
  alive mysql || { tail "$S/log/mysql.log" >&2; die "mariadb ended"; }; sleep 0.25
done
create_dbs() {
  { local d; for d in keystone nova nova_api nova_cell0 placement neutron glance octavia barbican; do
      echo "CREATE DATABASE IF NOT EXISTS $d CHARACTER SET utf8mb3;"; done
    echo "CREATE OR REPLACE USER 'osbed'@'127.0.0.1' IDENTIFIED BY '$PW'; GRANT ALL ON *.* TO 'osbed'@'127.0.0.1';"
  } | mariadb --no-defaults -uroot --socket="$S/run/mysql.sock"
}
once dbs create_dbs || die "databases"
say "mariadb answers"

# ---- schemas ----------------------------------------------------------------
run() { # LOG seconds command...
  local log=$S/log/$1.log n=$2; shift 2; [ "$n" -gt "$(left)" ] && n=$(left)
  ( cd "$S" && timeout "$n" "${CLEAN_ENV[@]}" "$@" ) >>"$log" 2>&1 9>&- || { tail -25 "$log" >&2; return 1; }
}
sql() { mariadb --no-defaults -uroot --socket="$S/run/mysql.sock" "$@"; }
pymain() { # MODULE FUNCTION ARGV0 -> PYMAIN, the words for run and start
  PYMAIN=(/usr/bin/python3 -c "import sys; sys.argv[0] = '$3'; from $1 import $2 as m; sys.exit(m())")
}
sync_keystone() { run db-keystone 300 keystone-manage --config-file "$S/etc/keystone.conf" db_sync; }
sync_nova() {
  pymain nova.cmd.manage main nova-manage
  sed 's#/nova?charset#/nova_cell0?charset#' "$S/etc/nova.conf" > "$S/etc/nova-cell0.conf"
  run db-nova 300 "${PYMAIN[@]}" --config-file "$S/etc/nova.conf" api_db sync &&
  run db-nova 300 "${PYMAIN[@]}" --config-file "$S/etc/nova.conf" db sync --local_cell &&
  run db-nova 300 "${PYMAIN[@]}" --config-file "$S/etc/nova-cell0.conf" db sync --local_cell
}
sync_neutron() {
  pymain neutron.db.migration.cli main neutron-db-manage
  run db-neutron 400 "${PYMAIN[@]}" --config-file "$S/etc/neutron.conf" upgrade heads
}
sync_octavia() { run db-octavia 300 octavia-db-manage --config-file "$S/etc/octavia.conf" upgrade head; }
sync_glance() {
  pymain glance.cmd.manage main glance-manage
  run db-glance 300 "${PYMAIN[@]}" --config-file "$S/etc/glance-api.conf" db_sync
}
sync_placement() { run db-placement 300 placement-manage --config-file "$S/etc/placement.conf" db sync; }
sync_barbican() {
  pymain barbican.cmd.barbican_manage main barbican-manage
  run db-barbican 300 "${PYMAIN[@]}" db upgrade
}
lane() { local x; for x in "$@"; do once "sync-$x" "sync_$x" || return 1; done; }
DBS=(keystone nova nova_api nova_cell0 placement neutron glance octavia barbican)
versions() {
  dpkg-query -W -f '${Package}=${Version} ' python3-keystone python3-nova python3-neutron \
    python3-octavia python3-glance python3-placement python3-barbican
}
load_schema() { # the result of all migrations, kept beside this script: saves a minute or more
  [ -f "$HERE/schema.sql.gz" ] && [ "${OSBED_MIGRATE:-0}" != 1 ] || return 0
  ls "$S/stamp"/sync-* >/dev/null 2>&1 && return 0
  local head; head=$(zcat "$HERE/schema.sql.gz" 2>/dev/null | head -1)
  [ "$head" = "-- $(versions)" ] || { say "schema.sql.gz is of other versions: migrating"; return 0; }
  { echo 'SET SESSION foreign_key_checks=0, unique_checks=0;'; zcat "$HERE/schema.sql.gz"; } | sql || return 1
  local x; for x in keystone nova neutron octavia glance placement barbican; do touch "$S/stamp/sync-$x"; done
  say "schemas loaded from schema.sql.gz"
}
once schema load_schema || die "schema.sql.gz"
lane neutron octavia & L1=$!
lane placement nova glance barbican & L2=$!
lane keystone || die "keystone schema"
if [ "${1:-}" = --make-schema ]; then
  wait $L1 || die "schemas"; wait $L2 || die "schemas"
  # mariadb-dump is in mariadb-client, which would pull in much of perl: take the one file
  ( cd "$S/pkg/deb" && timeout 120 apt-get download -q mariadb-client >>"$S/log/download.log" 2>&1 &&
    dpkg-deb -x mariadb-client_*.deb "$S/pkg/client" ) || die "mariadb-client"
  set -o pipefail
  { echo "-- $(versions)"
    "$S/pkg/client/usr/bin/mariadb-dump" --no-defaults -uroot --socket="$S/run/mysql.sock" \
      --skip-comments --databases "${DBS[@]}" || exit 1; } | gzip -9n > "$HERE/schema.sql.gz.new" || die "dump"
    mv "$HERE/schema.sql.gz.new" "$HERE/schema.sql.gz"
  say "wrote schema.sql.gz ($(stat -c %s "$HERE/schema.sql.gz") bytes); now: down.sh --purge"
  exit 0
fi

# ---- services ---------------------------------------------------------------
UW() { # NAME PORT THREADS
  start "$1" uwsgi --plugins python3 --http-socket "127.0.0.1:$2" --wsgi-file "$S/wsgi/$1.py" --master \
    --processes 1 --threads "$3" --enable-threads --lazy-apps --need-app --die-on-term --no-orphans \
    --buffer-size 65535 --post-buffering 65535 --add-header 'Connection: close' --listen 100 \
    --procname-prefix "osbed-$1 " --disable-logging
}
svc() { # NAME MODULE FUNCTION ARGV0 CONF
  pymain "$2" "$3" "$4"; start "$1" "${PYMAIN[@]}" --config-file "$S/etc/$5"
}
keys() {
  # what keystone-manage fernet_setup and credential_setup would write, without their start-up time
  local d k; for d in fernet credential; do
    mkdir -p -m 700 "$S/$d"; for k in 0 1; do
      [ -s "$S/$d/$k" ] || openssl rand -base64 32 | tr '+/' '-_' | tr -d '\n' > "$S/$d/$k"; done; done
  run db-keystone 60 keystone-manage --config-file "$S/etc/keystone.conf" bootstrap --bootstrap-password "$PW" \
    --bootstrap-username admin --bootstrap-project-name admin --bootstrap-role-name admin \
    --bootstrap-service-name keystone --bootstrap-region-id RegionOne \
    --bootstrap-public-url "$KS/" --bootstrap-internal-url "$KS/" --bootstrap-admin-url "$KS/"
}
once keys keys || die "keystone bootstrap"
UW keystone "$P_KEYSTONE" 8
wait $L1 || die "schemas"
wait $L2 || die "schemas"
say "all schemas are there"
# what nova-manage cell_v2 map_cell0 and create_cell would write
cells() {
  sql nova_api -e "INSERT INTO cell_mappings (created_at, uuid, name, transport_url, database_connection, disabled) VALUES
    (NOW(), '00000000-0000-0000-0000-000000000000', 'cell0', 'none:///', '$(db nova_cell0)', 0),
    (NOW(), '5ca1ab1e-0000-4000-8000-000000000001', 'cell1', '$RPC', '$(db nova)', 0)"
}
once cells cells || die "cell mappings"
for i in $(seq 240); do
  (exec 3<>"/dev/tcp/127.0.0.1/$P_RABBIT") 2>/dev/null && break
  alive rabbit || { tail "$S/log/rabbit.log" >&2; die "rabbitmq ended"; }; sleep 0.25
done
UW placement "$P_PLACEMENT" 4
svc neutron neutron.cmd.eventlet.server main neutron-server neutron.conf
wait_http keystone "$KS"
say "keystone answers"
PROV=(/usr/bin/python3 "$HERE/provision.py")
once "identity-$OSBED_BARBICAN" run provision 120 env "PW=$PW" "KS=$KS" OSBED_STATE="$S" OSBED_BARBICAN="$OSBED_BARBICAN" \
  P_NOVA="$P_NOVA" P_PLACEMENT="$P_PLACEMENT" P_NEUTRON="$P_NEUTRON" P_GLANCE="$P_GLANCE" \
  P_OCTAVIA="$P_OCTAVIA" P_BARBICAN="$P_BARBICAN" "${PROV[@]}" identity || die "identity"
say "users, roles and endpoints are there"
# these ask Keystone for a token when they start, and end if it refuses
svc nova-conductor nova.cmd.conductor main nova-conductor nova.conf
svc glance glance.cmd.api main glance-api glance-api.conf
wait_http placement "http://$H:$P_PLACEMENT/"
svc nova-api nova.cmd.api main nova-api nova.conf
svc nova-scheduler nova.cmd.scheduler main nova-scheduler nova.conf
for n in $(seq 1 "$OSBED_COMPUTES"); do
  start "nova-compute$n" /usr/bin/python3 -m osbed.nova_compute --config-file "$S/etc/nova-compute$n.conf"
done
wait_http neutron "http://$H:$P_NEUTRON/"
UW octavia "$P_OCTAVIA" 6
start octavia-worker /usr/bin/python3 -m osbed.octavia_worker --config-file "$S/etc/octavia.conf"
[ "$OSBED_BARBICAN" = 1 ] && UW barbican "$P_BARBICAN" 2
wait_http glance "http://$H:$P_GLANCE/"
wait_http nova-api "http://$H:$P_NOVA/"
wait_http octavia "http://$H:$P_OCTAVIA/"
[ "$OSBED_BARBICAN" = 1 ] && wait_http barbican "http://$H:$P_BARBICAN/"
ALL=(mysql epmd rabbit keystone placement neutron nova-conductor glance nova-api nova-scheduler octavia octavia-worker)
for n in $(seq 1 "$OSBED_COMPUTES"); do ALL+=("nova-compute$n"); done
[ "$OSBED_BARBICAN" = 1 ] && ALL+=(barbican)
all_alive() { local x; for x in "${ALL[@]}"; do alive "$x" || { tail -20 "$S/log/$x.log" "$S"/log/"$x"-svc.log >&2; die "$x has ended"; }; done; }
all_alive
say "all services answer"

# ---- a project with servers -------------------------------------------------
run provision 400 env "PW=$PW" "KS=$KS" OSBED_STATE="$S" OSBED_SERVERS="$OSBED_SERVERS" \
  OSBED_COMPUTES="$OSBED_COMPUTES" OSBED_IPV6="$OSBED_IPV6" OSBED_BARBICAN="$OSBED_BARBICAN" \
  "${PROV[@]}" cloud || die "provision"
all_alive
say "ready; state in $S"
cat "$S/cloud.conf"; echo; sed 's/^/# /' "$S/openrc"
