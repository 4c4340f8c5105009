// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/component-base/featuregate"
	logsapi "k8s.io/component-base/logs/api/v1"
	metricsfeatures "k8s.io/component-base/metrics/features"
	zpagesfeatures "k8s.io/component-base/zpages/features"
	cmfeatures "k8s.io/controller-manager/pkg/features"
)

// WatchBasedRoutes makes the route controller follow Node events instead of a timer.
const WatchBasedRoutes = cmfeatures.CloudControllerManagerWatchBasedRoutesReconciliation

// apiserverGates are the gates of k8s.io/apiserver v0.37, which the stock manager accepts because it
// links that library. They are accepted here so that a command line goes on working; without the
// library none of them has an effect. Package appparity of the test module keeps the list complete.
var apiserverGates = map[featuregate.Feature]featuregate.FeatureSpec{
	"APIResponseCompression":                     {Default: true, PreRelease: featuregate.Beta},
	"APIServerIdentity":                          {Default: true, PreRelease: featuregate.Beta},
	"APIServerWebhookAuthenticationToken":        {PreRelease: featuregate.Alpha},
	"APIServingWithRoutine":                      {PreRelease: featuregate.Alpha},
	"AggregatedDiscoveryRemoveBetaType":          {Default: true, LockToDefault: true, PreRelease: featuregate.Deprecated},
	"AllowParsingUserUIDFromCertAuth":            {Default: true, PreRelease: featuregate.Beta},
	"AllowUnsafeMalformedObjectDeletion":         {Default: true, PreRelease: featuregate.Beta},
	"CBORServingAndStorage":                      {PreRelease: featuregate.Alpha},
	"ConcurrentWatchObjectDecode":                {Default: true, PreRelease: featuregate.Beta},
	"ConsistentListFromCacheSkipTimeoutFallback": {PreRelease: featuregate.Alpha},
	"ConstrainedImpersonation":                   {Default: true, PreRelease: featuregate.Beta},
	"CoordinatedLeaderElection":                  {PreRelease: featuregate.Beta},
	"DeclarativeValidation":                      {Default: true, LockToDefault: true, PreRelease: featuregate.GA},
	"DeclarativeValidationBeta":                  {Default: true, PreRelease: featuregate.Beta},
	"DeclarativeValidationTakeover":              {LockToDefault: true, PreRelease: featuregate.Deprecated},
	"DetectCacheInconsistency":                   {Default: true, PreRelease: featuregate.Beta},
	"EtcdRangeStream":                            {Default: true, PreRelease: featuregate.Beta},
	"ExcludeAdmissionWebhookVirtualResources":    {Default: true, PreRelease: featuregate.Beta},
	"KMSv1":                               {PreRelease: featuregate.Deprecated},
	"ListFromCacheSnapshot":               {Default: true, PreRelease: featuregate.Beta},
	"ManifestBasedAdmissionControlConfig": {Default: true, PreRelease: featuregate.Beta},
	"MutatingAdmissionPolicy":             {Default: true, PreRelease: featuregate.GA},
	"OpenAPIEnums":                        {Default: true, PreRelease: featuregate.Beta},
	requestHeaderUID:                      {Default: true, PreRelease: featuregate.Beta},
	"SeparateCacheWatchRPC":               {LockToDefault: true, PreRelease: featuregate.Deprecated},
	"ShardedListAndWatch":                 {PreRelease: featuregate.Alpha},
	"SizeBasedListCostEstimate":           {Default: true, PreRelease: featuregate.Beta},
	"StorageVersionAPI":                   {PreRelease: featuregate.Alpha},
	"StorageVersionHash":                  {Default: true, PreRelease: featuregate.Beta},
	"StructuredAuthenticationConfigurationEgressSelector": {Default: true, PreRelease: featuregate.Beta},
	"StructuredAuthenticationConfigurationJWKSMetrics":    {Default: true, PreRelease: featuregate.Beta},
	"TokenRequestServiceAccountUIDValidation":             {Default: true, PreRelease: featuregate.Beta},
	"UnauthenticatedHTTP2DOSMitigation":                   {Default: true, PreRelease: featuregate.Beta},
	"UnknownVersionInteroperabilityProxy":                 {Default: true, PreRelease: featuregate.Beta},
	"WatchCacheInitializationPostStartHook":               {Default: true, LockToDefault: true, PreRelease: featuregate.GA},
	"WatchList":                                           {Default: true, PreRelease: featuregate.Beta},
	"WatchListCompression":                                {Default: true, PreRelease: featuregate.Beta},
	"WebhookRoundTripLoadBalancing":                       {Default: true, PreRelease: featuregate.Beta},
}

// requestHeaderUID guards --requestheader-uid-headers.
const requestHeaderUID featuregate.Feature = "RemoteRequestHeaderUID"

// newFeatureGate returns a gate of this command's own, so that two commands in one process, as in
// tests, do not share switches.
func newFeatureGate() featuregate.MutableVersionedFeatureGate {
	gate := featuregate.NewFeatureGate()
	runtime.Must(gate.Add(apiserverGates))
	runtime.Must(zpagesfeatures.AddFeatureGates(gate))
	runtime.Must(metricsfeatures.AddFeatureGates(gate))
	runtime.Must(logsapi.AddFeatureGates(gate))
	runtime.Must(cmfeatures.SetupCurrentKubernetesSpecificFeatureGates(gate))
	return gate
}
