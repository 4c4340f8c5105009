// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package ids reads and writes provider IDs of Nodes on AWS, and what Node names say about instances.
package ids

import (
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// Scheme begins the provider IDs that are ours: aws:///<availability zone>/<instance ID>.
const Scheme = "aws"

const fargatePrefix = "fargate-"

// ErrForeign means that a provider ID has the scheme of another provider.
var ErrForeign = errors.New("the provider ID is another provider's")

// ID is a provider ID in its parts: an EC2 instance, or a Fargate node, which is known by its address.
type ID struct {
	// Zone is empty where the provider ID does not say it.
	Zone string
	// Instance is an EC2 instance ID; empty for Fargate.
	Instance string
	// Fargate is the address of a Fargate node's network interface.
	Fargate netip.Addr
}

// Format returns the provider ID of an instance.
func Format(zone, instance string) string { return Scheme + ":///" + zone + "/" + instance }

// Parse reads a provider ID. Only the last element of its path says which instance it is; a bare instance
// ID is a provider ID too.
func Parse(providerID string) (ID, error) {
	rest, found := strings.CutPrefix(providerID, Scheme+"://")
	switch {
	case found: // host/path: the host, which some have used for the account, says nothing
		_, path, hasPath := strings.Cut(rest, "/")
		if !hasPath {
			return ID{}, notOurForm(providerID)
		}
		rest = path
	case provider.Scheme(providerID) != "":
		return ID{}, ErrForeign
	}
	elements := strings.Split(strings.Trim(rest, "/"), "/")
	last := elements[len(elements)-1]
	id := ID{}
	if len(elements) > 1 {
		id.Zone = elements[0]
	}
	if node, ok := strings.CutPrefix(last, fargatePrefix); ok {
		if id.Fargate, ok = address(node); !ok {
			return ID{}, fmt.Errorf("provider ID %q names a Fargate node that is neither an IPv4 address nor a name such as ip-10-0-0-1.ec2.internal", providerID)
		}
		return id, nil
	}
	if !isInstance(last) {
		return ID{}, notOurForm(providerID)
	}
	id.Instance = last
	return id, nil
}

func notOurForm(providerID string) error {
	return fmt.Errorf("provider ID %q is not of the form aws:///<zone>/i-<id>", providerID)
}

// Instance returns the instance ID in a provider ID; false if it names none of ours.
func Instance(providerID string) (string, bool) {
	id, err := Parse(providerID)
	return id.Instance, err == nil && id.Instance != ""
}

// instanceID is lenient about length and digits, as simulators and AWS itself have changed both, but allows
// nothing that a filter would take for a wildcard.
var instanceID = regexp.MustCompile(`^i-[^/*?\\\s]+$`)

func isInstance(s string) bool { return instanceID.MatchString(s) }

// OfNodeName returns the instance ID in a Node's name: with resource-based naming the name is the ID, with
// or without a domain.
func OfNodeName(name string) (string, bool) {
	id, _, _ := strings.Cut(name, ".")
	return id, isInstance(id)
}

// AddressOfNodeName returns the address in a Node's name of the form ip-10-0-0-1, with or without a domain.
func AddressOfNodeName(name string) (netip.Addr, bool) {
	if !strings.HasPrefix(name, "ip-") {
		return netip.Addr{}, false
	}
	return address(name)
}

// address reads an IPv4 address, or a name that begins with one.
func address(s string) (netip.Addr, bool) {
	if a, err := netip.ParseAddr(s); err == nil {
		return a, a.Is4()
	}
	host, _, _ := strings.Cut(s, ".")
	a, err := netip.ParseAddr(strings.ReplaceAll(strings.TrimPrefix(host, "ip-"), "-", "."))
	return a, err == nil && a.Is4()
}

// regionOfZone matches the region at the start of a zone's name.
var regionOfZone = regexp.MustCompile(`^([a-zA-Z]+-)+[0-9]+`)

// RegionOfZone returns the region of a zone, also of local and wavelength zones; "" if the name begins
// with none.
func RegionOfZone(zone string) string { return regionOfZone.FindString(zone) }

// Elsewhere reports whether the provider ID says that its instance is in another region.
func (i ID) Elsewhere(region string) bool {
	own := RegionOfZone(i.Zone)
	return own != "" && own != region
}
