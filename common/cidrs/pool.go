// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cidrs hands out blocks of a CIDR, for the CIDRs of Nodes. It knows the owner of each block, so
// that a block is never freed while another owner uses it, and keeps no state of its own: everything is
// restored from what the owners have.
package cidrs

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
)

// MaxIPv6Bits is how many bits longer than its pool an IPv6 block may be.
const MaxIPv6Bits = 16

// maxBits bounds a pool's bitmap to 2 MiB.
const maxBits = 24

// ErrOutside means that a prefix is not in the pool.
var ErrOutside = errors.New("outside the pool")

// TakenError means that a block has another owner.
type TakenError struct{ Owner string }

func (e *TakenError) Error() string { return fmt.Sprintf("taken by %s", e.Owner) }

// Pool is the blocks of one CIDR. It is not safe for concurrent use.
type Pool struct {
	prefix netip.Prefix
	bits   int // length of a block's prefix
	size   int // number of blocks
	used   []uint64
	owners map[int]map[string]bool // by block
	count  int
	next   int
}

// New returns a pool of the blocks of that length in prefix.
func New(prefix netip.Prefix, bits int) (*Pool, error) {
	prefix = prefix.Masked()
	depth := bits - prefix.Bits()
	switch {
	case depth < 0:
		return nil, fmt.Errorf("blocks of /%d are larger than their pool %s", bits, prefix)
	case bits > prefix.Addr().BitLen():
		return nil, fmt.Errorf("blocks of /%d are smaller than an address of %s", bits, prefix)
	case prefix.Addr().Is6() && depth > MaxIPv6Bits:
		return nil, fmt.Errorf("blocks of /%d in %s: at most %d bits more than the pool's are possible for IPv6", bits, prefix, MaxIPv6Bits)
	case depth > maxBits:
		return nil, fmt.Errorf("blocks of /%d in %s: at most %d bits more than the pool's are possible", bits, prefix, maxBits)
	}
	size := 1 << depth
	return &Pool{prefix: prefix, bits: bits, size: size, used: make([]uint64, (size+63)/64), owners: map[int]map[string]bool{}}, nil
}

// Prefix returns the pool's CIDR.
func (p *Pool) Prefix() netip.Prefix { return p.prefix }

// Size returns the number of blocks, Used how many have an owner.
func (p *Pool) Size() int { return p.size }

// Used returns the number of blocks that have an owner.
func (p *Pool) Used() int { return p.count }

// Is reports whether the prefix is of the pool's IP family.
func (p *Pool) Is(prefix netip.Prefix) bool { return p.prefix.Addr().Is4() == prefix.Addr().Is4() }

// Take hands out the next free block after the last one handed out: freed blocks are used again last.
func (p *Pool) Take(owner string) (netip.Prefix, bool) {
	if p.count >= p.size {
		return netip.Prefix{}, false
	}
	for range p.size {
		i := p.next
		p.next = (p.next + 1) % p.size
		if p.used[i/64] == ^uint64(0) { // skip a full word at once
			skip := 63 - i%64
			p.next = (p.next + skip) % p.size
			continue
		}
		if p.used[i/64]&(1<<(i%64)) == 0 {
			p.add(i, owner)
			return p.block(i), true
		}
	}
	return netip.Prefix{}, false
}

// Occupy marks all blocks that a prefix overlaps as the owner's, also if another owner has them already:
// then it returns a *TakenError beside.
func (p *Pool) Occupy(prefix netip.Prefix, owner string) error {
	first, last, err := p.span(prefix)
	if err != nil {
		return err
	}
	var taken *TakenError
	for i := first; i <= last; i++ {
		for other := range p.owners[i] {
			if other != owner {
				taken = &TakenError{Owner: other}
			}
		}
		p.add(i, owner)
	}
	if taken != nil {
		return taken
	}
	return nil
}

// Reserve marks blocks that nobody shall get. A range outside the pool is fine.
func (p *Pool) Reserve(prefix netip.Prefix) {
	if p.Is(prefix) && prefix.Overlaps(p.prefix) {
		if prefix.Bits() < p.prefix.Bits() {
			prefix = p.prefix
		}
		_ = p.Occupy(prefix, "(reserved)") // it overlaps, so it cannot be outside
	}
}

// Release takes blocks from an owner. They are free once nobody has them.
func (p *Pool) Release(prefix netip.Prefix, owner string) {
	first, last, err := p.span(prefix)
	if err != nil {
		return
	}
	for i := first; i <= last; i++ {
		if !p.owners[i][owner] {
			continue
		}
		delete(p.owners[i], owner)
		if len(p.owners[i]) == 0 {
			delete(p.owners, i)
			p.used[i/64] &^= 1 << (i % 64)
			p.count--
		}
	}
}

// Owns reports whether all blocks of a prefix are the owner's.
func (p *Pool) Owns(prefix netip.Prefix, owner string) bool {
	first, last, err := p.span(prefix)
	if err != nil {
		return false
	}
	for i := first; i <= last; i++ {
		if !p.owners[i][owner] {
			return false
		}
	}
	return true
}

func (p *Pool) add(i int, owner string) {
	if p.owners[i] == nil {
		p.owners[i] = map[string]bool{}
		p.used[i/64] |= 1 << (i % 64)
		p.count++
	}
	p.owners[i][owner] = true
}

// span returns the first and the last block that a prefix inside the pool overlaps.
func (p *Pool) span(prefix netip.Prefix) (first, last int, err error) {
	prefix = prefix.Masked()
	if !p.Is(prefix) || prefix.Bits() < p.prefix.Bits() || !p.prefix.Contains(prefix.Addr()) {
		return 0, 0, fmt.Errorf("%s is not in %s: %w", prefix, p.prefix, ErrOutside)
	}
	first = p.index(prefix.Addr())
	last = first
	if prefix.Bits() < p.bits {
		last = first + 1<<(p.bits-prefix.Bits()) - 1
	}
	return first, last, nil
}

// index is the number of the block that an address is in.
func (p *Pool) index(addr netip.Addr) int {
	offset := new(big.Int).Sub(number(addr), number(p.prefix.Addr()))
	return int(offset.Rsh(offset, uint(addr.BitLen()-p.bits)).Int64())
}

// block is the block of that number.
func (p *Pool) block(i int) netip.Prefix {
	n := new(big.Int).Lsh(big.NewInt(int64(i)), uint(p.prefix.Addr().BitLen()-p.bits))
	n.Add(n, number(p.prefix.Addr()))
	bytes := make([]byte, p.prefix.Addr().BitLen()/8)
	addr, _ := netip.AddrFromSlice(n.FillBytes(bytes)) // the length is that of an address
	return netip.PrefixFrom(addr, p.bits)
}

func number(addr netip.Addr) *big.Int { return new(big.Int).SetBytes(addr.AsSlice()) }
