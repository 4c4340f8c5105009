// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package process

import "syscall"

// attributes put a child into a group of its own and tie its life to that of the thread that
// starts it.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
