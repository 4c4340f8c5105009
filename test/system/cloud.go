// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster/loopback"
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
	// tokenFile is empty if the cloud asks for no token.
	tokenFile string
}

// CloudOptions of a local-cloud.
type CloudOptions struct {
	// Dir holds its database and log.
	Dir string
	// Addresses is how many IPv4 addresses its pool has, a power of two; 0 means 16. They are loopback
	// addresses that no other cloud has.
	Addresses int
	// TokenFile has the token that the cloud asks for; empty for none.
	TokenFile string
	Args      []string
}

// StartCloud starts local-cloud on a free port and returns when it answers.
func StartCloud(ctx context.Context, group *process.Group, program string, o CloudOptions) (*Cloud, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	block, err := loopback.Reserve()
	if err != nil {
		return nil, err
	}
	pool := netip.PrefixFrom(block, 32-bits.Len(uint(cmp.Or(o.Addresses, 16)-1)))
	ready := filepath.Join(o.Dir, "ready")
	if err := os.Remove(ready); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	spec := process.Spec{
		Name: "local-cloud", Path: program, LogPath: filepath.Join(o.Dir, "local-cloud.log"),
		Args: append([]string{"--listen=127.0.0.1:0", "--data-dir=" + o.Dir, "--ipv4-pool=" + pool.String(), "--ready-file=" + ready}, o.Args...),
	}
	if o.TokenFile != "" {
		spec.Args = append(spec.Args, "--token-file="+o.TokenFile)
	}
	c := &Cloud{group: group, spec: spec, tokenFile: o.TokenFile}
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
			if c.Client, err = api.NewClient(c.URL, api.ClientOptions{UserAgent: "test", TokenFile: c.tokenFile}); err != nil {
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
