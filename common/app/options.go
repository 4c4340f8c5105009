// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
	cpconfig "k8s.io/cloud-provider/config"
	"k8s.io/cloud-provider/names"
	cliflag "k8s.io/component-base/cli/flag"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	cmoptions "k8s.io/controller-manager/options"
)

// options is what the flags write into. Flags of the component config write straight into config.
type options struct {
	config  *cpconfig.CloudControllerManagerConfiguration
	generic *cmoptions.GenericControllerManagerConfigurationOptions
	logging *logsapi.LoggingConfiguration
	gates   featuregate.MutableVersionedFeatureGate
	master  string

	serving        servingOptions
	webhookServing servingOptions
	authentication authenticationOptions
	authorization  authorizationOptions

	own  ownOptions
	sets cliflag.NamedFlagSets
}

// ownOptions is the flags that the stock manager does not have.
type ownOptions struct {
	configFile            string
	capabilities          []string
	dryRun                bool
	dryRunOutput          string
	shutdownTimeout       time.Duration
	initialisationsAtOnce int
	// once has a switch for each controller with a OnceFlag, by the controller's name.
	once map[string]*bool
}

// readOnly reports whether the program only reads, prints and exits.
func (o *ownOptions) readOnly() bool { return o.dryRun || o.onceController() != "" }

// onceController is the controller whose OnceFlag was given; empty for none.
func (o *ownOptions) onceController() string {
	for _, name := range sortedKeys(o.once) {
		if *o.once[name] {
			return name
		}
	}
	return ""
}

// Defaults of our own flags: the wait for running work stays below a pod's 30 s of grace; 64 writes in
// flight initialise 1,000 Nodes in seconds without being the API server's biggest client.
const (
	defaultShutdownTimeout       = 25 * time.Second
	defaultInitialisationsAtOnce = 64
)

func newOptions(p Program) (*options, error) {
	config, err := defaultConfig()
	if err != nil {
		return nil, err
	}
	config.Generic.LeaderElection.ResourceName = p.component()
	config.Generic.LeaderElection.ResourceNamespace = "kube-system"
	o := &options{
		config:         config,
		generic:        cmoptions.NewGenericControllerManagerConfigurationOptions(&config.Generic),
		logging:        logsapi.NewLoggingConfiguration(),
		gates:          newFeatureGate(),
		serving:        newServingOptions(10258, p.component()),
		webhookServing: newServingOptions(10260, p.component()+"-webhook"),
		authentication: newAuthenticationOptions(),
		authorization:  newAuthorizationOptions(),
		own: ownOptions{
			dryRunOutput: "text", shutdownTimeout: defaultShutdownTimeout, initialisationsAtOnce: defaultInitialisationsAtOnce,
			once: map[string]*bool{},
		},
	}
	config.Generic.Debugging.EnableProfiling = true
	o.generic.Debugging.DebuggingConfiguration = &config.Generic.Debugging
	o.addFlags(p)
	return o, nil
}

