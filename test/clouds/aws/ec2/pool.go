// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"net/netip"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// pool gives out the addresses of a subnet. It is not seen by readers and so has no versions.
type pool struct {
	prefix netip.Prefix
	used   map[netip.Addr]bool
	next   netip.Addr
	// ipv6 counts the IPv6 addresses that were given; they are not used again, as a /64 has enough.
	ipv6 uint64
}

// reserved is how many addresses of each subnet AWS keeps: the first four and the last.
const reserved = 5

func newPool(cidr string) *pool {
	prefix := netip.MustParsePrefix(cidr).Masked()
	p := &pool{prefix: prefix, used: map[netip.Addr]bool{}}
	p.next = p.first()
	return p
}

func (p *pool) first() netip.Addr { return addTo(p.prefix.Addr(), 4) }

func (p *pool) size() int { return 1<<(32-p.prefix.Bits()) - reserved }

func (p *pool) free() int { return p.size() - len(p.used) }

// usable says whether instances can have an address.
func (p *pool) usable(a netip.Addr) bool {
	last := addTo(p.prefix.Addr(), p.size()+reserved-1)
	return p.prefix.Contains(a) && a != last && !a.Less(p.first())
}

// take gives the next free address.
func (p *pool) take() (netip.Addr, bool) {
	if p.free() <= 0 {
		return netip.Addr{}, false
	}
	for {
		a := p.next
		p.next = a.Next()
		switch {
		case !p.usable(a):
			p.next = p.first()
		case !p.used[a]:
			p.used[a] = true
			return a, true
		}
	}
}

// takeThis gives an address that someone has chosen.
func (p *pool) takeThis(a netip.Addr) bool {
	if !p.usable(a) || p.used[a] {
		return false
	}
	p.used[a] = true
	return true
}

func addTo(a netip.Addr, n int) netip.Addr {
	b := a.As4()
	binary.BigEndian.PutUint32(b[:], binary.BigEndian.Uint32(b[:])+uint32(n))
	return netip.AddrFrom4(b)
}

// errNoAddress is the failure of a subnet that is full.
func errNoAddress(subnet string) error {
	return wire.Errorf("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", subnet)
}

// takeIPv4 gives an address of a subnet: the wanted one, or any.
func (s *Service) takeIPv4(sub *Subnet, wanted string) (string, error) {
	p := s.pools[sub.ID]
	if wanted == "" {
		a, ok := p.take()
		if !ok {
			return "", errNoAddress(sub.ID)
		}
		return a.String(), nil
	}
	a, err := netip.ParseAddr(wanted)
	switch {
	case err != nil:
		return "", wire.Errorf("InvalidParameterValue", "Value (%s) for parameter address is invalid. Invalid IPv4 address", wanted)
	case !p.prefix.Contains(a):
		return "", wire.Errorf("InvalidParameterValue", "Address does not fall within the subnet's address range")
	case !p.usable(a):
		return "", wire.Errorf("InvalidParameterValue", "Address %s is in subnet's reserved address range", wanted)
	case !p.takeThis(a):
		return "", wire.Errorf("InvalidIPAddress.InUse", "Address %s is in use.", wanted)
	}
	return a.String(), nil
}

func (s *Service) giveBack(subnet string, addresses []InterfaceIPv4) {
	p := s.pools[subnet]
	if p == nil {
		return
	}
	for _, a := range addresses {
		if parsed, err := netip.ParseAddr(a.Private); err == nil {
			delete(p.used, parsed)
		}
	}
}

// takeIPv6 gives the next address of a subnet that has IPv6.
func (s *Service) takeIPv6(sub *Subnet) string {
	p := s.pools[sub.ID]
	p.ipv6++
	b := netip.MustParsePrefix(sub.IPv6CIDR).Addr().As16()
	binary.BigEndian.PutUint64(b[8:], 0x10+p.ipv6)
	return netip.AddrFrom16(b).String()
}

// takeIPv6Prefix gives the next /80 of a subnet that has IPv6. They begin at the upper half, where
// single addresses do not get.
func (s *Service) takeIPv6Prefix(sub *Subnet) string {
	p := s.pools[sub.ID]
	p.ipv6++
	b := netip.MustParsePrefix(sub.IPv6CIDR).Addr().As16()
	binary.BigEndian.PutUint16(b[8:], 0x8000+uint16(p.ipv6))
	return netip.PrefixFrom(netip.AddrFrom16(b), 80).String()
}

// publicBase is where public addresses begin: the block for benchmarks, which is nobody's.
var publicBase = netip.MustParseAddr("198.18.0.1")

// takePublic gives a public IPv4 address. They are not used again: 131,070 are enough for any test.
func (s *Service) takePublic() string {
	a := addTo(publicBase, int(s.publics))
	s.publics++
	return a.String()
}

// dashed is an address as host names have it.
func dashed(address string) string {
	b := []byte(address)
	for i := range b {
		if b[i] == '.' {
			b[i] = '-'
		}
	}
	return string(b)
}

// internalDomain is the domain of private names, which is odd in the oldest region.
func (s *Service) internalDomain() string {
	if s.opts.Region == "us-east-1" {
		return "ec2.internal"
	}
	return s.opts.Region + ".compute.internal"
}

func (s *Service) privateName(address string) string {
	return "ip-" + dashed(address) + "." + s.internalDomain()
}

func (s *Service) publicName(address string) string {
	suffix := map[string]string{"aws-cn": "amazonaws.com.cn"}[s.partition()]
	suffix = cmp.Or(suffix, "amazonaws.com")
	if s.opts.Region == "us-east-1" {
		return "ec2-" + dashed(address) + ".compute-1." + suffix
	}
	return fmt.Sprintf("ec2-%s.%s.compute.%s", dashed(address), s.opts.Region, suffix)
}

// rebuildPools finds out from the interfaces which addresses are used.
func (s *Service) rebuildPools() {
	s.pools = map[string]*pool{}
	for id, sub := range s.subnets.All() {
		s.pools[id] = newPool(sub.CIDR)
	}
	for _, ni := range s.interfaces.All() {
		p := s.pools[ni.SubnetID]
		if p == nil {
			continue
		}
		for _, a := range ni.Addresses {
			if parsed, err := netip.ParseAddr(a.Private); err == nil {
				p.used[parsed] = true
				if next := parsed.Next(); p.next.Less(next) {
					p.next = next
				}
			}
		}
		p.ipv6 += uint64(len(ni.IPv6) + len(ni.IPv6Prefixes))
	}
}

func cloneTags(t Tags) Tags {
	if t == nil {
		return Tags{}
	}
	return maps.Clone(t)
}
