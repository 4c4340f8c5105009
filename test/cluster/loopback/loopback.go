// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package loopback gives out ranges of loopback addresses, so that clusters and clouds which run at once
// on one machine, in one process or in several, do not meet on an address and port.
package loopback

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Ranges are 127.first.0.0/16 to 127.last.0.0/16. Those below are left to people and to tests that name
// an address.
const (
	first = 90
	last  = 249
)

// Reserve returns the address 127.x.0.0 of a range of 65,536 addresses that no other caller has. It is
// the caller's until its process ends, however that ends: a lock on a file goes with it.
func Reserve() (netip.Addr, error) {
	const size = last - first + 1
	offset := rand.IntN(size)
	for i := range size {
		x := first + (offset+i)%size
		locked, err := lock(filepath.Join(os.TempDir(), fmt.Sprintf("cloud-providers-loopback-127.%d.lock", x)))
		if err != nil {
			return netip.Addr{}, err
		}
		if locked {
			return netip.AddrFrom4([4]byte{127, byte(x), 0, 0}), nil
		}
	}
	return netip.Addr{}, fmt.Errorf("all %d ranges of loopback addresses are in use by other processes", size)
}

// held keeps the files open: a collected file would be closed, and its lock lost.
var held = make(chan *os.File, last-first+1)

// lock tries to lock a file for this process, and reports whether it could.
func lock(path string) (bool, error) {
	// Reading is enough for a lock, and another user's file cannot be written.
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDONLY, 0o644)
	if errors.Is(err, fs.ErrPermission) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reserve a range of loopback addresses: %w", err)
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	runtime.KeepAlive(file)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return false, file.Close()
	}
	if err != nil {
		return false, errors.Join(fmt.Errorf("lock %s: %w", path, err), file.Close())
	}
	held <- file
	return true, nil
}
