// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"time"

	"github.com/spf13/pflag"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/client-go/informers"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/record"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/component-base/featuregate"
	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Controller is one controller as the manager sees it: names, flags, permissions, and how to make it.
type Controller struct {
	// Name is the canonical name, for --controllers, leader migration and logs.
	Name string
	// Aliases are old names that --controllers still accepts.
	Aliases []string
	// ClientName is the user agent's suffix, and the service account with
	// --use-service-account-credentials.
	ClientName string
	// MetricsName is the name label of running_managed_controllers.
	MetricsName string
	// EventSource is the component that its events come from.
	EventSource string
	// DisabledByDefault controllers run only when --controllers names them.
	DisabledByDefault bool
	// Capability must be selected for the controller to run; empty means none is needed.
	Capability provider.Capability
	// Rules are the permissions that the controller needs with its own client, beyond events.
	Rules []rbacv1.PolicyRule
	// AddFlags registers flags of the controller's own; may be nil.
	AddFlags func(*pflag.FlagSet)
	// Validate checks them and the controller's part of the component config; may be nil.
	Validate func(*cpconfig.CloudControllerManagerConfiguration) []error
	// New makes the controller. It returns a *NotApplicable error when there is nothing for it to do,
	// for example because the provider has no routes; any other error ends the process.
	New func(ctx context.Context, deps Deps) (Runnable, error)
	// Plan reads everything once and returns what the controller would change, for --dry-run. It changes
	// nothing anywhere. May be nil.
	Plan func(ctx context.Context, deps Deps) ([]*plan.Plan, error)
	// OnceFlag is a flag that makes the program call Once of this controller alone, print what it
	// returns as --dry-run does, and exit. OnceUsage documents it. Empty for none.
	// The program is read-only then, as in a dry run.
	OnceFlag, OnceUsage string
	Once                func(ctx context.Context, deps Deps) ([]*plan.Plan, error)
}

// Runnable is a running controller.
type Runnable interface {
	// Run works until accept is done, then takes no new work, lets running work end, and returns. Work
	// runs under the context work, whose end cancels it. Informer caches have synced when Run is called.
	Run(accept, work context.Context) error
}

// RunnableFunc is a function as a Runnable.
type RunnableFunc func(accept, work context.Context) error

// Run calls f.
func (f RunnableFunc) Run(accept, work context.Context) error { return f(accept, work) }

// NotApplicable says why a controller has nothing to do in this process. It is reported, not an error.
type NotApplicable struct{ Reason string }

func (e *NotApplicable) Error() string { return e.Reason }

// Deps is what a controller is made from.
type Deps struct {
	// Config is the component config after flags and defaults.
	Config *cpconfig.CloudControllerManagerConfiguration
	// Cloud is the provider with adapters for what it does not offer itself.
	Cloud *provider.Cloud
	// Instances is the one view of instances that all controllers share.
	Instances *instances.View
	// Client is limited to --kube-api-qps and authenticates as ClientName.
	Client clientset.Interface
	// BulkClient has no rate limit of its own but BulkInFlight requests in flight at the most, unless
	// --kube-api-qps was given, which then holds for it too. It is for writes whose number is bounded by
	// real events, such as the initialisation of Nodes.
	BulkClient   clientset.Interface
	BulkInFlight int
	// Informers is the one informer factory. Objects in its caches are trimmed of what nobody reads.
	Informers informers.SharedInformerFactory
	// Events posts through a client of its own, so that a burst of events delays no patch.
	Events record.EventRecorder
	Clock  clock.WithTicker
	// Gate is checked before each change to the cloud. Client and BulkClient do not check it: writes to
	// the cluster are guarded by resource versions.
	Gate *cloudapi.Gate
	// Features is the feature gates of the command line.
	Features featuregate.FeatureGate
	// ResyncPeriod is --min-resync-period spread by a random factor of 1 to 2.
	ResyncPeriod func() time.Duration
}
