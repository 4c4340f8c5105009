// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/cloud"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
)

// stopTime is how long running requests may take after SIGTERM.
const stopTime = 5 * time.Second

type serveFlags struct {
	options   cloud.Options
	ipv4Pools []string
	ipv6Pools []string
	portFile  string
	readyFile string
}

func serveCommand() *cobra.Command {
	f := &serveFlags{}
	cmd := &cobra.Command{
		Use:           "local-cloud",
		Short:         "A cloud on this machine: machines, load balancers, routes",
		Version:       cloud.Version,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context()) },
	}
	fs := cmd.Flags()
	fs.StringVar(&f.options.Listen, "listen", defaultListen, "Address of the HTTP interface; port 0 takes a free one.")
	fs.BoolVar(&f.options.AllowNonLoopback, "allow-non-loopback", false, "Permit a --listen address that other machines can reach.")
	fs.StringVar(&f.options.DataDir, "data-dir", "local-cloud-data", "Directory of the state file. It is created.")
	fs.StringArrayVar(&f.ipv4Pools, "ipv4-pool", nil, "Pool of load balancer addresses, [NAME=]CIDR[,shared]; can be repeated. (default 127.10.0.0/16)")
	fs.StringArrayVar(&f.ipv6Pools, "ipv6-pool", nil, "Pool of load balancer addresses, [NAME=]CIDR[,shared]; can be repeated. Load balancers of a shared pool may have the same address when their ports differ. (default ::1/128,shared)")
	fs.StringVar(&f.options.TokenFile, "token-file", "", "File with the bearer token that clients must present. Without it none is asked for.")
	fs.StringVar(&f.portFile, "port-file", "", "File to which the port of the interface is written once it accepts requests.")
	fs.StringVar(&f.readyFile, "ready-file", "", "File to which the URL of the interface is written once it accepts requests.")
	logging := flag.NewFlagSet("", flag.ContinueOnError)
	klog.InitFlags(logging)
	fs.AddGoFlag(logging.Lookup("v"))
	return cmd
}

func (f *serveFlags) run(ctx context.Context) error {
	defer klog.Flush()
	pools, err := f.pools()
	if err != nil {
		return err
	}
	f.options.Pools = pools
	c, err := cloud.Start(ctx, f.options)
	if err != nil {
		return err
	}
	for file, content := range map[string]string{f.portFile: strconv.Itoa(c.Port()), f.readyFile: c.URL()} {
		if file == "" {
			continue
		}
		if err := writeWhole(file, content+"\n"); err != nil {
			return fmt.Errorf("saying that the cloud is ready: %w", err)
		}
	}
	<-ctx.Done()
	klog.FromContext(ctx).Info("Stopping")
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	return c.Stop(stopping)
}

// pools returns the configured pools; a family without any has the default one.
func (f *serveFlags) pools() ([]pool.Pool, error) {
	var all []pool.Pool
	for i, values := range [][]string{f.ipv4Pools, f.ipv6Pools} {
		standard := cloud.DefaultPools()[i]
		if len(values) == 0 {
			all = append(all, standard)
		}
		for _, v := range values {
			p, err := pool.Parse(v)
			if err != nil {
				return nil, err
			}
			if p.Family() != standard.Family() {
				return nil, fmt.Errorf("pool %q is not of family %s", v, standard.Family())
			}
			for _, other := range all {
				if other.Name == p.Name && other.Family() == p.Family() {
					return nil, fmt.Errorf("there are two %s pools with the name %q", p.Family(), p.Name)
				}
			}
			all = append(all, p)
		}
	}
	return all, nil
}

// writeWhole writes a file so that who waits for it never sees half of it.
func writeWhole(path, content string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	if _, err := tmp.WriteString(content); err != nil {
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
