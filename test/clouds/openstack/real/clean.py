# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""Makes the cloud as provision.py has left it: removes what tests have made,
and sets quotas, routes, address pairs and servers back.
Usage: OSBED_STATE=... /usr/bin/python3 clean.py"""

import json
import os
import subprocess
import sys
import time

import openstack

S = os.environ.get('OSBED_STATE', '/var/lib/osbed')
with open(os.path.join(S, 'env.json')) as f:
    E = json.load(f)
OURS = {s['id'] for s in E['servers'].values()}


def sql(text):
    subprocess.run(['mariadb', '--no-defaults', '-uroot', '--socket=%s/run/mysql.sock' % S, '-e', text], check=True)


def connect(user, project):
    return openstack.connection.Connection(
        auth=dict(auth_url=E['auth_url'], username=user, password=E['password'], project_name=project,
                  user_domain_name=E['domain'], project_domain_name=E['domain']),
        region_name=E['region'], identity_api_version='3', app_name='osbed')


def retry(what, done, seconds=90):
    end = time.time() + seconds
    while not done():
        if time.time() > end:
            sys.exit('%s: not in %d s' % (what, seconds))
        time.sleep(0.2)


def balancers(a):
    def left():
        return a.load_balancer.get('/lbaas/loadbalancers').json()['loadbalancers']
    if not left():
        return
    # what a stopped or restarted worker has forgotten would be PENDING for ever
    time.sleep(2)
    sql(''.join("update octavia.%s set provisioning_status = 'ERROR' where provisioning_status like 'PENDING%%';" % t
                for t in ('load_balancer', 'listener', 'pool', 'member', 'health_monitor')))
    for lb in left():
        a.load_balancer.delete('/lbaas/loadbalancers/%s?cascade=true' % lb['id'])
    retry('deleting load balancers', lambda: not left())


def network(a):
    n = a.network
    for x in n.ips():
        n.delete_ip(x)
    router = n.get_router(E['router_id'])
    if router.routes:
        n.update_router(router, routes=[])
    for x in n.routers():
        if x.id != E['router_id']:
            if x.routes:
                n.update_router(x, routes=[])
            for p in n.ports(device_id=x.id, device_owner='network:router_interface'):
                n.remove_interface_from_router(x, port_id=p.id)
            n.delete_router(x)
    for p in n.ports():
        if p.device_id in OURS:
            want = dict(security_group_ids=[E['security_group_id']], allowed_address_pairs=[])
            if p.security_group_ids != want['security_group_ids'] or p.allowed_address_pairs:
                n.update_port(p, **want)
        elif not p.device_owner.startswith('network:'):
            n.delete_port(p)
    for x in n.networks():
        if x.id not in (E['network_id'], E['external_network_id']):
            n.delete_network(x)
    keep = (E['subnet_id'], E['subnet6_id'], E['external_subnet_id'])
    for x in n.subnets():
        if x.id not in keep:
            n.delete_subnet(x)
    for g in n.security_groups():
        if g.id == E['security_group_id']:
            for rule in g.security_group_rules:
                if rule['direction'] == 'ingress':
                    n.delete_security_group_rule(rule['id'])
        elif g.name != 'default':
            n.delete_security_group(g)
    for kind, ids in (('networks', [E['network_id'], E['external_network_id']]), ('subnets', [x for x in keep if x]),
                      ('routers', [E['router_id']]), ('security-groups', [E['security_group_id']])):
        for i in ids:
            n.delete('/%s/%s/tags' % (kind, i))


def servers(a):
    c = connect(E['username'], E['project']).compute
    for x in a.compute.servers(all_projects=True):
        if x.id not in OURS:
            a.compute.delete_server(x)
        elif x.status == 'SHUTOFF':
            c.start_server(x)
        elif x.status != 'ACTIVE':
            sys.exit('server %s is %s; make a new cloud: down.sh --purge' % (x.name, x.status))
    have = {x.id: x for x in c.servers(details=True)}
    if not OURS <= set(have):
        sys.exit('servers %s are gone; make a new cloud: down.sh --purge' % (OURS - set(have)))
    for x in have.values():
        if x.id in OURS and x.metadata != {'role': 'node'}:
            c.put('/servers/%s/metadata' % x.id, json={'metadata': {'role': 'node'}})
    retry('starting servers', lambda: all(
        x.status == 'ACTIVE' for x in c.servers(details=True) if x.id in OURS))


def keys(a):
    for user, project in ((E['username'], E['project']), (E['other_username'], E['other_project'])):
        k = connect(user, project).key_manager
        for kind in ('containers', 'secrets'):
            for x in k.get('/%s?limit=100' % kind).json()[kind]:
                ref = x.get('container_ref') or x.get('secret_ref')
                k.delete('/%s/%s' % (kind, ref.rsplit('/', 1)[1]))


def main():
    a = connect(E['admin_username'], E['admin_project'])
    sql('delete from octavia.quotas; delete from neutron.quotas;')
    balancers(a)
    servers(a)
    network(a)
    if any(s.type == 'key-manager' for s in a.identity.services()):
        keys(a)


main()
