# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""Octavia compute driver: no virtual machine behind an amphora, but its ports
are real Neutron ports.  With it the stock allowed_address_pairs_driver works
unchanged: VIP ports, VRRP ports, lb-<id> security groups and their rules are
all real, and are cleaned up as in production."""

import types

from neutronclient.common import exceptions as nexc
from octavia.common import clients
from octavia.compute.drivers.noop_driver import driver as noop
from oslo_config import cfg

CONF = cfg.CONF
OWN = 'osbed-amp-'


class BedComputeDriver(noop.NoopComputeDriver):

    _client = None

    @property
    def neutron(self):
        if self._client is None:
            self._client = clients.NeutronAuth.get_neutron_client(
                endpoint=CONF.neutron.endpoint,
                region=CONF.neutron.region_name,
                endpoint_type=CONF.neutron.endpoint_type,
                service_name=CONF.neutron.service_name,
                insecure=CONF.neutron.insecure,
                ca_cert=CONF.neutron.ca_certificates_file)
        return self._client

    def attach_network_or_port(self, compute_id, network_id=None,
                               ip_address=None, port_id=None):
        if port_id:
            port = self.neutron.update_port(
                port_id, {'port': {'device_id': compute_id}})['port']
        else:
            body = {'network_id': network_id, 'device_id': compute_id,
                    'device_owner': 'compute:amphora',
                    'name': OWN + compute_id, 'admin_state_up': True}
            if ip_address:
                body['fixed_ips'] = [{'ip_address': ip_address}]
            port = self.neutron.create_port({'port': body})['port']
        return types.SimpleNamespace(
            port_id=port['id'], net_id=port['network_id'],
            fixed_ips=port['fixed_ips'])

    def detach_port(self, compute_id, port_id):
        try:
            self.neutron.update_port(port_id, {'port': {'device_id': ''}})
        except nexc.NotFound:
            pass

    def delete(self, compute_id):
        super().delete(compute_id)
        if not compute_id:
            return
        for port in self.neutron.list_ports(device_id=compute_id)['ports']:
            try:
                if port['name'].startswith(OWN):
                    self.neutron.delete_port(port['id'])
                else:
                    self.neutron.update_port(
                        port['id'], {'port': {'device_id': ''}})
            except nexc.NotFound:
                pass
