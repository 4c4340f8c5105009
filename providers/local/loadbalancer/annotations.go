// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"strconv"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/annotations"
)

// Prefix is the prefix of the annotations that are this provider's own.
const Prefix = "local.cloud-provider.sigs.k8s.io/"

const fromConfig = " Without the annotation, the default is that of the cloud-config file."

var (
	set = annotations.NewSet(Prefix)

	poolName = annotations.String(set, "pool", "",
		"Pool from which the load balancer gets its addresses. Changing it changes the addresses."+fromConfig,
		"the name of a pool of the cloud", func(s string) bool { return s != "" })
	addresses = annotations.IPs(set, "addresses",
		"Addresses that the load balancer shall have, at most one of each IP family. It goes before spec.loadBalancerIP.")
	proxyProtocol = annotations.Enum(set, "proxy-protocol", "",
		"Sends a PROXY protocol header with the client's address to the Nodes at the beginning of each TCP connection. The pods must understand it.",
		"v1", "v2")
	idleTimeout = annotations.Duration(set, "idle-timeout", 0, time.Second, 24*time.Hour,
		"Closes TCP connections over which nothing was sent for this long."+fromConfig)
	udpIdleTimeout = annotations.Duration(set, "udp-idle-timeout", time.Minute, time.Second, time.Hour,
		"Forgets the Node of a UDP client that was silent for this long.")
	drainTimeout = annotations.Duration(set, "drain-timeout", 0, time.Second, time.Hour,
		"How long connections to a removed Node, or through a removed port, may go on."+fromConfig)
	healthCheckProtocol = annotations.Enum(set, "health-check-protocol", "http",
		"How Nodes are checked: \"http\" asks kube-proxy, \"tcp\" connects to the Service's first TCP node port, \"none\" never doubts a Node. With externalTrafficPolicy: Local it is always \"http\".",
		"http", "tcp", "none")
	healthCheckPort = annotations.Int(set, "health-check-port", 0, 1, 65535,
		"Port at which Nodes are checked, instead of kube-proxy's or the first node port. With externalTrafficPolicy: Local it is always spec.healthCheckNodePort."+fromConfig)
	healthCheckInterval = annotations.Duration(set, "health-check-interval", 0, 100*time.Millisecond, 5*time.Minute,
		"Time between two checks of a Node."+fromConfig)
	healthCheckTimeout = annotations.Duration(set, "health-check-timeout", time.Second, 100*time.Millisecond, time.Minute,
		"Time that a check may take.")
	healthyThreshold = annotations.Int(set, "healthy-threshold", 1, 1, 10,
		"Successful checks in a row after which an unhealthy Node gets connections again.")
	unhealthyThreshold = annotations.Int(set, "unhealthy-threshold", 2, 1, 10,
		"Failed checks in a row after which a healthy Node gets no more connections.")
	weights = annotations.Map(set, "weights",
		"Shares of Nodes in new connections, by Node name. Others have weight 1; 0 gives a Node no new connections.",
		"a whole number from 0 to 1000", parseWeight)
	sourceRanges = annotations.CIDRs(set, v1.AnnotationLoadBalancerSourceRangesKey,
		"Networks from which clients may connect, when spec.loadBalancerSourceRanges is empty. All others are refused.")
)

func parseWeight(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1000 {
		return 0, fmt.Errorf("%q is not a weight", s)
	}
	return n, nil
}

// AnnotationsPage is the reference page in Markdown.
func AnnotationsPage() string {
	return set.Markdown("Service annotations of the local provider",
		"<!-- Written by `go test ./loadbalancer -update`; change the declarations in loadbalancer/annotations.go instead. -->\n\n"+
			"A value that is not allowed is reported in a Warning event that lists all mistakes, and nothing is changed.\n"+
			"An annotation with this prefix that does not exist is reported in a Warning event too, and has no effect.")
}
