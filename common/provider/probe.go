// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"time"

	"k8s.io/klog/v2"
)

// ProbeUntil probes until that succeeds or stop is closed. It is for the Initialize of providers that run in
// the stock manager, which knows no Prober: it has no other way to hear of a mistake, so that one ends the
// process.
func ProbeUntil(p Prober, providerName string, stop <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	const longest = 30 * time.Second
	for wait := time.Second; ; wait = min(wait*2, longest) {
		err := p.Probe(ctx)
		var mistake *ConfigError
		switch {
		case err == nil || ctx.Err() != nil:
			return
		case errors.As(err, &mistake):
			klog.ErrorS(err, "The provider cannot work", "provider", providerName)
			klog.FlushAndExit(klog.ExitFlushTimeout, 1)
		}
		klog.ErrorS(err, "Reaching the cloud failed; will retry", "provider", providerName, "in", wait)
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return
		}
	}
}
