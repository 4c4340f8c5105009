// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Command simulated-aws serves a simulated AWS, to which the command line and cloud controller managers
// can be pointed.
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

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

type flags struct {
	listen, state, readyFile, cluster string
	nodes                             int
	options                           aws.Options
}

func main() {
	var f flags
	pflag.StringVar(&f.listen, "listen", "127.0.0.1:4566", "loopback address and port of the interface; port 0 is a free one")
	pflag.StringVar(&f.state, "state", "", "JSON file with the state to begin with, as GET /_control/state gives it")
	pflag.StringVar(&f.readyFile, "ready-file", "", "file to write the URL to when it can be used")
	pflag.StringVar(&f.cluster, "cluster", "", "build a default VPC with subnets, security group and tags for a cluster of this name")
	pflag.IntVar(&f.nodes, "nodes", 0, "instances to add to the VPC of --cluster; the metadata service speaks for the first")
	pflag.StringVar(&f.options.Region, "region", "us-west-2", "region that it is")
	pflag.StringVar(&f.options.Account, "account", "123456789012", "account that everything belongs to")
	pflag.DurationVar(&f.options.Latency, "latency", 0, "time that each call takes")
	pflag.DurationVar(&f.options.Lag, "lag", 0, "time after which changes are seen by reads")
	pflag.StringSliceVar(&f.options.Certificates, "certificate", nil, "ARN of a certificate that listeners may have; repeatable")
	pflag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, f)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "simulated-aws:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags) error {
	cloud := aws.New(f.options)
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
	fmt.Println("The simulated AWS is ready at", url)
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
func fill(cloud *aws.Server, f flags) error {
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
	network, err := cloud.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: f.cluster, Default: true})
	if err != nil || f.nodes == 0 {
		return err
	}
	nodes, err := cloud.EC2.AddInstances(network.Instances(f.nodes))
	if err == nil {
		cloud.SetMetadataInstance(nodes[0].ID)
	}
	return err
}
