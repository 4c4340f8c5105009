# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""The stock L3 router plugin, plus the one thing an L3 agent reports back:
a floating IP is ACTIVE while it has a port and DOWN while it has none."""

from neutron.services.l3_router import l3_router_plugin
from neutron_lib import constants


class BedL3Plugin(l3_router_plugin.L3RouterPlugin):

    # Neutron looks for these under the name of the class itself; without them
    # it would not refuse unknown filters, of no resource
    __native_bulk_support = True
    __native_pagination_support = True
    __native_sorting_support = True
    __filter_validation_support = True

    def _bed_status(self, context, fip):
        want = (constants.FLOATINGIP_STATUS_ACTIVE if fip.get('port_id')
                else constants.FLOATINGIP_STATUS_DOWN)
        if fip.get('status') != want:
            self.update_floatingip_status(context.elevated(), fip['id'], want)
            fip['status'] = want
        return fip

    def create_floatingip(self, context, floatingip):
        return self._bed_status(
            context, super().create_floatingip(context, floatingip))

    def update_floatingip(self, context, id, floatingip):
        return self._bed_status(
            context, super().update_floatingip(context, id, floatingip))

    def disassociate_floatingips(self, context, port_id, do_notify=True):
        fips = self.get_floatingips(context.elevated(),
                                    filters={'port_id': [port_id]})
        result = super().disassociate_floatingips(context, port_id, do_notify)
        for fip in fips:
            self.update_floatingip_status(
                context.elevated(), fip['id'],
                constants.FLOATINGIP_STATUS_DOWN)
        return result
