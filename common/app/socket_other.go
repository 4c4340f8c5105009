// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build !unix

package app

import (
	"errors"
	"syscall"
)

func socketControl(shareAddress, sharePort bool) func(network, address string, conn syscall.RawConn) error {
	if !shareAddress && !sharePort {
		return nil
	}
	return func(string, string, syscall.RawConn) error {
		return errors.New("--permit-address-sharing and --permit-port-sharing are not available on this operating system")
	}
}
