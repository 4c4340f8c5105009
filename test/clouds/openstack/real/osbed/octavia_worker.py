# Copyright 2026 The Kubernetes Authors.
# SPDX-License-Identifier: Apache-2.0

"""octavia-worker with the fully populated create of Octavia 11.0.0 (Zed, as in
Debian 12) mended.  There, without a jobboard, run_flow() drops the keyword
arguments meant for the flow: the load balancer became ACTIVE while its
listeners, pools and members stayed PENDING_CREATE (immutable) for ever.  And
once they are passed on, the flow lacks the task that provides
amphorae_network_config.  Later releases have both."""

import sys

from octavia.cmd import octavia_worker
from octavia.common import constants
from octavia.controller.worker.v2 import controller_worker
from octavia.controller.worker.v2.flows import load_balancer_flows
from octavia.controller.worker.v2.tasks import amphora_driver_tasks
from octavia.controller.worker.v2.tasks import network_tasks
from oslo_config import cfg
from taskflow.listeners import logging as tf_logging


def run_flow(self, func, *args, **kwargs):
    if cfg.CONF.task_flow.jobboard_enabled:
        self.services_controller.run_poster(func, *args, **kwargs)
        return
    store = kwargs.pop('store', None)
    tf = self.tf_engine.taskflow_load(func(*args, **kwargs), store=store)
    with tf_logging.DynamicLoggingListener(tf, log=controller_worker.LOG):
        tf.run()


_stock = load_balancer_flows.LoadBalancerFlows._create_listeners_flow


def _create_listeners_flow(self):
    flows = _stock(self)
    if not any(isinstance(t, network_tasks.GetAmphoraeNetworkConfigs)
               for t in flows):
        at = [isinstance(t, amphora_driver_tasks.AmphoraePostNetworkPlug)
              for t in flows].index(True)
        flows.insert(at, network_tasks.GetAmphoraeNetworkConfigs(
            requires=constants.LOADBALANCER_ID,
            provides=constants.AMPHORAE_NETWORK_CONFIG))
    return flows


controller_worker.ControllerWorker.run_flow = run_flow
load_balancer_flows.LoadBalancerFlows._create_listeners_flow = (
    _create_listeners_flow)

if __name__ == '__main__':
    sys.argv[0] = 'octavia-worker'
    octavia_worker.main()
