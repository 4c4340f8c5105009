// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/process"
)

// Cloud is a running local-cloud.
type Cloud struct {
	*process.Process
	*api.Client
	// URL is where it answers; a restarted cloud answers there again.
	URL string

	group *process.Group
	spec  process.Spec
}

// CloudOptions of a local-cloud.
type CloudOptions struct {
	// Dir holds its database and log.
	Dir string
	// IPv4Pool is where load balancers get addresses; by default a range that is random, so that clouds
	// that run at once do not meet.
	IPv4Pool string
	Args     []string
}

// StartCloud starts local-cloud on a free port and returns when it answers.
func StartCloud(ctx context.Context, group *process.Group, program string, o CloudOptions) (*Cloud, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	if o.IPv4Pool == "" {
		o.IPv4Pool = RandomLoopback(10, 49).String() + "/28"
	}
	ready := filepath.Join(o.Dir, "ready")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	spec := process.Spec{
		Name: "local-cloud", Path: program, LogPath: filepath.Join(o.Dir, "local-cloud.log"),
		Args: append([]string{"--listen=127.0.0.1:0", "--data-dir=" + o.Dir, "--ipv4-pool=" + o.IPv4Pool, "--ready-file=" + ready}, o.Args...),
	}
	c := &Cloud{group: group, spec: spec}
	if err := c.start(ctx, ready); err != nil {
		return nil, err
	}
	// From now on it keeps its port.
	c.spec.Args[0] = "--listen=" + strings.TrimPrefix(c.URL, "http://")
	return c, nil
}

func (c *Cloud) start(ctx context.Context, ready string) error {
	var err error
	if c.Process, err = c.group.Start(c.spec); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return c.AwaitReady(ctx, func(ctx context.Context) error {
		if c.URL == "" {
			url, err := os.ReadFile(ready)
			if err != nil || len(url) == 0 {
				return errors.New("not ready yet")
			}
			c.URL = strings.TrimSpace(string(url))
			if c.Client, err = api.NewClient(c.URL, api.ClientOptions{UserAgent: "test"}); err != nil {
				return err
			}
		}
		_, err := c.Admin().State(ctx)
		return err
	})
}

// Restart starts a cloud again that has ended, on the same port and with the same data.
func (c *Cloud) Restart(ctx context.Context) error { return c.start(ctx, "") }

// CallsByManager returns how often each operation was called by the cloud controller manager.
func (c *Cloud) CallsByManager(ctx context.Context) (map[string]int, error) {
	calls, err := c.Admin().Calls(ctx)
	if err != nil {
		return nil, fmt.Errorf("calls of the cloud: %w", err)
	}
	count := map[string]int{}
	for _, call := range calls.Calls {
		if strings.Contains(call.UserAgent, "local-cloud-controller-manager") {
			count[call.Operation]++
		}
	}
	return count, nil
}

// RandomLoopback returns a random address 127.x.y.0 with x between low and high.
func RandomLoopback(low, high int) netip.Addr {
	seed := uint32(time.Now().UnixNano()>>8) ^ uint32(os.Getpid())*2654435761
	x := byte(low) + byte(seed%uint32(high-low+1))
	return netip.AddrFrom4([4]byte{127, x, byte(seed >> 8), 0})
}
