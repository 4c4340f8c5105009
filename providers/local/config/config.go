// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config is the local provider's cloud-config file.
package config

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig"
)

// Config is the file. docs/config.md describes it; a test keeps the two together.
type Config struct {
	// Endpoint is the URL of local-cloud.
	Endpoint string `json:"endpoint"`
	// TokenFile has the bearer token, if the cloud asks for one.
	TokenFile string `json:"tokenFile"`
	// Region restricts the provider to machines of one region; empty means all.
	Region string `json:"region"`
	// RouteTable is the table in which the routes of the cluster are.
	RouteTable string `json:"routeTable"`
	// RequestTimeout bounds each call.
	RequestTimeout time.Duration `json:"requestTimeout"`
	// LoadBalancer has defaults for what Services say by annotation.
	LoadBalancer LoadBalancer `json:"loadBalancer"`
}

// LoadBalancer is the defaults for Services without the annotation of that name.
type LoadBalancer struct {
	// Pool is where addresses come from; empty means the pool that contains the address that the Service
	// requests, or else the cloud's default pool.
	Pool string `json:"pool"`
	// HealthCheckPort is the port at which Nodes are checked for Services with
	// externalTrafficPolicy: Cluster.
	HealthCheckPort int `json:"healthCheckPort"`
	// HealthCheckInterval is the time between two checks of a Node.
	HealthCheckInterval time.Duration `json:"healthCheckInterval"`
	// IdleTimeout closes TCP connections over which nothing is sent.
	IdleTimeout time.Duration `json:"idleTimeout"`
	// DrainTimeout is how long connections to removed Nodes may go on.
	DrainTimeout time.Duration `json:"drainTimeout"`
}

// Default returns the configuration of an empty file. It has no endpoint.
func Default() Config {
	return Config{
		RouteTable:     "main",
		RequestTimeout: 30 * time.Second,
		LoadBalancer: LoadBalancer{
			HealthCheckPort:     10256, // kube-proxy's --healthz-bind-address
			HealthCheckInterval: 2 * time.Second,
			IdleTimeout:         10 * time.Minute,
			DrainTimeout:        30 * time.Second,
		},
	}
}

// Read reads the file. All mistakes are reported at once.
func Read(path string, file io.Reader) (Config, error) {
	c := Default()
	if file == nil {
		return c, fmt.Errorf("the local provider needs --cloud-config, a file with at least \"endpoint: http://127.0.0.1:9440\"")
	}
	data, err := io.ReadAll(file)
	if err != nil {
		return c, fmt.Errorf("reading %s: %w", path, err)
	}
	if _, err := cloudconfig.DecodeYAML(path, data, &c); err != nil {
		return c, err
	}
	return c, c.check(path)
}

func (c Config) check(path string) error {
	var errs []error
	wrong := func(key, format string, args ...any) {
		errs = append(errs, &cloudconfig.Error{Path: path, Key: key, Message: fmt.Sprintf(format, args...)})
	}
	u, err := url.Parse(c.Endpoint)
	switch {
	case c.Endpoint == "":
		wrong("endpoint", "is missing; give the URL of local-cloud, such as http://127.0.0.1:9440")
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		wrong("endpoint", "%q is not a URL such as http://127.0.0.1:9440", c.Endpoint)
	case u.User != nil:
		wrong("endpoint", "contains credentials; put the token into a file and name it in tokenFile")
	}
	if strings.ContainsAny(c.Region, "/: ") {
		wrong("region", "%q contains a slash, a colon or a space, which a provider ID cannot hold", c.Region)
	}
	if c.RouteTable == "" || strings.Contains(c.RouteTable, "/") {
		wrong("routeTable", "%q is empty or contains a slash", c.RouteTable)
	}
	for key, d := range map[string]time.Duration{
		"requestTimeout":                   c.RequestTimeout,
		"loadBalancer.healthCheckInterval": c.LoadBalancer.HealthCheckInterval,
		"loadBalancer.idleTimeout":         c.LoadBalancer.IdleTimeout,
		"loadBalancer.drainTimeout":        c.LoadBalancer.DrainTimeout,
	} {
		if d <= 0 {
			wrong(key, "%s is not longer than 0", d)
		}
	}
	if p := c.LoadBalancer.HealthCheckPort; p < 1 || p > 65535 {
		wrong("loadBalancer.healthCheckPort", "%d is not a port from 1 to 65535", p)
	}
	return errors.Join(errs...)
}
