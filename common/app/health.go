// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"k8s.io/component-base/metrics/prometheus/slis"
	"k8s.io/klog/v2"
)

// check is one named thing that can be well or not.
type check struct {
	name string
	ask  func(*http.Request) error
}

// ping is a check that is well as long as the process answers.
func ping(name string) check { return check{name, func(*http.Request) error { return nil }} }

// checks is a growing set of checks, served as kube components serve theirs: "ok", a list with
// ?verbose, single ones under the path, ?exclude=name to leave one out.
type checks struct {
	// kind is healthz, livez or readyz.
	kind string
	// explain prints why a check failed. /healthz and /livez withhold it, as the stock manager does.
	explain bool

	mu  sync.Mutex
	all []check
}

func (c *checks) add(more ...check) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, more...)
}

func (c *checks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	all := slices.Clone(c.all)
	c.mu.Unlock()
	single := strings.Trim(strings.TrimPrefix(r.URL.Path, "/"+c.kind), "/")
	if single != "" {
		all = slices.DeleteFunc(all, func(k check) bool { return k.name != single })
		if len(all) == 0 {
			http.NotFound(w, r)
			return
		}
	}
	excluded := r.URL.Query()["exclude"]
	var out bytes.Buffer
	var failed []string
	for _, k := range all {
		if slices.Contains(excluded, k.name) {
			fmt.Fprintf(&out, "[+]%s excluded: ok\n", k.name)
			continue
		}
		err := k.ask(r)
		c.observe(r.Context(), k.name, err)
		switch {
		case err == nil:
			fmt.Fprintf(&out, "[+]%s ok\n", k.name)
			continue
		case c.explain:
			fmt.Fprintf(&out, "[-]%s failed: %v\n", k.name, err)
		default:
			fmt.Fprintf(&out, "[-]%s failed: reason withheld\n", k.name)
		}
		failed = append(failed, k.name)
		klog.FromContext(r.Context()).V(2).Info("Health check failed", "kind", c.kind, "check", k.name, "err", err)
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case len(failed) > 0:
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(w, "%s%s check failed\n", out.String(), c.kind)
	case r.URL.Query().Has("verbose"):
		fmt.Fprintf(w, "%s%s check passed\n", out.String(), c.kind)
	default:
		fmt.Fprint(w, "ok")
	}
}

// observe moves the SLI metrics kubernetes_healthcheck and kubernetes_healthchecks_total.
func (c *checks) observe(ctx context.Context, name string, err error) {
	status := slis.Success
	if err != nil {
		status = slis.Error
	}
	if err := slis.ObserveHealthcheck(ctx, name, c.kind, status); err != nil {
		klog.FromContext(ctx).V(4).Info("A health check was not counted", "check", name, "err", err)
	}
}

// condition is the last known outcome of something that can come and go, for /readyz.
type condition struct {
	mu  sync.Mutex
	err error
}

func newCondition(initial string) *condition { return &condition{err: errors.New(initial)} }

func (c *condition) set(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *condition) get() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *condition) check(name string) check {
	return check{name, func(*http.Request) error { return c.get() }}
}
