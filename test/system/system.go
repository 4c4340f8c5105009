// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package system puts everything together on one machine: a real control plane, the local cloud, machines
// with simulated kubelets, and cloud controller managers, each a process of its own. `make run` shows it,
// the end-to-end tests prove it.
package system

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/process"
)

// System is a running cluster with its cloud. Managers are started by StartManager.
type System struct {
	Dir      string
	Programs Programs
	Group    *process.Group
	Cluster  *cluster.Cluster
	Client   kubernetes.Interface // may do everything
	Cloud    *Cloud
	Fleet    *kubelets.Fleet

	next netip.Addr
}

// Options of a system.
type Options struct {
	// Dir holds logs and data.
	Dir      string
	Programs Programs
	Cluster  cluster.Options
	Cloud    CloudOptions
	// LeasePeriod of the kubelets; 0 is their default.
	LeasePeriod time.Duration
	// Step hears what is being done; may be nil.
	Step func(string)
}

// Start starts control plane and cloud, without machines and managers.
func Start(ctx context.Context, o Options) (*System, error) {
	step := o.Step
	if step == nil {
		step = func(string) {}
	}
	s := &System{Dir: o.Dir, Programs: o.Programs, Group: process.NewGroup()}
	var err error
	fail := func(err error) (*System, error) { return nil, errors.Join(err, s.Stop()) }
	if s.next, err = kubelets.FirstAddress(); err != nil {
		return fail(err)
	}
	step("start etcd, kube-apiserver and kube-controller-manager")
	if s.Cluster, err = cluster.Start(ctx, o.Cluster); err != nil {
		return fail(err)
	}
	s.Client = s.Cluster.AdminClient()
	admin, err := s.Cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		return fail(err)
	}
	if err := Permit(ctx, s.Client); err != nil {
		return fail(err)
	}
	step("start the local cloud")
	o.Cloud.Dir = filepath.Join(o.Dir, "cloud")
	if s.Cloud, err = StartCloud(ctx, s.Group, o.Programs.Cloud, o.Cloud); err != nil {
		return fail(err)
	}
	if s.Fleet, err = kubelets.New(ctx, kubelets.Options{RESTConfig: admin, Traffic: true, LeasePeriod: o.LeasePeriod}); err != nil {
		return fail(err)
	}
	return s, nil
}

// Stop ends everything, in the order in which nothing complains.
func (s *System) Stop() error {
	var errs []error
	if s.Fleet != nil {
		errs = append(errs, s.Fleet.Stop())
	}
	s.Group.Stop()
	if s.Cluster != nil {
		errs = append(errs, s.Cluster.Stop())
	}
	return errors.Join(errs...)
}

// StartManager starts a cloud controller manager; its files are in a directory of that name.
func (s *System) StartManager(ctx context.Context, name string, o ManagerOptions) (*Manager, error) {
	o.Dir = filepath.Join(s.Dir, name)
	return StartManager(ctx, s.Group, s.Programs.Manager, s.Cluster, s.Cloud.URL, o)
}

// Machine returns a machine for the cloud and the kubelet that runs on it, with a loopback address of
// its own.
func (s *System) Machine(name, zone string) (api.Machine, kubelets.Machine) {
	address := s.next
	s.next = s.next.Next()
	return api.Machine{
			ID: "id-" + name, Name: name, Region: "local", Zone: zone, Type: "small", State: api.MachineRunning,
			Addresses: []api.MachineAddress{{Type: api.InternalIP, Address: address.String()}},
		}, kubelets.Machine{
			Name: name, Address: address,
		}
}

// AddMachines creates machines named so in the zones, in turn, and starts their kubelets.
func (s *System) AddMachines(ctx context.Context, zones []string, names ...string) error {
	var machines []api.Machine
	var nodes []kubelets.Machine
	for i, name := range names {
		m, k := s.Machine(name, zones[i%len(zones)])
		machines, nodes = append(machines, m), append(nodes, k)
	}
	if _, err := s.Cloud.Admin().CreateMachines(ctx, machines...); err != nil {
		return fmt.Errorf("create machines: %w", err)
	}
	return s.Fleet.Add(ctx, nodes...)
}

// TempDir makes the directory of a system that is not a test's.
func TempDir() (string, error) { return os.MkdirTemp("", "cloud-providers-run-*") }
