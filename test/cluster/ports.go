// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports are taken from below the range of ephemeral ports (32768 and up on Linux) and of node ports
// (30000 and up), so that neither a connection nor a Service takes the API server's port while that
// is being restarted.
const (
	firstPort = 20000
	lastPort  = 29999
)

// freePort returns a port on which nothing listens on 127.0.0.1. Another process can still be
// quicker to use it; whoever starts a server on it tries again then.
func freePort() (int, error) {
	var last error
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort+1)
		listener, err := net.Listen("tcp4", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			last = err
			continue
		}
		listener.Close()
		return port, nil
	}
	return 0, fmt.Errorf("no free port on 127.0.0.1 from %d to %d: %w", firstPort, lastPort, last)
}
