// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"syscall"
	"time"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

const (
	// superviseCommand is what up starts in the background. It isn't for people.
	superviseCommand = "supervise"

	// answerFD is the pipe on which the supervisor answers up, once.
	answerFD    = 3
	answerReady = "ready"
)

// settings are the flags of up.
type settings struct {
	dualStack, audit, nodeIPAM bool
	grace                      time.Duration
	nodes                      int
}

func (s *settings) addFlags(flags *flag.FlagSet) {
	flags.BoolVar(&s.dualStack, "dual-stack", false, "add IPv6 ranges for nodes and Services")
	flags.BoolVar(&s.audit, "audit", false, "keep an audit log")
	flags.BoolVar(&s.nodeIPAM, "node-ipam", true, "let kube-controller-manager allocate node CIDRs")
	flags.DurationVar(&s.grace, "node-monitor-grace-period", 0, "how long a node may be silent until it is Unknown; 0 for Kubernetes' default")
	flags.IntVar(&s.nodes, "nodes", 0, "number of simulated nodes (node-0, node-1, ...), each with node ports and pods on a loopback address of its own")
}

// supervise runs the control plane until it is told to end.
func supervise(ctx context.Context, dir string, s settings, log io.Writer) error {
	answer := os.NewFile(answerFD, "answer")
	if answer == nil {
		return errors.New("supervise is started by up")
	}
	syscall.CloseOnExec(answerFD) // or the control plane would hold it open
	stop, err := startAll(ctx, dir, s, log)
	if err != nil {
		fmt.Fprint(answer, err)
		return errors.Join(err, answer.Close())
	}
	fmt.Fprint(answer, answerReady)
	answer.Close()
	<-ctx.Done()
	return errors.Join(os.Remove(statePath(dir)), stop())
}

// startAll starts the control plane and its nodes and writes the state.
func startAll(ctx context.Context, dir string, s settings, log io.Writer) (stop func() error, err error) {
	background := context.WithoutCancel(ctx) // stopped in order, not by the signal
	c, err := cluster.Start(background, cluster.Options{
		Dir:                    dir,
		DisableNodeIPAM:        !s.nodeIPAM,
		DualStack:              s.dualStack,
		Audit:                  s.audit,
		NodeMonitorGracePeriod: s.grace,
		Progress:               log,
	})
	if err != nil {
		return nil, err
	}
	stop = c.Stop
	if s.nodes > 0 {
		fleet, err := startNodes(background, c, s.nodes)
		if err != nil {
			return nil, errors.Join(err, stop())
		}
		stop = func() error { return errors.Join(fleet.Stop(), c.Stop()) }
	}
	if err := writeRunning(dir, c); err != nil {
		return nil, errors.Join(err, stop())
	}
	return stop, nil
}

func startNodes(ctx context.Context, c *cluster.Cluster, n int) (*kubelets.Fleet, error) {
	config, err := c.RESTConfig("kubelets", cluster.AdminGroup)
	if err != nil {
		return nil, err
	}
	fleet, err := kubelets.New(ctx, kubelets.Options{RESTConfig: config, Reregister: true, Traffic: true})
	if err != nil {
		return nil, err
	}
	at, err := kubelets.FirstAddress()
	if err != nil {
		return nil, errors.Join(err, fleet.Stop())
	}
	machines := make([]kubelets.Machine, n)
	for i := range machines {
		machines[i] = kubelets.Machine{Name: fmt.Sprintf("node-%d", i), NodeIPs: []netip.Addr{at}, Address: at}
		at = at.Next()
	}
	if err := fleet.Add(ctx, machines...); err != nil {
		return nil, errors.Join(err, fleet.Stop())
	}
	return fleet, nil
}

func writeRunning(dir string, c *cluster.Cluster) error {
	kubeconfig, err := c.Kubeconfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		return err
	}
	self, err := cluster.IdentifyProcess(os.Getpid())
	if err != nil {
		return err
	}
	running := state{Supervisor: self, Kubeconfig: kubeconfig, URL: c.URL()}
	for _, s := range c.Status() {
		id, err := cluster.IdentifyProcess(s.PID)
		if err != nil {
			return err
		}
		running.Components = append(running.Components, component{Name: s.Component, Process: id, Port: s.Port})
	}
	return running.write(dir)
}