// addFlags registers every flag, in the stock manager's groups and in groups of our own.
func (o *options) addFlags(p Program) {
	aliases := map[string]string{}
	for _, c := range p.Controllers {
		for _, a := range c.Aliases {
			aliases[a] = c.Name
		}
	}
	o.generic.AddFlags(&o.sets, controllerNames(p.Controllers), disabledByDefault(p.Controllers), aliases)
	o.addSharedFlags(o.sets.FlagSet("generic"))
	o.addControllerFlags()
	o.addWebhookFlags(p.Webhooks)
	o.serving.addFlags(o.sets.FlagSet("secure serving"), "")
	o.serving.addHTTP2Flags(o.sets.FlagSet("secure serving"))
	o.authentication.addFlags(o.sets.FlagSet("authentication"))
	o.authorization.addFlags(o.sets.FlagSet("authorization"))
	misc := o.sets.FlagSet("misc")
	misc.StringVar(&o.master, "master", o.master, "Address of the Kubernetes API server. It overrides the one in the kubeconfig.")
	misc.StringVar(&o.config.Generic.ClientConnection.Kubeconfig, "kubeconfig", o.config.Generic.ClientConnection.Kubeconfig, "Path of a kubeconfig file that says where the API server is and how to authenticate. Without it and --master the service account of the pod is used.")
	misc.DurationVar(&o.config.NodeStatusUpdateFrequency.Duration, "node-status-update-frequency", o.config.NodeStatusUpdateFrequency.Duration, "How often the addresses of Nodes are compared with the cloud's.")
	o.gates.AddFlag(o.sets.FlagSet("generic"))
	o.addOwnFlags(o.sets.FlagSet("extensions"), p.NewCloud != nil)
	if p.AddFlags != nil {
		p.AddFlags(o.sets.FlagSet(p.ProviderName))
	}
	for _, c := range p.Controllers {
		if c.AddFlags != nil {
			c.AddFlags(o.sets.FlagSet(c.Name))
		}
		if c.OnceFlag != "" {
			o.own.once[c.Name] = o.sets.FlagSet(c.Name).Bool(c.OnceFlag, false, c.OnceUsage)
		}
	}
}

// addSharedFlags registers what kube-controller-manager once had too.
func (o *options) addSharedFlags(fs *pflag.FlagSet) {
	c := &o.config.KubeCloudShared
	fs.StringVar(&c.CloudProvider.Name, "cloud-provider", c.CloudProvider.Name, "Name of the cloud provider.")
	fs.StringVar(&c.CloudProvider.CloudConfigFile, "cloud-config", c.CloudProvider.CloudConfigFile, "Path of the cloud provider's configuration file. Empty for none.")
	fs.StringVar(&c.ExternalCloudVolumePlugin, "external-cloud-volume-plugin", c.ExternalCloudVolumePlugin, "Accepted for command lines that have it; it has had no effect since in-tree volumes are gone.")
	fs.BoolVar(&c.UseServiceAccountCredentials, "use-service-account-credentials", c.UseServiceAccountCredentials, "Give each controller the credentials of a service account of its own.")
	fs.BoolVar(&c.AllowUntaggedCloud, "allow-untagged-cloud", false, "Run although the cloud's resources carry no cluster ID.")
	mustDeprecate(fs, "allow-untagged-cloud", "This flag is deprecated and will be removed in a future release. A cluster-id will be required on cloud instances.")
	fs.DurationVar(&c.RouteReconciliationPeriod.Duration, "route-reconciliation-period", c.RouteReconciliationPeriod.Duration, "How often the cloud's routes are compared with the Nodes' pod ranges.")
	fs.StringVar(&c.ClusterName, "cluster-name", c.ClusterName, "Name of the cluster, part of the names of what is made in the cloud.")
	fs.StringVar(&c.ClusterCIDR, "cluster-cidr", c.ClusterCIDR, "Range of pod addresses, or an IPv4 and an IPv6 range joined by a comma. Used with --allocate-node-cidrs and for routes.")
	fs.BoolVar(&c.AllocateNodeCIDRs, "allocate-node-cidrs", false, "Give each Node a range of pod addresses. Needs --cluster-cidr.")
	fs.StringVar(&c.CIDRAllocatorType, "cidr-allocator-type", "RangeAllocator", "How ranges of pod addresses are chosen.")
	fs.BoolVar(&c.ConfigureCloudRoutes, "configure-cloud-routes", true, "Make a route in the cloud for each Node's range of pod addresses.")
	fs.DurationVar(&c.NodeSyncPeriod.Duration, "node-sync-period", 0, "Accepted for command lines that have it; it has no effect.")
	mustDeprecate(fs, "node-sync-period", "This flag is currently no-op and will be deleted.")
}

