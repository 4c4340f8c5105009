// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build unix

package app

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// socketControl sets what --permit-address-sharing and --permit-port-sharing ask for.
func socketControl(shareAddress, sharePort bool) func(network, address string, conn syscall.RawConn) error {
	if !shareAddress && !sharePort {
		return nil
	}
	return func(_, _ string, conn syscall.RawConn) error {
		var failed error
		err := conn.Control(func(fd uintptr) {
			if shareAddress {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
			}
			if sharePort && failed == nil {
				failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
		})
		if err != nil {
			return err
		}
		return failed
	}
}
