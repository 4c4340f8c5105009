// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package rest

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"sync"
)

// IDs gives out identifiers that follow from a counter, so that the same steps give the same ones.
type IDs struct {
	mu   sync.Mutex
	last uint64
}

// New returns a UUID.
func (i *IDs) New() string {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last++
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], i.last)
	sum := sha256.Sum256(n[:])
	sum[6], sum[8] = sum[6]&0x0f|0x40, sum[8]&0x3f|0x80 // a random UUID's version and variant
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// NewHex returns a UUID without dashes, as Keystone's are.
func (i *IDs) NewHex() string { return strings.ReplaceAll(i.New(), "-", "") }

// Last is how many were given out.
func (i *IDs) Last() uint64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last
}

// SetLast continues after a number.
func (i *IDs) SetLast(n uint64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = n
}

// HexOf is an ID, as Keystone's are, that follows from a text.
func HexOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}
