// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/test/cluster/binaries"
	"sigs.k8s.io/cloud-providers/test/process"
)

// Component names a program of the control plane.
type Component string

const (
	Etcd              Component = "etcd"
	APIServer         Component = "kube-apiserver"
	ControllerManager Component = "kube-controller-manager"
)

// Components lists all in the order in which they start.
var Components = []Component{Etcd, APIServer, ControllerManager}

const (
	// startTimeout bounds how long one component may take until it is ready. Unloaded, all three
	// need less than ten seconds together.
	startTimeout = 2 * time.Minute

	// portAttempts bounds how often a component is started again because its port was taken
	// between choosing and using it.
	portAttempts = 5
)

// Cluster is a running control plane.
type Cluster struct {
	options   Options
	dir       string
	temporary bool
	binaries  binaries.Paths
	pki       *pki
	admin     kubernetes.Interface
	group     *process.Group // nil after shutdown
	progress  io.Writer
	apiPort   int
	unwatch   func() bool // detaches Stop from the context
	stop      func() error

	mu         sync.Mutex
	processes  map[Component]*running
	identities map[string]pair
}

// running is a component's process and the port on which it serves.
type running struct {
	*process.Process
	port int
}

// Start builds the programs if need be, starts them and returns when all are ready. The control
// plane runs until Stop or until ctx ends.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	if runtime.GOOS != "linux" {
		return nil, errors.New("a control plane on this machine needs Linux: run the tests in a Linux container or virtual machine")
	}
	if options.Progress == nil {
		options.Progress = io.Discard
	}
	paths, err := binaries.Ensure(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	dir, err := claim(options.Dir)
	if err != nil {
		return nil, err
	}
	c := &Cluster{
		options:    options,
		dir:        dir,
		temporary:  options.Dir == "",
		binaries:   paths,
		group:      process.NewGroup(),
		progress:   options.Progress,
		processes:  map[Component]*running{},
		identities: map[string]pair{},
	}
	c.stop = sync.OnceValue(c.shutdown)
	c.unwatch = context.AfterFunc(ctx, func() { _ = c.stop() }) // Stop returns the same again
	if err := c.start(ctx); err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context) error {
	began := time.Now()
	if err := os.MkdirAll(filepath.Join(c.dir, "log"), 0o755); err != nil {
		return fmt.Errorf("making the directory of logs: %w", err)
	}
	var err error
	if c.pki, err = newPKI(filepath.Join(c.dir, "pki")); err != nil {
		return err
	}
	if c.options.Audit {
		if err := c.writeAuditPolicy(); err != nil {
			return err
		}
	}
	if err := c.startEtcd(ctx); err != nil {
		return err
	}
	if err := c.startAPIServer(ctx, 0); err != nil {
		return err
	}
	if err := c.startControllerManager(ctx); err != nil {
		return err
	}
	fmt.Fprintf(c.progress, "control plane ready at %s after %s (files in %s)\n", c.URL(), time.Since(began).Round(10*time.Millisecond), c.dir)
	return nil
}

// Stop ends all processes and removes the temporary directory. Later calls return the same.
func (c *Cluster) Stop() error {
	c.unwatch()
	return c.stop()
}

// shutdown ends the processes in the reverse of their order.
func (c *Cluster) shutdown() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for i := len(Components) - 1; i >= 0; i-- {
		if p := c.processes[Components[i]]; p != nil {
			errs = append(errs, p.Kill())
		}
	}
	c.group.Stop()
	c.group = nil
	if c.temporary {
		if err := os.RemoveAll(c.dir); err != nil {
			errs = append(errs, fmt.Errorf("removing the control plane's directory: %w", err))
		}
	} else if err := os.Remove(filepath.Join(c.dir, ownerFile)); err != nil {
		errs = append(errs, fmt.Errorf("giving up the control plane's directory: %w", err))
	}
	return errors.Join(errs...)
}

// Dir returns where data, certificates, kubeconfigs and logs are.
func (c *Cluster) Dir() string { return c.dir }

// URL returns the address of the API server.
func (c *Cluster) URL() string { return fmt.Sprintf("https://127.0.0.1:%d", c.apiPort) }

// LogTail returns the last n lines that a component wrote, over all its restarts.
func (c *Cluster) LogTail(component Component, n int) string {
	return process.Tail(c.logPath(component), n)
}

func (c *Cluster) logPath(component Component) string {
	return filepath.Join(c.dir, "log", string(component)+".log")
}

// run starts a component on a port, a fresh one if port is 0, and waits until ready returns nil.
func (c *Cluster) run(ctx context.Context, component Component, port int, binary string, args func(port int) []string, env []string, ready func(ctx context.Context, port int) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, fmt.Errorf("not ready within %s", startTimeout))
	defer cancel()
	began := time.Now()
	for attempt := 1; ; attempt++ {
		use := port
		if use == 0 {
			var err error
			if use, err = freePort(); err != nil {
				return err
			}
		}
		p, err := c.launch(component, use, binary, args(use), env)
		if err != nil {
			return err
		}
		err = p.AwaitReady(ctx, func(ctx context.Context) error { return ready(ctx, use) })
		if err == nil {
			fmt.Fprintf(c.progress, "%s ready after %s (pid %d, port %d)\n", component, time.Since(began).Round(10*time.Millisecond), p.PID(), use)
			return nil
		}
		portTaken := !p.Running() && strings.Contains(p.LogTail(20), "address already in use")
		if err := errors.Join(err, p.Kill()); !portTaken || attempt == portAttempts {
			return err
		}
	}
}

// launch starts a component's process and records it.
func (c *Cluster) launch(component Component, port int, binary string, args, env []string) (*running, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.group == nil {
		return nil, fmt.Errorf("starting %s: the control plane has been stopped", component)
	}
	if p := c.processes[component]; p != nil && p.Running() {
		return nil, fmt.Errorf("starting %s: it runs already (pid %d)", component, p.PID())
	}
	started, err := c.group.Start(process.Spec{Name: string(component), Path: binary, Args: args, Env: env, LogPath: c.logPath(component)})
	if err != nil {
		return nil, err
	}
	p := &running{started, port}
	c.processes[component] = p
	children := map[string]ProcessID{}
	for name, p := range c.processes {
		if id, err := IdentifyProcess(p.PID()); err == nil {
			children[string(name)] = id
		}
	}
	return p, writeOwnership(c.dir, children)
}

func (c *Cluster) process(component Component) *running {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.processes[component]
}
