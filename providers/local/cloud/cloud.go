// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package cloud is local-cloud: machines, load balancers that forward traffic, and a route table, behind
// an HTTP interface described in package api.
//
// The state is in a file and survives a kill; forwarding starts again with the process. Load balancers
// are kept in memory too, because their ports have to agree with them at any moment.
package cloud

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/fault"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/forward"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/store"
)

// Version is set by the linker.
var Version = "dev"

// Options of a cloud. The zero value of each field is usable.
type Options struct {
	// DataDir holds the state; it is created. Empty means the working directory.
	DataDir string
	// Listen is the address of the interface; empty means "127.0.0.1:0", a free port.
	Listen string
	// AllowNonLoopback permits others.
	AllowNonLoopback bool
	// Pools are where load balancers get their addresses from; none means DefaultPools.
	Pools []pool.Pool
	// TokenFile has the bearer token that clients must present; empty means none.
	TokenFile string
}

// DefaultPools returns the pools of a cloud that was told nothing: loopback addresses, so that it needs
// neither privileges nor interfaces. IPv6 has but one loopback address, which therefore is shared.
func DefaultPools() []pool.Pool {
	return []pool.Pool{
		{Name: api.DefaultPool, Prefix: netip.MustParsePrefix("127.10.0.0/16")},
		{Name: api.DefaultPool, Prefix: netip.MustParsePrefix("::1/128"), Shared: true},
	}
}

// Cloud is a running cloud.
type Cloud struct {
	pools     []pool.Pool
	tokenFile string
	store     *store.Store
	engine    *forward.Engine
	faults    *fault.Injector
	calls     *fault.Calls

	listener net.Listener
	server   *http.Server
	serving  sync.WaitGroup
	stopped  chan struct{} // closed when the cloud stops, for requests that wait
	stopOnce sync.Once

	mu        sync.RWMutex // held over a change of the store and what follows from it
	balancers map[string]api.LoadBalancer
}

// Start starts a cloud, its load balancers included. Its log goes to the logger in ctx; it runs until
// Close or Stop.
func Start(ctx context.Context, opts Options) (*Cloud, error) {
	if opts.Listen == "" {
		opts.Listen = "127.0.0.1:0"
	}
	if len(opts.Pools) == 0 {
		opts.Pools = DefaultPools()
	}
	if err := checkListen(opts.Listen, opts.AllowNonLoopback); err != nil {
		return nil, err
	}
	if opts.DataDir != "" {
		if err := os.MkdirAll(opts.DataDir, 0o700); err != nil {
			return nil, fmt.Errorf("creating --data-dir: %w", err)
		}
	}
	st, err := store.Open(filepath.Join(opts.DataDir, "local-cloud.db"))
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", opts.Listen)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listening on --listen %s: %w", opts.Listen, err), st.Close())
	}
	c := &Cloud{
		pools:     opts.Pools,
		tokenFile: opts.TokenFile,
		store:     st,
		engine:    forward.NewEngine(ctx),
		faults:    fault.NewInjector(),
		calls:     fault.NewCalls(),
		listener:  listener,
		stopped:   make(chan struct{}),
		balancers: map[string]api.LoadBalancer{},
	}
	if err := c.restore(); err != nil {
		c.engine.Close()
		return nil, errors.Join(err, listener.Close(), st.Close())
	}
	c.serve(ctx)
	return c, nil
}

func checkListen(address string, allowNonLoopback bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("--listen %q is not of the form address:port", address)
	}
	if ip, err := netip.ParseAddr(host); allowNonLoopback || host == "localhost" || err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("--listen %q is not a loopback address; who reaches this interface controls the cloud, so say --allow-non-loopback if that is meant, and give it a --token-file", address)
}

// restore starts the load balancers of the state file.
func (c *Cloud) restore() error {
	err := c.store.View(func(tx store.Tx) error {
		return tx.EachLoadBalancer("", func(lb api.LoadBalancer) bool {
			c.balancers[lb.Name] = lb
			return true
		})
	})
	for _, lb := range c.balancers {
		c.engine.Apply(lb)
	}
	return err
}

func (c *Cloud) serve(ctx context.Context) {
	base := context.WithoutCancel(ctx)
	c.server = &http.Server{
		Handler:           c.handler(),
		BaseContext:       func(net.Listener) context.Context { return base },
		ReadHeaderTimeout: 10 * time.Second,
	}
	klog.FromContext(ctx).Info("The local cloud is ready", "endpoint", c.URL(), "loadBalancers", len(c.balancers))
	c.serving.Go(func() {
		if err := c.server.Serve(c.listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
			klog.FromContext(ctx).Error(err, "Serving ended")
		}
	})
}

// URL is the endpoint for clients.
func (c *Cloud) URL() string { return "http://" + c.listener.Addr().String() }

// Port is the TCP port of the interface.
func (c *Cloud) Port() int { return c.listener.Addr().(*net.TCPAddr).Port }

// Stop lets running requests end until ctx is done, then closes everything.
func (c *Cloud) Stop(ctx context.Context) error {
	c.stopOnce.Do(func() { close(c.stopped) })
	shutdown := c.server.Shutdown(ctx)
	return errors.Join(shutdown, c.Close())
}

// Close closes everything at once: the interface, ports and connections of load balancers, the file.
func (c *Cloud) Close() error {
	c.stopOnce.Do(func() { close(c.stopped) })
	err := c.server.Close()
	c.serving.Wait()
	c.engine.Close()
	return errors.Join(err, c.store.Close())
}

// authorize checks the bearer token. The file is read each time, so that the token can be replaced.
func (c *Cloud) authorize(r *http.Request) *api.Error {
	if c.tokenFile == "" {
		return nil
	}
	want, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return refuse(http.StatusInternalServerError, api.CodeInternal, "reading the token file: %v", err)
	}
	got, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return refuse(http.StatusUnauthorized, api.CodeUnauthenticated, "the request has no bearer token")
	}
	if !sameToken(got, strings.TrimSpace(string(want))) {
		return refuse(http.StatusForbidden, api.CodeForbidden, "the bearer token is not the one of this cloud")
	}
	return nil
}
