# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""Checks that the cloud behaves as a cloud-controller-manager needs it to.
Usage: /usr/bin/python3 verify.py   (OSBED_STATE as for up.sh)"""

import json
import os
import subprocess
import sys
import time

import openstack

S = os.environ.get('OSBED_STATE', '/var/lib/osbed')
E = json.load(open(os.path.join(S, 'env.json')))


def connect(user, project):
    return openstack.connection.Connection(
        auth=dict(auth_url=E['auth_url'], username=user,
                  password=E['password'], project_name=project,
                  user_domain_name='Default', project_domain_name='Default'),
        region_name=E['region'], identity_api_version='3')


c, a = connect('ccm', 'k8s'), connect('admin', 'admin')
net, lb, cmp_ = c.network, c.load_balancer, c.compute
passed = failed = 0


def check(what, ok, extra=''):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print('%s %s %s' % ('ok  ' if ok else 'FAIL', what, extra), flush=True)


def req(method, path, ok, body=None, proxy=lb):
    r = proxy.request(path, method, json=body, raise_exc=False)
    if r.status_code not in ok:
        raise RuntimeError('%s %s: %s %s' % (method, path, r.status_code,
                                             r.text[:300]))
    return r


def wait_lb(lid, seconds=120):
    t = time.time()
    while time.time() - t < seconds:
        r = req('GET', '/lbaas/loadbalancers/' + lid, (200, 404))
        if r.status_code == 404:
            return 'GONE', time.time() - t
        s = r.json()['loadbalancer']['provisioning_status']
        if s in ('ACTIVE', 'ERROR'):
            return s, time.time() - t
        time.sleep(0.2)
    return s, time.time() - t


def step(what, lid, t):
    s, _ = wait_lb(lid)
    check(what, s == 'ACTIVE', '%.1fs %s' % (time.time() - t, s))


# servers ---------------------------------------------------------------------
servers = {s.name: s for s in cmp_.servers(details=True)
           if s.name.startswith('node-')}
check('servers ACTIVE', servers and all(
    s.status == 'ACTIVE' for s in servers.values()), len(servers))
check('servers have a fixed address', all(
    any(x['OS-EXT-IPS:type'] == 'fixed' for v in s.addresses.values()
        for x in v) for s in servers.values()))
n0 = servers['node-0']
ports = list(net.ports(device_id=n0.id))
check('server port ACTIVE', [p.status for p in ports] == ['ACTIVE'])
check('os-interface', [i.port_id for i in cmp_.server_interfaces(n0)] ==
      [ports[0].id])
t = time.time()
cmp_.stop_server(n0)
cmp_.wait_for_server(cmp_.get_server(n0.id), status='SHUTOFF', interval=1,
                     wait=60)
cmp_.start_server(n0)
cmp_.wait_for_server(cmp_.get_server(n0.id), status='ACTIVE', interval=1,
                     wait=60)
check('stop and start a server', True, '%.1fs' % (time.time() - t))

for x in list(net.ips()):  # left by an earlier run
    if x.port_id == ports[0].id or x.description == 'verify':
        net.delete_ip(x)
for x in req('GET', '/lbaas/loadbalancers', (200,)).json()[
        'loadbalancers']:
    if x['name'].startswith('verify'):
        wait_lb(x['id'])
        req('DELETE', '/lbaas/loadbalancers/%s?cascade=true' % x['id'],
            (204,))
        wait_lb(x['id'])

# floating IP ------------------------------------------------------------------
fip = net.create_ip(floating_network_id=E['external_network_id'],
                    description='verify')
check('floating IP DOWN when free', fip.status == 'DOWN', fip.status)
fip = net.update_ip(fip, port_id=ports[0].id)
check('floating IP associated', fip.fixed_ip_address and
      fip.status == 'ACTIVE', fip.floating_ip_address)
t = time.time()
while time.time() - t < 60:
    now = [x['addr'] for v in cmp_.get_server(n0.id).addresses.values()
           for x in v]
    if fip.floating_ip_address in now:
        break
    time.sleep(0.5)
check('nova shows the floating IP', fip.floating_ip_address in now,
      '%.1fs' % (time.time() - t))
fip = net.update_ip(fip, port_id=None)
check('floating IP disassociated', fip.status == 'DOWN')
net.delete_ip(fip)

# routes -----------------------------------------------------------------------
rid = E['router_id']
nexthop = ports[0].fixed_ips[0]['ip_address']
r0 = net.get_router(rid)
want = r0.routes + [{'destination': '10.244.77.0/24', 'nexthop': nexthop}]
check('router routes', net.update_router(rid, routes=want).routes == want)
r = req('PUT', '/routers/%s' % rid, (400,), {
    'router': {'routes': [{'destination': '10.244.78.0/24',
                           'nexthop': '192.168.9.9'}]}}, net)
check('bad next hop refused', r.status_code == 400,
      r.json()['NeutronError']['type'])
r = req('PUT', '/routers/%s/add_extraroutes' % rid, (200,), {
    'router': {'routes': [{'destination': '10.244.79.0/24',
                           'nexthop': nexthop}]}}, net)
check('extraroute-atomic', len(r.json()['router']['routes']) == len(want) + 1)
net.update_router(rid, routes=r0.routes)
p = net.update_port(ports[0], allowed_address_pairs=[
    {'ip_address': '10.244.77.0/24'}])
check('allowed_address_pairs', p.allowed_address_pairs[0]['ip_address'] ==
      '10.244.77.0/24')
net.update_port(ports[0], allowed_address_pairs=[])

# load balancer, step by step ----------------------------------------------------
t = time.time()
x = req('POST', '/lbaas/loadbalancers', (201,), {'loadbalancer': {
    'name': 'verify', 'vip_subnet_id': E['subnet_id'],
    'tags': ['kube_service_verify_default_a']}}).json()['loadbalancer']
lid = x['id']
check('new load balancer is PENDING_CREATE',
      x['provisioning_status'] == 'PENDING_CREATE')
r = req('POST', '/lbaas/listeners', (409,), {'listener': {
    'loadbalancer_id': lid, 'protocol': 'TCP', 'protocol_port': 80}})
check('immutable while pending: 409', r.status_code == 409)
step('load balancer ACTIVE', lid, t)
t = time.time()
li = req('POST', '/lbaas/listeners', (201,), {'listener': {
    'loadbalancer_id': lid, 'name': 'l', 'protocol': 'TCP',
    'protocol_port': 80, 'allowed_cidrs': ['10.0.0.0/8', '192.168.0.0/16'],
    'tags': ['x']}}).json()['listener']
step('listener ACTIVE', lid, t)
t = time.time()
po = req('POST', '/lbaas/pools', (201,), {'pool': {
    'listener_id': li['id'], 'protocol': 'PROXY', 'name': 'p',
    'lb_algorithm': 'ROUND_ROBIN',
    'session_persistence': {'type': 'SOURCE_IP'}}}).json()['pool']
step('pool ACTIVE', lid, t)
t = time.time()
addrs = [x['addr'] for s in servers.values() for v in s.addresses.values()
         for x in v if x['OS-EXT-IPS:type'] == 'fixed' and x['version'] == 4]
req('PUT', '/lbaas/pools/%s/members' % po['id'], (202,), {'members': [
    {'address': x, 'protocol_port': 30080, 'subnet_id': E['subnet_id'],
     'name': 'm' + x} for x in addrs]})
step('members by batch update ACTIVE', lid, t)
ms = req('GET', '/lbaas/pools/%s/members' % po['id'], (200,)).json()
check('all members there', len(ms['members']) == len(addrs) and all(
    m['provisioning_status'] == 'ACTIVE' for m in ms['members']))
t = time.time()
req('POST', '/lbaas/healthmonitors', (201,), {'healthmonitor': {
    'pool_id': po['id'], 'type': 'TCP', 'delay': 5, 'timeout': 3,
    'max_retries': 2, 'max_retries_down': 3}})
step('health monitor ACTIVE', lid, t)
t = time.time()
req('PUT', '/lbaas/listeners/' + li['id'], (200,), {'listener': {
    'allowed_cidrs': ['172.16.0.0/12'], 'timeout_client_data': 60000}})
step('listener update ACTIVE', lid, t)
r = req('GET', '/lbaas/loadbalancers?tags=kube_service_verify_default_a',
        (200,)).json()['loadbalancers']
check('found by tag', [z['id'] for z in r] == [lid])
r = req('GET', '/lbaas/loadbalancers?tags=none-such', (200,)).json()
check('other tag finds nothing', r['loadbalancers'] == [])
r = req('GET', '/lbaas/loadbalancers/%s/status' % lid, (200,)).json()
check('status tree', r['statuses']['loadbalancer']['listeners'][0]['pools'])
x = req('GET', '/lbaas/loadbalancers/' + lid, (200,)).json()['loadbalancer']
vip = net.get_port(x['vip_port_id'])
check('VIP port is a real neutron port', vip.device_id == 'lb-' + lid and
      vip.device_owner == 'Octavia', x['vip_address'])
f2 = net.create_ip(floating_network_id=E['external_network_id'],
                   port_id=x['vip_port_id'])
check('floating IP on the VIP port', f2.status == 'ACTIVE' and
      f2.fixed_ip_address == x['vip_address'], f2.floating_ip_address)
sgs = list(a.network.security_groups(name='lb-' + lid))
rules = [q for s in sgs for q in a.network.security_group_rules(
    security_group_id=s.id) if q.direction == 'ingress']
check('lb security group follows allowed_cidrs', len(sgs) == 1 and
      {q.remote_ip_prefix for q in rules if q.port_range_min == 80} ==
      {'172.16.0.0/12'})
fl = req('GET', '/lbaas/flavors', (200,)).json()['flavors']
check('flavors and providers answer', isinstance(fl, list) and
      {q['name'] for q in req('GET', '/lbaas/providers', (200,)).json()[
          'providers']} >= {'amphora'})
r = req('DELETE', '/lbaas/loadbalancers/' + lid, (400, 409))
check('delete without cascade refused', r.status_code in (400, 409),
      r.status_code)
net.delete_ip(f2)
t = time.time()
req('DELETE', '/lbaas/loadbalancers/%s?cascade=true' % lid, (204,))
s, _ = wait_lb(lid)
check('cascade delete', s == 'GONE', '%.1fs %s' % (time.time() - t, s))
check('no port or group left', not list(
    a.network.security_groups(name='lb-' + lid)) and not [
        q for q in a.network.ports() if lid in (q.name + q.device_id)])

# fully populated create ---------------------------------------------------------
t = time.time()
lid = req('POST', '/lbaas/loadbalancers', (201,), {'loadbalancer': {
    'name': 'verify-full', 'vip_subnet_id': E['subnet_id'],
    'vip_address': '10.250.9.9', 'provider': 'octavia', 'listeners': [
        {'name': 'l%d' % k, 'protocol': proto, 'protocol_port': 8000 + k,
         'default_pool': {
             'name': 'p%d' % k, 'protocol': proto,
             'lb_algorithm': 'ROUND_ROBIN',
             'members': [{'address': x, 'protocol_port': 30000 + k}
                         for x in addrs],
             'healthmonitor': {'type': 'TCP' if proto == 'TCP' else
                               'UDP-CONNECT', 'delay': 5, 'timeout': 3,
                               'max_retries': 2}}}
        for k, proto in enumerate(('TCP', 'UDP'))]}}).json()[
            'loadbalancer']['id']
step('fully populated create ACTIVE', lid, t)
x = req('GET', '/lbaas/loadbalancers/' + lid, (200,)).json()['loadbalancer']
check('requested VIP, two listeners', x['vip_address'] == '10.250.9.9' and
      len(x['listeners']) == 2 and len(x['pools']) == 2)
tree = req('GET', '/lbaas/loadbalancers/%s/status' % lid, (200,)).text
check('all that is below it is ACTIVE', 'PENDING' not in tree and
      'ERROR' not in tree and tree.count('"ACTIVE"') == 1 + 2 + 2 + 2 +
      2 * len(addrs), tree.count('"ACTIVE"'))
req('DELETE', '/lbaas/loadbalancers/%s?cascade=true' % lid, (204,))
s, _ = wait_lb(lid)
check('its cascade delete', s == 'GONE')

# another tenant -----------------------------------------------------------------
o = connect('other', 'other')
check('another tenant sees nothing', not list(o.compute.servers()) and
      not list(o.load_balancer.load_balancers()) and
      not [q for q in o.network.networks() if q.name == 'k8s-net'])

# TLS termination ----------------------------------------------------------------
if any(s.name == 'barbican' for s in a.identity.services()):
    d = os.path.join(S, 'tmp')
    subprocess.run(
        'cd %s && openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj '
        '/CN=verify -keyout v.key -out v.crt 2>/dev/null && openssl pkcs12 '
        '-export -passout pass: -inkey v.key -in v.crt -out v.p12' % d,
        shell=True, check=True)
    import base64
    blob = base64.b64encode(open(d + '/v.p12', 'rb').read()).decode()
    sec = c.key_manager.request('/secrets', 'POST', json={
        'name': 'verify', 'payload': blob,
        'payload_content_type': 'application/octet-stream',
        'payload_content_encoding': 'base64'})
    ref = sec.json()['secret_ref']
    check('barbican secret', sec.status_code == 201, ref)
    t = time.time()
    lid = req('POST', '/lbaas/loadbalancers', (201,), {'loadbalancer': {
        'name': 'verify-tls', 'vip_subnet_id': E['subnet_id']}}).json()[
            'loadbalancer']['id']
    wait_lb(lid)
    r = req('POST', '/lbaas/listeners', (201, 400, 403, 500), {'listener': {
        'loadbalancer_id': lid, 'protocol': 'TERMINATED_HTTPS',
        'protocol_port': 443, 'default_tls_container_ref': ref}})
    s, _ = wait_lb(lid)
    check('TERMINATED_HTTPS listener', r.status_code == 201 and s == 'ACTIVE',
          '%s %s' % (r.status_code, r.text[:200] if r.status_code != 201
                     else s))
    req('DELETE', '/lbaas/loadbalancers/%s?cascade=true' % lid, (204,))
    s, _ = wait_lb(lid)
    check('TLS load balancer deleted', s == 'GONE')
    c.key_manager.request('/secrets/' + ref.rsplit('/', 1)[1], 'DELETE')

print('%d passed, %d failed' % (passed, failed))
sys.exit(1 if failed else 0)
