# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""Fills the cloud.  `identity`: users, roles, endpoints (only Keystone is up).
`cloud`: image, flavor, networks, router, servers, and the client files.
Every step looks first and creates only what is missing."""

import json
import os
import sys
import time

import openstack

S = os.environ['OSBED_STATE']
PW = os.environ['PW']
KS = os.environ['KS']
H = '127.0.0.1'
BARBICAN = os.environ.get('OSBED_BARBICAN') == '1'
PROJECT, USER = 'k8s', 'ccm'


def connect(user, project):
    return openstack.connection.Connection(
        auth=dict(auth_url=KS, username=user, password=PW,
                  project_name=project, user_domain_name='Default',
                  project_domain_name='Default'),
        region_name='RegionOne', identity_api_version='3',
        app_name='osbed')


T0 = time.time()


def log(*words):
    print('[%5.1fs]' % (time.time() - T0), *words, flush=True)


def identity():
    c = connect('admin', 'admin')
    i = c.identity
    dom = 'default'
    roles = {r.name: r for r in i.roles()}
    for name in ('admin', 'member', 'reader', 'service', 'creator',
                 'load-balancer_member', 'load-balancer_admin',
                 'load-balancer_observer'):
        if name not in roles:
            roles[name] = i.create_role(name=name)
    projects = {p.name: p for p in i.projects()}
    for name in ('service', PROJECT, 'other'):
        if name not in projects:
            projects[name] = i.create_project(name=name, domain_id=dom)
    users = {u.name: u for u in i.users()}
    for name, project in (('svc', 'service'), (USER, PROJECT),
                          ('other', 'other')):
        if name not in users:
            users[name] = i.create_user(
                name=name, password=PW, domain_id=dom,
                default_project_id=projects[project].id)

    def grant(user, project, *names):
        for n in names:
            i.assign_project_role_to_user(
                projects[project].id, users[user].id, roles[n].id)
    grant('svc', 'service', 'admin', 'service', 'creator')
    member = ['member', 'reader', 'load-balancer_member', 'creator']
    grant(USER, PROJECT, *member)
    grant('other', 'other', *member)
    grant('admin', PROJECT, 'admin')
    grant('admin', 'admin', 'load-balancer_admin')
    want = [('nova', 'compute', 'P_NOVA', '/v2.1'),
            ('placement', 'placement', 'P_PLACEMENT', ''),
            ('neutron', 'network', 'P_NEUTRON', ''),
            ('glance', 'image', 'P_GLANCE', ''),
            ('octavia', 'load-balancer', 'P_OCTAVIA', '')]
    if BARBICAN:
        want.append(('barbican', 'key-manager', 'P_BARBICAN', ''))
    have = {s.name: s for s in i.services()}
    eps = {(e.service_id, e.interface): e for e in i.endpoints()}
    for name, kind, port, path in want:
        url = 'http://%s:%s%s' % (H, os.environ[port], path)
        s = have.get(name) or i.create_service(name=name, type=kind)
        for interface in ('public', 'internal', 'admin'):
            e = eps.get((s.id, interface))
            if e is None:
                i.create_endpoint(service_id=s.id, interface=interface,
                                  url=url, region_id='RegionOne')
            elif e.url != url:
                i.update_endpoint(e.id, url=url)


def retry(what, fn, seconds=90):
    end = time.time() + seconds
    while True:
        try:
            r = fn()
            if r:
                return r
            err = 'nothing yet'
        except Exception as e:  # noqa
            err = e
        if time.time() > end:
            sys.exit('%s: %s' % (what, err))
        time.sleep(1)


def cloud():
    a = connect('admin', 'admin')
    c = connect(USER, PROJECT)
    n_servers = int(os.environ['OSBED_SERVERS'])
    n_computes = int(os.environ['OSBED_COMPUTES'])
    v6 = os.environ.get('OSBED_IPV6') == '1'

    img = a.image.find_image('tiny')
    if img is None:
        img = a.image.create_image(
            name='tiny', disk_format='raw', container_format='bare',
            visibility='public', min_disk=0, min_ram=0,
            data=b'osbed' * 200, validate_checksum=False)
    img = retry('image', lambda: (lambda x: x if x and x.status == 'active'
                                  else None)(a.image.find_image('tiny')))
    log('image', img.id, img.status)
    for k, (name, ram, vcpus) in enumerate((('m1.tiny', 512, 1),
                                            ('m1.small', 2048, 2))):
        if a.compute.find_flavor(name) is None:
            a.compute.create_flavor(name=name, ram=ram, vcpus=vcpus, disk=1)
    flavor = a.compute.find_flavor('m1.tiny')

    # networks: an external one of the admin, the rest is the tenant's own
    n = a.network
    ext = n.find_network('public') or n.create_network(
        name='public', is_router_external=True, is_default=True,
        provider_network_type='flat', provider_physical_network='public')
    ext_sub = n.find_subnet('public-subnet') or n.create_subnet(
        name='public-subnet', network_id=ext.id, ip_version=4,
        cidr='172.24.4.0/22', gateway_ip='172.24.4.1', enable_dhcp=False)
    t = c.network
    net = t.find_network('k8s-net', ignore_missing=True) or t.create_network(
        name='k8s-net')
    sub = t.find_subnet('k8s-subnet') or t.create_subnet(
        name='k8s-subnet', network_id=net.id, ip_version=4,
        cidr='10.250.0.0/20', enable_dhcp=True)
    router = t.find_router('k8s-router') or t.create_router(
        name='k8s-router',
        external_gateway_info={'network_id': ext.id})
    ports = list(t.ports(device_id=router.id))
    plugged = {ip['subnet_id'] for p in ports for ip in p.fixed_ips}
    if sub.id not in plugged:
        t.add_interface_to_router(router, subnet_id=sub.id)
    sub6 = None
    if v6:
        sub6 = t.find_subnet('k8s-subnet6') or t.create_subnet(
            name='k8s-subnet6', network_id=net.id, ip_version=6,
            cidr='fd00:250::/64', ipv6_ra_mode='slaac',
            ipv6_address_mode='slaac')
        if sub6.id not in plugged:
            t.add_interface_to_router(router, subnet_id=sub6.id)
    sg = t.find_security_group('k8s-nodes') or t.create_security_group(
        name='k8s-nodes', description='nodes')
    log('network', net.id, 'subnet', sub.id, 'router', router.id)

    # hosts: one availability zone for each fake nova-compute
    hosts = ['compute%d' % (k + 1) for k in range(n_computes)]
    retry('nova-compute', lambda: {s.host for s in a.compute.services()
                                   if s.binary == 'nova-compute' and
                                   s.state == 'up'} >= set(hosts))
    log('nova-compute is up')
    retry('cell mapping', lambda: {h.name for h in a.compute.hypervisors()}
          >= set(hosts))
    log('hypervisors are known')
    have = {g.name: g for g in a.compute.aggregates()}
    for k, host in enumerate(hosts):
        az = 'az%d' % (k + 1)
        g = have.get(az)
        if g is None:
            g = a.compute.create_aggregate(name=az, availability_zone=az)
        if host not in (g.hosts or []):
            retry('host %s' % host, lambda: a.compute.add_host_to_aggregate(
                g.id, host))
    log('hosts', hosts)

    servers = {s.name: s for s in c.compute.servers(details=True)}
    for k in range(n_servers):
        name = 'node-%d' % k
        if name in servers:
            continue
        az = 'az%d' % (k % n_computes + 1)
        servers[name] = retry('server', lambda: c.compute.create_server(
            name=name, image_id=img.id, flavor_id=flavor.id,
            availability_zone=az, networks=[{'uuid': net.id}],
            security_groups=[{'name': sg.name}],
            metadata={'role': 'node'}), 60)
    end = time.time() + 120
    while True:
        now = {s.name: s for s in c.compute.servers(details=True)}
        state = {k: now[k].status for k in sorted(now)
                 if k.startswith('node-')}
        if all(v in ('ACTIVE', 'SHUTOFF') for v in state.values()):
            break
        if 'ERROR' in state.values() or time.time() > end:
            for s in now.values():
                log(s.name, s.status, s.fault)
            sys.exit('servers: %s' % state)
        time.sleep(0.5)
    log('servers', state)

    # an application credential for tests that want one
    acf = os.path.join(S, 'appcred.json')
    if not os.path.exists(acf):
        u = a.identity.find_user(USER)
        ci = c.identity
        for x in ci.application_credentials(user=u.id):
            if x.name == 'osbed':
                ci.delete_application_credential(u.id, x.id)
        x = ci.create_application_credential(user=u.id, name='osbed')
        json.dump({'id': x.id, 'secret': x.secret}, open(acf, 'w'))
    ac = json.load(open(acf))

    env = dict(
        auth_url=KS, region='RegionOne', username=USER, password=PW,
        project=PROJECT, domain='Default',
        project_id=c.current_project_id, network_id=net.id,
        subnet_id=sub.id, subnet6_id=sub6.id if sub6 else '',
        router_id=router.id, external_network_id=ext.id,
        external_subnet_id=ext_sub.id, security_group_id=sg.id,
        image_id=img.id, flavor_id=flavor.id,
        application_credential=ac, admin_username='admin',
        admin_password=PW, admin_project='admin',
        other_project='other', other_username='other',
        servers={s.name: {
            'id': s.id, 'az': s.availability_zone,
            'provider_id': 'openstack:///' + s.id,
            'addresses': [x['addr'] for v in s.addresses.values()
                          for x in v]} for s in now.values()})
    with open(os.path.join(S, 'env.json'), 'w') as f:
        json.dump(env, f, indent=1, sort_keys=True)
    with open(os.path.join(S, 'cloud.conf'), 'w') as f:
        f.write("""[Global]
auth-url="%(auth_url)s"
username="%(username)s"
password="%(password)s"
tenant-name="%(project)s"
domain-name="%(domain)s"
region="%(region)s"

[LoadBalancer]
subnet-id="%(subnet_id)s"
floating-network-id="%(external_network_id)s"
network-id="%(network_id)s"

[Route]
router-id="%(router_id)s"
""" % env)
    rc = """export OS_AUTH_URL=%s
export OS_USERNAME=%s
export OS_PASSWORD=%s
export OS_PROJECT_NAME=%s
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=RegionOne
export OS_IDENTITY_API_VERSION=3
"""
    for name, user, project in (('openrc', USER, PROJECT),
                                ('admin-openrc', 'admin', 'admin'),
                                ('other-openrc', 'other', 'other')):
        with open(os.path.join(S, name), 'w') as f:
            f.write(rc % (KS, user, PW, project))


{'identity': identity, 'cloud': cloud}[sys.argv[1]]()
