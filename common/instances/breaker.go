// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"fmt"
	"sync"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
)

const (
	firstPause = time.Second
	maxPause   = time.Minute
)

// breaker keeps all readers from calling a cloud that asks for fewer calls. Each throttling answer in a
// row doubles the pause; the cloud's own Retry-After wins when it is longer.
type breaker struct {
	clock clock.PassiveClock

	mu    sync.Mutex
	pause time.Duration
	until time.Time
}

func (b *breaker) saw(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wish, throttled := provider.Throttled(err)
	if !throttled {
		if err == nil {
			b.pause = 0
			breakerOpen.Set(0)
		}
		return
	}
	b.pause = min(max(firstPause, b.pause*2), maxPause)
	b.until = b.clock.Now().Add(max(b.pause, wish))
	breakerOpen.Set(1)
}

// err is what readers get instead of a call; nil when calls may be made.
func (b *breaker) err() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	rest := b.until.Sub(b.clock.Now())
	if rest <= 0 {
		return nil
	}
	return &provider.ThrottledError{RetryAfter: rest, Err: fmt.Errorf("the cloud asked for fewer calls; next in %s", rest.Round(time.Second))}
}
