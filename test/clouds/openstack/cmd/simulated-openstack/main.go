// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command simulated-openstack serves a simulated OpenStack, to which the openstack command line and cloud
// controller managers can be pointed.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

type flags struct {
	listen, state, readyFile, cluster string
	nodes                             int
	options                           openstack.Options
}

func main() {
	var f flags
	var busy time.Duration
	pflag.StringVar(&f.listen, "listen", "127.0.0.1:5000", "loopback address and port of the interface; port 0 is a free one")
	pflag.StringVar(&f.state, "state", "", "JSON file with the state to begin with, as GET /_control/state gives it")
	pflag.StringVar(&f.readyFile, "ready-file", "", "file to write the URL to when it can be used")
	pflag.StringVar(&f.cluster, "cluster", "", "build networks and a router for a cluster of this name")
	pflag.IntVar(&f.nodes, "nodes", 0, "servers to add to --cluster")
	pflag.StringVar(&f.options.Region, "region", "RegionOne", "region that it is")
	pflag.DurationVar(&f.options.Latency, "latency", 0, "time that each call takes")
	pflag.DurationVar(&busy, "busy", 2*time.Second, "time that each change of a load balancer takes")
	pflag.Parse()
	takes := sim.Duration(busy)
	f.options.LoadBalancing.Timing = octavia.Timing{Create: takes, Update: takes, Delete: takes}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, f)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulated-openstack:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags) error {
	cloud := openstack.New(f.options)
	if err := fill(cloud, f); err != nil {
		return err
	}
	if host, _, err := net.SplitHostPort(f.listen); err != nil || !loopback(host) {
		return fmt.Errorf("--listen %q is not a loopback address with a port; this cloud checks no secrets", f.listen)
	}
	listener, err := net.Listen("tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listening on --listen %s: %w", f.listen, err)
	}
	url := "http://" + listener.Addr().String()
	fmt.Println("The simulated OpenStack is ready at", url+"/identity")
	if f.readyFile != "" {
		if err := os.WriteFile(f.readyFile, []byte(url+"\n"), 0o644); err != nil {
			return fmt.Errorf("writing --ready-file: %w", err)
		}
	}
	return serve(ctx, listener, cloud)
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// serve returns when ctx is done and running requests have ended.
func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// fill loads or builds what the cloud begins with.
func fill(cloud *openstack.Server, f flags) error {
	if f.state != "" {
		if f.cluster != "" {
			return errors.New("--state and --cluster cannot be given together")
		}
		file, err := os.Open(f.state)
		if err != nil {
			return fmt.Errorf("opening --state: %w", err)
		}
		defer file.Close()
		return cloud.LoadJSON(file)
	}
	if f.cluster == "" {
		if f.nodes > 0 {
			return errors.New("--nodes needs --cluster")
		}
		return nil
	}
	_, err := cloud.AddCluster(openstack.ClusterOptions{Name: f.cluster, Nodes: f.nodes})
	return err
}
