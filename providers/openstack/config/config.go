// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package config is the OpenStack provider's cloud-config file: the INI file that
// openstack-cloud-controller-manager, and the in-tree provider before it, have always read.
package config

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

// Config is the file after all checks.
type Config struct {
	Auth         Auth
	LoadBalancer LoadBalancer
	Networking   Networking
	RouterID     string
	// Regions are those that are served, the default one first. Without any region in the file that is one
	// without a name, whose endpoints are the first of the catalogue.
	Regions []string
	// Regional says that provider IDs name the region: each region has a manager of its own.
	Regional bool
	// RequestTimeout is that of every OpenStack call.
	RequestTimeout time.Duration
	// Warnings are what was ignored or is doubtful, each a sentence with file and line.
	Warnings []string
}

// LoadBalancer are the defaults of load balancers.
type LoadBalancer struct {
	Enabled                        bool
	Provider, Method               string
	Floating                       Floating
	Placement                      Placement
	Monitor                        Monitor
	ManageSecurityGroups, Internal bool
	// NodeSelector limits members; an empty value asks for the label's presence.
	NodeSelector                    map[string]string
	CascadeDelete                   bool
	FlavorID, AvailabilityZone      string
	IngressHostname                 bool
	IngressHostnameSuffix           string
	MaxShared                       int
	ContainerStore, TLSContainerRef string
	SerialCalls                     bool
	Classes                         map[string]Class
}

// Placement is where a load balancer and its members are.
type Placement struct{ SubnetID, NetworkID, MemberSubnetID string }

// Floating says where floating IPs come from.
type Floating struct{ NetworkID, SubnetID, Subnet, SubnetTags string }

// Class are the settings of a [LoadBalancerClass].
type Class struct {
	Floating  Floating
	Placement Placement
}

// Monitor are the defaults of health monitors, in whole seconds.
type Monitor struct {
	Create                                     bool
	Delay, Timeout, MaxRetries, MaxRetriesDown int
}

// Networking decides about the addresses of Nodes.
type Networking struct {
	IPv6Disabled               bool
	PublicNames, InternalNames []string
	SortOrder                  []netip.Prefix
}

// ErrNone is returned where there is no file: OpenStack cannot be found without one.
var ErrNone = errors.New("no --cloud-config: the OpenStack provider needs a file that says at least auth-url and credentials")

// Read reads the file. All mistakes are reported at once, except for those of syntax and type, which end the
// reading.
func Read(path string, r io.Reader) (*Config, error) {
	if r == nil {
		return nil, ErrNone
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	c := defaults()
	f, err := ini.Read(path, data, &c, "auth-url = https://keystone.example.com/v3", sections...)
	if err != nil {
		return nil, err
	}
	b := &builder{File: f, content: c}
	config := b.build()
	config.Warnings = append(f.Warnings, b.warnings...)
	return config, errors.Join(b.errs...)
}

// Words splits a list at commas and white space.
func Words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
}
