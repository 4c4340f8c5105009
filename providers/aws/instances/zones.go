// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"k8s.io/utils/clock"
)

// zoneRetry is how long a zone that EC2 does not know is not asked for again.
const zoneRetry = 10 * time.Second

// zones knows the IDs of availability zones. They never change, so that EC2 is asked again only about a
// name that is new.
type zones struct {
	client *ec2.Client
	clock  clock.PassiveClock
	turn   chan struct{}

	mu   sync.Mutex
	ids  map[string]string
	last time.Time
}

func newZones(client *ec2.Client, c clock.PassiveClock) *zones {
	return &zones{client: client, clock: c, turn: make(chan struct{}, 1), ids: map[string]string{}}
}

// lookup returns the IDs of zones by name, and of no others. The error says why some are missing.
func (z *zones) lookup(ctx context.Context, names map[string]bool) (map[string]string, error) {
	known, complete := z.known(names)
	if complete {
		return known, nil
	}
	select {
	case z.turn <- struct{}{}:
		defer func() { <-z.turn }()
	case <-ctx.Done():
		return known, fmt.Errorf("read the availability zones: %w", context.Cause(ctx))
	}
	if known, complete = z.known(names); complete {
		return known, nil
	}
	out, err := z.client.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{})
	if err != nil {
		return known, fmt.Errorf("read the availability zones: %w", err)
	}
	z.mu.Lock()
	for _, zone := range out.AvailabilityZones {
		z.ids[aws.ToString(zone.ZoneName)] = aws.ToString(zone.ZoneId)
	}
	z.last = z.clock.Now()
	z.mu.Unlock()
	known, _ = z.known(names)
	return known, nil
}

// learn adds what an instance says of its own zone.
func (z *zones) learn(name, id string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.ids[name] = id
}

// known returns what memory has, and whether there is no point in asking EC2.
func (z *zones) known(names map[string]bool) (map[string]string, bool) {
	z.mu.Lock()
	defer z.mu.Unlock()
	found := maps.Clone(z.ids)
	maps.DeleteFunc(found, func(name, id string) bool { return !names[name] || id == "" })
	return found, len(found) == len(names) || !z.last.IsZero() && z.clock.Since(z.last) < zoneRetry
}
