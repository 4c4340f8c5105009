# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""ML2 mechanism driver with no dataplane: every port that carries a host is
bound at once and becomes ACTIVE.  A host whose name starts with "nobind" is
refused, so that a binding failure can be provoked on purpose."""

from neutron_lib.api.definitions import portbindings
from neutron_lib import constants
from neutron_lib.plugins.ml2 import api


class BedMechanismDriver(api.MechanismDriver):

    def initialize(self):
        pass

    @property
    def connectivity(self):
        return portbindings.CONNECTIVITY_L2

    def bind_port(self, context):
        if not context.host or context.host.startswith('nobind'):
            return
        for segment in context.segments_to_bind:
            context.set_binding(
                segment[api.ID], portbindings.VIF_TYPE_OVS,
                {portbindings.CAP_PORT_FILTER: True,
                 portbindings.VIF_DETAILS_CONNECTIVITY:
                     portbindings.CONNECTIVITY_L2},
                status=constants.PORT_STATUS_ACTIVE)
            return
