// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package clisession proves the simulated OpenStack with the real one and with a client that none of us wrote,
// Debian's openstack command line. The sessions in testdata/*.txt run against both. What the real services
// answer is in testdata/real/*.json; the simulated ones have to answer the same, field by field:
//
//	# A comment.
//	$ openstack loadbalancer create --name web --vip-subnet-id k8s-subnet
//	= LB id
//	@ settle $LB
//	> GET load-balancer /v2.0/lbaas/loadbalancers/$LB
//	> POST network /v2.0/ports {"port": {"network_id": "$NETWORK"}}
//	If-Match: revision_number=1
//	! 412
//	~ revision_number: other changes count there
//
// A line with $ is a command: it is asked for JSON if it shows something. A line with > is a request as it is
// on the wire: method, type of the service, path and body. Lines below say more about the entry: ! is the exit
// status or HTTP status (0 and 200 if it is not there), "= NAME field" keeps a field of the answer in a variable
// (LB, or a path such as listeners.0.id), "~ field: reason" leaves a field out of the comparison, wherever it
// is, and "Name: value" is a header.
//
// A line with @ is done by the test: "settle ID" waits until nothing is PENDING at a load balancer, and while no
// settle is at work nothing gets done, so that what answers are compared does not depend on who is faster;
// "server NAME STATUS" waits for a server; "quota network|load-balancer NAME LIMIT" limits the project.
//
// Both clouds have the project k8s with the user ccm, an external network public, a network k8s-net with the
// subnet k8s-subnet (10.250.0.0/20), the router k8s-router, the security group k8s-nodes, the flavors m1.tiny
// and m1.small, the image tiny and servers node-0 to node-2. IDs are in the variables NETWORK, SUBNET,
// EXTERNAL, EXTERNAL_SUBNET, ROUTER, GROUP, IMAGE, FLAVOR, PROJECT, CREDENTIAL, NODE_0 and NODE_0_IP,
// NODE_0_PORT and so on.
//
// Before answers are compared, what is arbitrary goes: IDs are replaced by the names of their variables or by
// <id>, and times, addresses, names of hosts and URLs likewise. Lists of objects are put in order, but for
// those that the services sort.
//
// With the tag openstackreal the sessions run against the real services, which real.Start starts, and with
// -update what they answer is written down.
package clisession
