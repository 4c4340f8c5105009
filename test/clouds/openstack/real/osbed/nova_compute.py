# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""nova-compute with Nova's own fake driver, whose instances survive a restart
of the process (the stock driver keeps them in memory only and would answer
InstanceNotFound for stop/start after a restart)."""

import sys

import nova.cmd.compute  # first: it applies eventlet's patches
from nova.compute import power_state
from nova.virt import fake


def _known(self, instance):
    if (instance.uuid not in self.instances and
            instance.host == self._host and
            instance.vm_state not in ('building', 'deleted', 'error')):
        state = instance.power_state
        if state not in (power_state.RUNNING, power_state.SHUTDOWN):
            state = power_state.RUNNING
        self.instances[instance.uuid] = fake.FakeInstance(
            instance.name, state, instance.uuid)


def _wrap(name, position):
    stock = getattr(fake.FakeDriver, name)

    def method(self, *args, **kwargs):
        instance = kwargs.get('instance') or args[position]
        _known(self, instance)
        return stock(self, *args, **kwargs)
    setattr(fake.FakeDriver, name, method)


_wrap('get_info', 0)
_wrap('power_off', 0)
_wrap('power_on', 1)

if __name__ == '__main__':
    sys.argv[0] = 'nova-compute'
    nova.cmd.compute.main()
