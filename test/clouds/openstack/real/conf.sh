# shellcheck shell=bash
# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

# Writes every configuration file.  Sourced by up.sh.
PW=osbed-secret
H=127.0.0.1
KS=http://$H:$P_KEYSTONE/v3
RPC=rabbit://guest:guest@$H:$P_RABBIT//
db() { echo "mysql+pymysql://osbed:$PW@$H:$P_MYSQL/$1?charset=utf8"; }
auth() { # section of credentials for talking to other services
cat <<X
auth_type = password
auth_url = $KS
username = svc
password = $PW
user_domain_name = Default
project_domain_name = Default
project_name = service
region_name = RegionOne
X
}
authtoken() {
cat <<X
[keystone_authtoken]
www_authenticate_uri = $KS
interface = public
service_token_roles = service
service_token_roles_required = true
$(auth)
X
}
common() { # NAME
cat <<X
use_stderr = false
log_file = $S/log/$1-svc.log
debug = ${OSBED_DEBUG:-false}
transport_url = $RPC
X
}
dbsec() { # SECTION DB
cat <<X
[$1]
connection = $(db "$2")
max_pool_size = 10
max_overflow = 20
X
}
mq() {
cat <<X
[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 0
kombu_reconnect_delay = 0.5
[oslo_messaging_notifications]
driver = noop
[oslo_concurrency]
lock_path = $S/lock
X
}

write_conf() {
local E=$S/etc
cat > "$E/keystone.conf" <<X
[DEFAULT]
$(common keystone)
public_endpoint = http://$H:$P_KEYSTONE/
$(dbsec database keystone)
[fernet_tokens]
key_repository = $S/fernet
[fernet_receipts]
# keystone-manage ends if this is missing, even though nothing uses it here
key_repository = $S/fernet
[credential]
key_repository = $S/credential
[identity]
password_hash_rounds = 4
[cache]
# without a cache one token validation costs some 900 queries and over 1 s of CPU;
# an in-memory cache is sound here, since Keystone is one process
enabled = true
backend = dogpile.cache.memory
expiration_time = 3600
[token]
provider = fernet
expiration = 86400
cache_time = 3600
X
cat > "$E/placement.conf" <<X
[DEFAULT]
$(common placement)
[api]
auth_strategy = keystone
$(authtoken)
$(dbsec placement_database placement)
[oslo_concurrency]
lock_path = $S/lock
X
cat > "$E/glance-api.conf" <<X
[DEFAULT]
$(common glance)
bind_host = $H
bind_port = $P_GLANCE
workers = 0
node_staging_uri = file://$S/lib/glance/staging
$(dbsec database glance)
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $S/lib/glance/images
[paste_deploy]
flavor = keystone
config_file = $S/pkg/usr/share/glance-common/glance-api-paste.ini
$(authtoken)
$(mq)
X
cat > "$E/neutron.conf" <<X
[DEFAULT]
$(common neutron)
bind_host = $H
bind_port = $P_NEUTRON
api_paste_config = $S/pkg/usr/share/neutron-common/api-paste.ini
state_path = $S/lib/neutron
core_plugin = ml2
service_plugins = osbed.l3.BedL3Plugin
api_workers = 0
rpc_workers = 0
auth_strategy = keystone
notify_nova_on_port_status_changes = true
notify_nova_on_port_data_changes = true
send_events_interval = 1
dhcp_agent_notification = false
network_auto_schedule = false
router_auto_schedule = false
allow_automatic_l3agent_failover = false
allow_automatic_dhcp_failover = false
max_routes = 1000
max_dns_nameservers = 10
[ml2]
type_drivers = local,flat,vlan
tenant_network_types = local
mechanism_drivers = osbed
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[quotas]
default_quota = -1
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
quota_security_group = -1
quota_security_group_rule = -1
$(dbsec database neutron)
$(authtoken)
[nova]
$(auth)
[placement]
$(auth)
$(mq)
X
local n
nova_conf() { # NAME HOST DATABASE-SECTIONS
cat <<X
[DEFAULT]
$(common "$1")
host = $2
my_ip = $H
state_path = $S/lib/nova/$2
compute_driver = fake.FakeDriver
enabled_apis = osapi_compute
osapi_compute_listen = $H
osapi_compute_listen_port = $P_NOVA
osapi_compute_workers = 1
sync_power_state_interval = -1
heal_instance_info_cache_interval = 15
update_resources_interval = 60
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
service_down_time = 600
report_interval = 20
instance_name_template = instance-%08x
[api]
auth_strategy = keystone
[wsgi]
api_paste_config = $S/pkg/usr/share/nova-common/api-paste.ini
$3
$(authtoken)
[service_user]
send_service_user_token = true
$(auth)
[glance]
$(auth)
api_servers = http://$H:$P_GLANCE
[neutron]
$(auth)
default_floating_pool = public
extension_sync_interval = 600
http_retries = 3
[placement]
$(auth)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 5
query_placement_for_image_type_support = false
[filter_scheduler]
enabled_filters = ComputeFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter
weight_classes = nova.scheduler.weights.all_weighers
[quota]
instances = -1
cores = -1
ram = -1
metadata_items = -1
server_groups = -1
[vnc]
enabled = false
[cinder]
catalog_info = volumev3::publicURL
$(mq)
X
}
nova_conf nova osbed "$(dbsec api_database nova_api; dbsec database nova)" > "$E/nova.conf"
for n in $(seq 1 "$OSBED_COMPUTES"); do
  mkdir -p "$S/lib/nova/compute$n"
  nova_conf "nova-compute$n" "compute$n" "# no [database] here: nova-compute must not reach it" > "$E/nova-compute$n.conf"
done
cat > "$E/octavia.conf" <<X
[DEFAULT]
$(common octavia)
[api_settings]
bind_host = $H
bind_port = $P_OCTAVIA
auth_strategy = keystone
api_base_uri = http://$H:$P_OCTAVIA
enabled_provider_drivers = amphora:'amphora driver',octavia:'alias of amphora'
default_provider_driver = amphora
healthcheck_enabled = true
allow_tls_terminated_listeners = true
$(dbsec database octavia)
[health_manager]
bind_ip = $H
bind_port = $((P+24))
controller_ip_port_list = $H:$((P+24))
heartbeat_key = $PW
$(authtoken)
[service_auth]
$(auth)
[neutron]
region_name = RegionOne
[nova]
region_name = RegionOne
[glance]
region_name = RegionOne
[certificates]
cert_generator = local_cert_generator
cert_manager = $([ "$OSBED_BARBICAN" = 1 ] && echo barbican_cert_manager || echo local_cert_manager)
ca_certificate = $S/etc/ca.crt
ca_private_key = $S/etc/ca.key
region_name = RegionOne
[haproxy_amphora]
client_cert = $S/etc/client.pem
server_ca = $S/etc/ca.crt
[controller_worker]
workers = 1
amphora_driver = amphora_noop_driver
compute_driver = osbed_compute
network_driver = allowed_address_pairs_driver
image_driver = image_noop_driver
volume_driver = volume_noop_driver
amp_active_retries = 10
amp_active_wait_sec = 1
amp_flavor_id = 1
amp_image_tag = amphora
amp_boot_network_list =
loadbalancer_topology = SINGLE
client_ca = $S/etc/ca.crt
[networking]
retry_interval = 1
port_detach_timeout = 5
[task_flow]
engine = serial
[oslo_messaging]
topic = octavia_prov
[quotas]
default_load_balancer_quota = -1
default_listener_quota = -1
default_member_quota = -1
default_pool_quota = -1
default_health_monitor_quota = -1
default_l7policy_quota = -1
default_l7rule_quota = -1
$(mq)
X
cat > "$E/barbican.conf" <<X
[DEFAULT]
$(common barbican)
host_href = http://$H:$P_BARBICAN
db_auto_create = false
sql_connection = $(db barbican)
[queue]
enable = false
[secretstore]
enabled_secretstore_plugins = store_crypto
[crypto]
enabled_crypto_plugins = simple_crypto
[simple_crypto_plugin]
kek = 'YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXoxMjM0NTY='
$(authtoken)
$(mq)
X
sed -e 's#/etc/barbican/#'"$S/etc/"'#' "$S/pkg/usr/share/barbican-common/barbican-api-paste.ini" > "$E/barbican-api-paste.ini"

mkdir -p "$S/wsgi"
cat > "$S/wsgi/keystone.py" <<X
import os
os.environ['OS_KEYSTONE_CONFIG_DIR'] = '$E'
from keystone.server.wsgi import initialize_public_application
application = initialize_public_application()
X
cat > "$S/wsgi/placement.py" <<X
import os
os.environ['OS_PLACEMENT_CONFIG_DIR'] = '$E'
from placement.wsgi import init_application
application = init_application()
X
cat > "$S/wsgi/octavia.py" <<X
from octavia.api import app
application = app.setup_app(argv=['octavia-api', '--config-file', '$E/octavia.conf'])
X
cat > "$S/wsgi/barbican.py" <<X
from paste import deploy
application = deploy.loadapp('config:$E/barbican-api-paste.ini')
X
# barbican reads its configuration while it is imported, from ~/.barbican
mkdir -p "$S/home/.barbican"; ln -sf "$E/barbican.conf" "$S/home/.barbican/barbican.conf"
# the out-of-tree drivers and the entry points that make them known
mkdir -p "$S/py/osbed-1.0.dist-info"
cp -r "$HERE/osbed" "$S/py/"
printf 'Metadata-Version: 2.1\nName: osbed\nVersion: 1.0\n' > "$S/py/osbed-1.0.dist-info/METADATA"
: > "$S/py/osbed-1.0.dist-info/RECORD"
cat > "$S/py/osbed-1.0.dist-info/entry_points.txt" <<X
[neutron.ml2.mechanism_drivers]
osbed = osbed.ml2:BedMechanismDriver
[octavia.compute.drivers]
osbed_compute = osbed.amphora_compute:BedComputeDriver
X
}