// addControllerFlags registers the flags of the stock controllers, whichever of them the program has.
func (o *options) addControllerFlags() {
	node := o.sets.FlagSet(names.CloudNodeController)
	node.Int32Var(&o.config.NodeController.ConcurrentNodeSyncs, "concurrent-node-syncs", o.config.NodeController.ConcurrentNodeSyncs, "How many Nodes are initialised at a time by providers that look up one instance per call.")
	node.Int32Var(&o.config.NodeController.ConcurrentNodeStatusUpdates, "concurrent-node-status-updates", 0, "How many Node addresses are updated at a time. 0 means the value of --concurrent-node-syncs.")

	lifecycle := o.sets.FlagSet(names.CloudNodeLifecycleController)
	l := &o.config.NodeLifecycleController
	lifecycle.Int32Var(&l.ConcurrentNodeLifecycleSyncs, "concurrent-node-lifecycle-syncs", l.ConcurrentNodeLifecycleSyncs, "How many Nodes are checked for existence at a time by providers that look up one instance per call.")
	lifecycle.DurationVar(&l.NodeMonitorPeriod.Duration, "node-monitor-period", l.NodeMonitorPeriod.Duration, "How often Nodes that are not ready are checked for existence.")

	service := o.sets.FlagSet(names.ServiceLBController)
	s := &o.config.ServiceController
	service.Int32Var(&s.ConcurrentServiceSyncs, "concurrent-service-syncs", s.ConcurrentServiceSyncs, "How many Services are worked on at a time.")
}

func (o *options) addWebhookFlags(webhooks []Webhook) {
	var all, off []string
	for _, w := range webhooks {
		all = append(all, w.Name)
		if w.DisabledByDefault {
			off = append(off, w.Name)
		}
	}
	fs := o.sets.FlagSet("webhook")
	fs.StringSliceVar(&o.config.Webhook.Webhooks, "webhooks", o.config.Webhook.Webhooks, fmt.Sprintf(
		"Webhooks to serve: '*' for all that are on by default, 'foo' for the one of that name, '-foo' for all but that one.\nAll webhooks: %s\nDisabled-by-default webhooks: %s",
		strings.Join(all, ", "), strings.Join(off, ", ")))
	o.webhookServing.addFlags(o.sets.FlagSet("webhook serving"), "webhook-")
}

func (o *options) addOwnFlags(fs *pflag.FlagSet, cloud bool) {
	fs.StringVar(&o.own.configFile, "config", "", "Path of a CloudControllerManagerConfiguration file (cloudcontrollermanager.config.k8s.io/v1alpha1). Flags win over it.")
	fs.DurationVar(&o.own.shutdownTimeout, "shutdown-timeout", o.own.shutdownTimeout, "How long running work may take to end after SIGTERM, before it is cancelled.")
	fs.IntVar(&o.own.initialisationsAtOnce, "node-initialization-concurrency", o.own.initialisationsAtOnce, "How many writes of Nodes that are being initialised may be in flight at once. They are not held to --kube-api-qps unless that flag is given.")
	if !cloud {
		return
	}
	fs.StringSliceVar(&o.own.capabilities, "capabilities", nil, "Capabilities of the provider to switch off: <capability>=-. '*=-' switches off all that are not named, <capability>=<provider> switches on.")
	fs.BoolVar(&o.own.dryRun, "dry-run", false, "Read everything once, print what would be changed and change nothing. Exit code 0: nothing to do, 2: something to do, 1: error.")
	fs.StringVar(&o.own.dryRunOutput, "dry-run-output", o.own.dryRunOutput, "Form of the dry run's output: text or json.")
}

// changed reports whether a flag was given.
func (o *options) changed(name string) bool {
	for _, fs := range o.sets.FlagSets {
		if f := fs.Lookup(name); f != nil {
			return f.Changed
		}
	}
	return false
}

func mustDeprecate(fs *pflag.FlagSet, name, message string) {
	if err := fs.MarkDeprecated(name, message); err != nil {
		panic(err)
	}
}
