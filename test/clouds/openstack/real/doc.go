// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package real runs tests against a real OpenStack: Keystone, Nova, Neutron, Octavia and Barbican of Debian
// 12 on loopback, which up.sh starts and down.sh ends. Only what carries packets and starts machines is left
// out. Its code has the build tag openstackreal and needs root; README.md says what the services can do.
//
//	bed := real.Start(t)                          // 60 s the first time, 35 s later, 5 s if it is up
//	os.ReadFile(bed.CloudConf)                    // the provider's configuration file
//	bed.Servers["node-0"].ProviderID              // three servers in two zones, and the IDs of all else: Env
//	clients := bed.Clients()                      // gophercloud's as the tenant; AdminClients as the operator
//	out, err := bed.CLI("loadbalancer", "list")   // Debian's command line as the tenant; AdminCLI as the operator
//	bed.StopWorker(); bed.ContinueWorker()        // load balancers stay PENDING meanwhile
//	bed.SetLoadBalancerStatus(id, "ERROR")        // the same for what else is in the databases: SQL
//	bed.EndService("neutron"); bed.RestartServices()
//	bed.SetLoadBalancerQuota("load_balancer", 1)  // and SetNetworkQuota("floatingip", 0); until the next Start
//
// A bed begins clean: what earlier runs have left is removed, and quotas, routes and servers are as they were.
// It ends with its test, unless OSBED_KEEP is 1. One at a time: Start waits for another process that has it.
// State is in ~/.cache/cloud-providers/osbed and ports begin at 31200, unless OSBED_STATE and OSBED_PORT_BASE
// say otherwise.
package real
