// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"errors"
	"fmt"
	"time"

	"k8s.io/client-go/tools/leaderelection"
	cpconfig "k8s.io/cloud-provider/config"
	componentconfig "k8s.io/component-base/config"
)

// validate finds every mistake in flags and configuration, without reading anything.
func (o *options) validate(p Program) error {
	c := o.config
	var errs []error
	errs = append(errs, validateLeaderElection(c.Generic.LeaderElection)...)
	_, unknown := canonical(p.Controllers, c.Generic.Controllers)
	errs = append(errs, unknown...)
	errs = append(errs, validateWorkers(c)...)
	errs = append(errs, validatePeriods(c)...)
	errs = append(errs, o.serving.validate()...)
	errs = append(errs, o.authentication.validate(o.gates.Enabled(requestHeaderUID))...)
	errs = append(errs, validateWebhooks(p.Webhooks, c.Webhook.Webhooks)...)
	errs = append(errs, o.webhookServing.validate()...)
	if o.webhookServing.port == o.serving.port && o.serving.port != 0 {
		errs = append(errs, errors.New("--webhook-secure-port cannot be the same value as --secure-port"))
	}
	errs = append(errs, validateClient(c.Generic.ClientConnection)...)
	errs = append(errs, validateProvider(p, c.KubeCloudShared.CloudProvider.Name)...)
	errs = append(errs, o.own.validate()...)
	for _, controller := range p.Controllers {
		if controller.Validate != nil {
			errs = append(errs, controller.Validate(c)...)
		}
	}
	return errors.Join(errs...)
}

// validateProvider holds a program to the one provider that it contains.
func validateProvider(p Program, name string) []error {
	switch {
	case p.NewCloud == nil || name == p.ProviderName:
		return nil
	case name == "":
		return []error{errors.New("--cloud-provider cannot be empty")}
	}
	return []error{fmt.Errorf("--cloud-provider=%s: this program contains only the provider %q", name, p.ProviderName)}
}

func validateLeaderElection(l componentconfig.LeaderElectionConfiguration) []error {
	if !l.LeaderElect {
		return nil
	}
	var errs []error
	if l.ResourceLock != "leases" {
		errs = append(errs, errors.New(`resourceLock value must be "leases"`))
	}
	if l.ResourceName == "" || l.ResourceNamespace == "" {
		errs = append(errs, errors.New("--leader-elect-resource-name and --leader-elect-resource-namespace cannot be empty"))
	}
	lease, deadline, retry := l.LeaseDuration.Duration, l.RenewDeadline.Duration, l.RetryPeriod.Duration
	if retry <= 0 {
		errs = append(errs, fmt.Errorf("--leader-elect-retry-period must be more than 0, but is %s", retry))
	}
	// client-go waits up to JitterFactor retry periods more between two attempts.
	if least := time.Duration(leaderelection.JitterFactor * float64(retry)); deadline <= least {
		errs = append(errs, fmt.Errorf("--leader-elect-renew-deadline must be more than %s, which is %.1f times --leader-elect-retry-period, but is %s", least, leaderelection.JitterFactor, deadline))
	}
	if lease <= deadline {
		errs = append(errs, fmt.Errorf("--leader-elect-lease-duration must be more than --leader-elect-renew-deadline, but is %s against %s", lease, deadline))
	}
	return errs
}

// validateWorkers refuses numbers of workers that would do no work at all; the stock manager takes them.
func validateWorkers(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	if c.NodeController.ConcurrentNodeSyncs <= 0 {
		errs = append(errs, fmt.Errorf("concurrent-node-syncs must be a positive number, but got %d", c.NodeController.ConcurrentNodeSyncs))
	}
	if n := c.NodeController.ConcurrentNodeStatusUpdates; n < 0 {
		errs = append(errs, fmt.Errorf("concurrent-node-status-updates cannot be a negative number, but got %d", n))
	}
	if n := c.NodeLifecycleController.ConcurrentNodeLifecycleSyncs; n < 1 {
		errs = append(errs, fmt.Errorf("concurrent-node-lifecycle-syncs must be at least 1, but got %d", n))
	}
	if n := c.ServiceController.ConcurrentServiceSyncs; n < 1 {
		errs = append(errs, fmt.Errorf("concurrent-service-syncs must be a positive number, but got %d", n))
	}
	return errs
}

// validatePeriods refuses periods that would spin.
func validatePeriods(c *cpconfig.CloudControllerManagerConfiguration) []error {
	var errs []error
	for _, period := range []struct {
		flag  string
		value time.Duration
	}{
		{"node-monitor-period", c.NodeLifecycleController.NodeMonitorPeriod.Duration},
		{"node-status-update-frequency", c.NodeStatusUpdateFrequency.Duration},
		{"route-reconciliation-period", c.KubeCloudShared.RouteReconciliationPeriod.Duration},
	} {
		if period.value <= 0 {
			errs = append(errs, fmt.Errorf("--%s must be more than 0, but is %s", period.flag, period.value))
		}
	}
	if d := c.Generic.MinResyncPeriod.Duration; d < 0 {
		errs = append(errs, fmt.Errorf("--min-resync-period cannot be negative, but is %s", d))
	}
	if d := c.Generic.ControllerStartInterval.Duration; d < 0 {
		errs = append(errs, fmt.Errorf("--controller-start-interval cannot be negative, but is %s", d))
	}
	return errs
}

func validateClient(c componentconfig.ClientConnectionConfiguration) []error {
	if c.QPS > 0 && c.Burst <= 0 {
		return []error{fmt.Errorf("--kube-api-burst must be more than 0 when --kube-api-qps is %v, but is %d", c.QPS, c.Burst)}
	}
	return nil
}

func (o *ownOptions) validate() []error {
	var errs []error
	if o.shutdownTimeout < 0 {
		errs = append(errs, fmt.Errorf("--shutdown-timeout cannot be negative, but is %s", o.shutdownTimeout))
	}
	if o.initialisationsAtOnce < 1 {
		errs = append(errs, fmt.Errorf("--node-initialization-concurrency must be at least 1, but is %d", o.initialisationsAtOnce))
	}
	if o.dryRunOutput != "text" && o.dryRunOutput != "json" {
		errs = append(errs, fmt.Errorf("--dry-run-output must be text or json, but is %q", o.dryRunOutput))
	}
	return errs
}
