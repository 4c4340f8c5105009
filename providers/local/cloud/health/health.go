// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package health asks members whether they can take connections. Load balancers that ask the same member
// the same question share one check.
package health

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// State is the verdict on a member.
type State int

// The verdicts. Unknown lasts until the first check has ended.
const (
	Unknown State = iota
	Healthy
	Unhealthy
)

func (s State) String() string { return [...]string{"unknown", "healthy", "unhealthy"}[s] }

// Checks is the running checks. It owns their goroutines.
type Checks struct {
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	shared map[key]*Check
}

type key struct {
	address string
	check   api.HealthCheck
}

// NewChecks returns an empty set.
func NewChecks() *Checks {
	ctx, cancel := context.WithCancel(context.Background())
	return &Checks{ctx: ctx, cancel: cancel, shared: map[key]*Check{}}
}

// Close ends all checks.
func (c *Checks) Close() {
	c.cancel()
	c.wg.Wait()
}

// Acquire returns the check of an address, started now unless another load balancer has it.
func (c *Checks) Acquire(address string, hc api.HealthCheck) *Check {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := key{address, hc}
	if check, ok := c.shared[k]; ok {
		check.users++
		return check
	}
	ctx, cancel := context.WithCancel(c.ctx)
	check := &Check{key: k, cancel: cancel, users: 1}
	c.shared[k] = check
	c.wg.Go(func() { check.run(ctx) })
	return check
}

// Release gives a check up. It ends when nobody has it any more.
func (c *Checks) Release(check *Check) {
	if check == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if check.users--; check.users == 0 {
		check.cancel()
		delete(c.shared, check.key)
	}
}

// Check is the running check of one address.
type Check struct {
	key    key
	cancel context.CancelFunc
	users  int // guarded by Checks.mu

	mu     sync.Mutex
	state  State
	reason string
	streak int // results in a row that speak against state
}

// State returns the verdict and the last failure. A nil check has nothing to object.
func (c *Check) State() (State, string) {
	if c == nil {
		return Healthy, ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state, c.reason
}

func (c *Check) run(ctx context.Context) {
	ticker := time.NewTicker(c.key.check.Interval.Or(2 * time.Second))
	defer ticker.Stop()
	for {
		err := ask(ctx, c.key.address, c.key.check)
		if ctx.Err() != nil {
			return
		}
		c.note(err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (c *Check) note(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state, c.streak = verdict(c.state, c.streak, err == nil, c.key.check)
	c.reason = ""
	if err != nil {
		c.reason = err.Error()
	}
}

// verdict is the state after one more result.
func verdict(state State, streak int, good bool, hc api.HealthCheck) (State, int) {
	result, needed := Unhealthy, orDefault(hc.UnhealthyThreshold, 2)
	if good {
		result, needed = Healthy, orDefault(hc.HealthyThreshold, 1)
	}
	switch {
	case state == Unknown:
		return result, 0
	case state == result:
		return state, 0
	case streak+1 >= needed:
		return result, 0
	}
	return state, streak + 1
}

func orDefault(n, fallback int) int {
	if n == 0 {
		return fallback
	}
	return n
}

// client follows no redirects and keeps no connections: a check is a new connection each time.
var client = &http.Client{
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func ask(ctx context.Context, address string, hc api.HealthCheck) error {
	ctx, cancel := context.WithTimeout(ctx, hc.Timeout.Or(time.Second))
	defer cancel()
	target := net.JoinHostPort(address, strconv.Itoa(hc.Port))
	if hc.Protocol == "tcp" {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", target)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	path := hc.Path
	if path == "" {
		path = "/"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+target+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "local-cloud-health-check")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	_ = resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("GET http://%s%s answered %s", target, path, resp.Status)
	}
	return nil
}
