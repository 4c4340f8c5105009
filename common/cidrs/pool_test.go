// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cidrs

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
)

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func pool(t testing.TB, cidr string, bits int) *Pool {
	t.Helper()
	p, err := New(prefix(cidr), bits)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestFreedBlocksAreUsedAgainLast(t *testing.T) {
	p := pool(t, "10.0.0.0/28", 30)
	for i, want := range []string{"10.0.0.0/30", "10.0.0.4/30"} {
		if got, _ := p.Take(fmt.Sprint(i)); got != prefix(want) {
			t.Errorf("block %d is %s, want %s", i, got, want)
		}
	}
	p.Release(prefix("10.0.0.0/30"), "0")
	for i, want := range []string{"10.0.0.8/30", "10.0.0.12/30", "10.0.0.0/30"} {
		if got, _ := p.Take(fmt.Sprint(i + 2)); got != prefix(want) {
			t.Errorf("block %d is %s, want %s", i+2, got, want)
		}
	}
	if got, ok := p.Take("x"); ok {
		t.Errorf("an empty pool gave %s", got)
	}
}

func TestABlockIsFreeOnlyWhenNobodyHasIt(t *testing.T) {
	p := pool(t, "10.0.0.0/30", 31)
	var taken *TakenError
	if err := p.Occupy(prefix("10.0.0.0/31"), "a"); err != nil {
		t.Fatal(err)
	}
	if err := p.Occupy(prefix("10.0.0.0/31"), "b"); !errors.As(err, &taken) || taken.Owner != "a" {
		t.Errorf("error %v, want the other owner", err)
	}
	p.Release(prefix("10.0.0.0/31"), "b")
	if got, _ := p.Take("c"); got != prefix("10.0.0.2/31") {
		t.Errorf("got %s, which a still has", got)
	}
	p.Release(prefix("10.0.0.0/31"), "somebody")
	if _, ok := p.Take("d"); ok {
		t.Error("a release by somebody else freed the block")
	}
}

func TestPrefixesOfOtherLengths(t *testing.T) {
	p := pool(t, "10.0.0.0/24", 26)
	if err := p.Occupy(prefix("10.0.0.0/25"), "big"); err != nil || p.Used() != 2 {
		t.Errorf("%v, %d blocks used, want 2", err, p.Used())
	}
	if err := p.Occupy(prefix("10.0.0.200/30"), "small"); err != nil || p.Used() != 3 {
		t.Errorf("%v, %d blocks used, want 3", err, p.Used())
	}
	for _, out := range []string{"10.0.1.0/26", "10.0.0.0/16", "fd00::/64"} {
		if err := p.Occupy(prefix(out), "x"); !errors.Is(err, ErrOutside) {
			t.Errorf("%s: %v", out, err)
		}
	}
	if got, _ := p.Take("n"); got != prefix("10.0.0.128/26") {
		t.Errorf("got %s", got)
	}
}

func TestReserved(t *testing.T) {
	p := pool(t, "10.0.0.0/24", 26)
	p.Reserve(prefix("10.0.0.0/26"))
	p.Reserve(prefix("192.168.0.0/16"))
	p.Reserve(prefix("fd00::/64"))
	if got, _ := p.Take("n"); got != prefix("10.0.0.64/26") {
		t.Errorf("got %s", got)
	}
	p.Reserve(prefix("10.0.0.0/8"))
	if got, ok := p.Take("n"); ok {
		t.Errorf("got %s of a pool that is reserved as a whole", got)
	}
}

func TestIPv6(t *testing.T) {
	p := pool(t, "fd00:10::/48", 64)
	for i, want := range []string{"fd00:10::/64", "fd00:10:0:1::/64"} {
		if got, _ := p.Take(fmt.Sprint(i)); got != prefix(want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if !p.Owns(prefix("fd00:10:0:1::/64"), "1") || p.Owns(prefix("fd00:10:0:1::/64"), "0") {
		t.Error("wrong owner")
	}
	for cidr, bits := range map[string]int{"fd00::/32": 64, "10.0.0.0/8": 33, "10.0.0.0/24": 16} {
		if _, err := New(prefix(cidr), bits); err == nil {
			t.Errorf("%s with /%d was accepted", cidr, bits)
		}
	}
}

// TestNothingIsHandedOutTwice plays many random joins and leaves.
func TestNothingIsHandedOutTwice(t *testing.T) {
	p := pool(t, "10.0.0.0/16", 24)
	r := rand.New(rand.NewPCG(1, 2))
	have := map[string]netip.Prefix{}
	holder := map[netip.Prefix]string{}
	for i := range 20000 {
		if len(have) > 0 && r.IntN(100) < 48 {
			for name, b := range have {
				p.Release(b, name)
				delete(have, name)
				delete(holder, b)
				break
			}
			continue
		}
		name := fmt.Sprint("n", i)
		b, ok := p.Take(name)
		if !ok {
			if len(have) != 256 {
				t.Fatalf("no block left with %d of 256 in use", len(have))
			}
			continue
		}
		if other, twice := holder[b]; twice {
			t.Fatalf("%s went to %s, which %s has", b, name, other)
		}
		have[name], holder[b] = b, name
	}
	if p.Used() != len(have) {
		t.Errorf("%d used, want %d", p.Used(), len(have))
	}
}

func BenchmarkTake(b *testing.B) {
	for range b.N {
		p := pool(b, "10.0.0.0/8", 24)
		for i := range 15000 {
			p.Take(fmt.Sprint(i))
		}
	}
}
