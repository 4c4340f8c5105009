// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/rest"

	"sigs.k8s.io/cloud-providers/test/cluster/loopback"
)

// Options of a [Fleet].
type Options struct {
	// RESTConfig is the one identity under which all kubelets act: an administrator or, to pass
	// the Node authorizer, none that is limited to a single node. Its limits on queries are ignored.
	RESTConfig *rest.Config

	// LeasePeriod is the time between renewals of a node's Lease, 10 seconds by default. The Lease
	// lasts four times as long.
	LeasePeriod time.Duration

	// StatusPeriod is the time between refreshes of a Node's conditions, 5 minutes by default.
	StatusPeriod time.Duration

	// Workers is how many requests are under way at once at most, 32 by default.
	Workers int

	// Reregister creates the Node again when it is deleted while its machine runs, as if kubelet
	// had been restarted.
	Reregister bool

	// Traffic opens node ports and runs pods, see the package's documentation.
	Traffic bool
}

const (
	defaultLeasePeriod  = 10 * time.Second
	defaultStatusPeriod = 5 * time.Minute
	defaultWorkers      = 32
)

func (o Options) withDefaults() (Options, error) {
	if o.RESTConfig == nil {
		return o, errors.New("Options.RESTConfig is missing")
	}
	if o.LeasePeriod == 0 {
		o.LeasePeriod = defaultLeasePeriod
	}
	if o.StatusPeriod == 0 {
		o.StatusPeriod = defaultStatusPeriod
	}
	if o.Workers == 0 {
		o.Workers = defaultWorkers
	}
	return o, nil
}

// Machine is a computer with a kubelet on it.
type Machine struct {
	// Name is the name of the Node and the host name.
	Name string

	// NodeIPs are kubelet's --node-ip: none, one, or one of each family. They become the Node's
	// internal addresses and the annotation alpha.kubernetes.io/provided-node-ip. The unspecified
	// address (0.0.0.0 or ::) means that of the default interface, which is Address, without an
	// annotation.
	NodeIPs []netip.Addr

	// ProviderID is kubelet's --provider-id; usually empty, as the cloud controller manager sets it.
	ProviderID string

	// Labels and Taints are kubelet's --node-labels and --register-with-taints.
	Labels map[string]string
	Taints []corev1.Taint

	// Address is the loopback address that stands for the machine's interface, see [FirstAddress].
	// Without one, the machine serves no node ports and no health checks.
	Address netip.Addr
}

func (m Machine) validate() error {
	if m.Name == "" {
		return errors.New("a machine has no name")
	}
	if len(m.NodeIPs) > 2 {
		return fmt.Errorf("machine %s has %d node IPs: kubelet takes two at most", m.Name, len(m.NodeIPs))
	}
	if m.Address.IsValid() && !m.Address.IsLoopback() {
		return fmt.Errorf("machine %s has the address %s: use a loopback address, such as 127.20.0.1", m.Name, m.Address)
	}
	if len(m.NodeIPs) > 0 && m.NodeIPs[0].IsUnspecified() && !m.Address.IsValid() {
		return fmt.Errorf("machine %s leaves the node IP to its interface but has no Address", m.Name)
	}
	return nil
}

// FirstAddress returns an address from which on a fleet can number its machines with
// [netip.Addr.Next]. The range is this fleet's alone, so that fleets which run at once do not take the
// same node ports on the same addresses.
func FirstAddress() (netip.Addr, error) {
	block, err := loopback.Reserve()
	return block.Next(), err
}
