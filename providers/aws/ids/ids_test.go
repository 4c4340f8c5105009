// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ids

import (
	"errors"
	"net/netip"
	"testing"
)

func TestParse(t *testing.T) {
	ten := netip.MustParseAddr("10.0.0.1")
	for providerID, want := range map[string]ID{
		"aws:///us-east-1a/i-0123456789abcdef0":                     {Zone: "us-east-1a", Instance: "i-0123456789abcdef0"},
		"aws:////i-0123":                                            {Instance: "i-0123"},
		"aws:///i-0123":                                             {Instance: "i-0123"},
		"aws:///us-east-1a/i-0123/":                                 {Zone: "us-east-1a", Instance: "i-0123"},
		"aws://123456789012/us-east-1a/i-0123":                      {Zone: "us-east-1a", Instance: "i-0123"},
		"i-0123":                                                    {Instance: "i-0123"},
		"us-east-1a/i-0123":                                         {Zone: "us-east-1a", Instance: "i-0123"},
		"aws:///us-east-1a/i-anything":                              {Zone: "us-east-1a", Instance: "i-anything"},
		"aws:///us-east-1a/x/fargate-10.0.0.1":                      {Zone: "us-east-1a", Fargate: ten},
		"aws:///us-east-1a/fargate-ip-10-0-0-1.ec2.internal":        {Zone: "us-east-1a", Fargate: ten},
		"aws:///us-east-1a/0d/fargate-ip-10-0-0-1.corp.example.com": {Zone: "us-east-1a", Fargate: ten},
		"fargate-10.0.0.1":                                          {Fargate: ten},
	} {
		if got, err := Parse(providerID); err != nil || got != want {
			t.Errorf("%q: %+v, %v, want %+v", providerID, got, err, want)
		}
	}
	for _, providerID := range []string{
		"", "aws://i-0123", "aws:///", "aws:///us-east-1a/vol-0123", "aws:///us-east-1a/i-*", "aws:///us-east-1a/i-",
		"aws:///us-east-1a/fargate-host", "aws:///us-east-1a/fargate-::1", "node-1",
	} {
		if got, err := Parse(providerID); err == nil || errors.Is(err, ErrForeign) {
			t.Errorf("%q: %+v, %v, want it rejected", providerID, got, err)
		}
	}
	for _, providerID := range []string{"gce://p/z/i-1", "other:///x/i-1", "kind://docker/kind/i-1"} {
		if _, err := Parse(providerID); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v, want it to be another provider's", providerID, err)
		}
	}
	if got, err := Parse(Format("eu-west-1b", "i-1")); err != nil || got != (ID{Zone: "eu-west-1b", Instance: "i-1"}) {
		t.Errorf("what Format writes is read as %+v, %v", got, err)
	}
}

func TestNodeNames(t *testing.T) {
	for name, want := range map[string]string{
		"i-0123": "i-0123", "i-0123.us-west-2.compute.internal": "i-0123", "i-0123.corp": "i-0123", "ip-10-0-0-1": "", "i-": "", "mini-1": "",
	} {
		if id, ok := OfNodeName(name); ok != (want != "") || ok && id != want {
			t.Errorf("%q: instance %q, %t", name, id, ok)
		}
	}
	for name, want := range map[string]string{
		"ip-10-0-0-1": "10.0.0.1", "ip-10-0-0-1.ec2.internal": "10.0.0.1", "10.0.0.1": "", "ip-10-0-0": "", "ip-10-0-0-999.x": "", "ip-fd00--1": "",
	} {
		if a, ok := AddressOfNodeName(name); ok != (want != "") || ok && a.String() != want {
			t.Errorf("%q: address %s, %t", name, a, ok)
		}
	}
}

func TestElsewhere(t *testing.T) {
	for zone, want := range map[string]bool{
		"us-west-2a": false, "us-west-2-lax-1a": false, "us-east-1a": true, "": false, "zone-a": false, "us-gov-west-1a": true,
	} {
		if got := (ID{Zone: zone}).Elsewhere("us-west-2"); got != want {
			t.Errorf("zone %q is elsewhere: %t", zone, got)
		}
	}
}
