// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// authenticationOptions is the flags that say how clients of our endpoint prove who they are.
type authenticationOptions struct {
	kubeconfig      string
	cacheTTL        time.Duration
	skipLookup      bool
	tolerateFailure bool
	clientCAFile    string

	requestHeaderCAFile string
	usernameHeaders     []string
	uidHeaders          []string
	groupHeaders        []string
	extraPrefixes       []string
	allowedNames        []string
}

func newAuthenticationOptions() authenticationOptions {
	return authenticationOptions{
		cacheTTL:        10 * time.Second,
		usernameHeaders: []string{"x-remote-user"},
		groupHeaders:    []string{"x-remote-group"},
		extraPrefixes:   []string{"x-remote-extra-"},
	}
}

func (o *authenticationOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.kubeconfig, "authentication-kubeconfig", o.kubeconfig, "kubeconfig file of an API server that reviews tokens. Outside a cluster and without it, every client is anonymous.")
	fs.DurationVar(&o.cacheTTL, "authentication-token-webhook-cache-ttl", o.cacheTTL, "How long the API server's answer about a token is remembered.")
	fs.StringVar(&o.clientCAFile, "client-ca-file", o.clientCAFile, "Certificates of authorities whose client certificates are accepted: the common name is the user.")
	fs.StringSliceVar(&o.usernameHeaders, "requestheader-username-headers", o.usernameHeaders, "Headers in which a trusted proxy names the user.")
	fs.StringSliceVar(&o.uidHeaders, "requestheader-uid-headers", o.uidHeaders, "Headers in which a trusted proxy gives the user's UID. Needs the RemoteRequestHeaderUID feature gate.")
	fs.StringSliceVar(&o.groupHeaders, "requestheader-group-headers", o.groupHeaders, "Headers in which a trusted proxy names the user's groups.")
	fs.StringSliceVar(&o.extraPrefixes, "requestheader-extra-headers-prefix", o.extraPrefixes, "Prefixes of headers in which a trusted proxy says more about the user.")
	fs.StringVar(&o.requestHeaderCAFile, "requestheader-client-ca-file", o.requestHeaderCAFile, "Certificates of authorities whose clients are trusted proxies.")
	fs.StringSliceVar(&o.allowedNames, "requestheader-allowed-names", o.allowedNames, "Common names of trusted proxies. Empty for any of the authorities' clients.")
	fs.BoolVar(&o.skipLookup, "authentication-skip-lookup", o.skipLookup, "Do not look up missing authentication configuration in the cluster.")
	fs.BoolVar(&o.tolerateFailure, "authentication-tolerate-lookup-failure", o.tolerateFailure, "Go on when authentication configuration cannot be looked up in the cluster. All clients may then be anonymous.")
}

func (o *authenticationOptions) validate(uidAllowed bool) []error {
	var errs []error
	for _, list := range []struct {
		flag   string
		values []string
	}{
		{"requestheader-username-headers", o.usernameHeaders},
		{"requestheader-uid-headers", o.uidHeaders},
		{"requestheader-group-headers", o.groupHeaders},
		{"requestheader-extra-headers-prefix", o.extraPrefixes},
		{"requestheader-allowed-names", o.allowedNames},
	} {
		if slices.ContainsFunc(list.values, func(s string) bool { return strings.TrimSpace(s) == "" }) {
			errs = append(errs, fmt.Errorf("empty value in %q", list.flag))
		}
	}
	if len(o.uidHeaders) > 0 {
		if !uidAllowed {
			errs = append(errs, fmt.Errorf("--requestheader-uid-headers requires the %q feature to be enabled", requestHeaderUID))
		} else if !slices.ContainsFunc(o.uidHeaders, func(s string) bool { return strings.EqualFold(s, "X-Remote-Uid") }) {
			errs = append(errs, fmt.Errorf("--requestheader-uid-headers is set without specifying the standard X-Remote-Uid header"))
		}
	}
	return errs
}

// authorizationOptions is the flags that say what clients of our endpoint may do.
type authorizationOptions struct {
	kubeconfig         string
	allowTTL, denyTTL  time.Duration
	alwaysAllowedPaths []string
}

func newAuthorizationOptions() authorizationOptions {
	return authorizationOptions{
		allowTTL: 10 * time.Second, denyTTL: 10 * time.Second,
		alwaysAllowedPaths: []string{"/healthz", "/readyz", "/livez"},
	}
}

func (o *authorizationOptions) addFlags(fs *pflag.FlagSet) {
	fs.StringVar(&o.kubeconfig, "authorization-kubeconfig", o.kubeconfig, "kubeconfig file of an API server that reviews access. Outside a cluster and without it, only the paths that are always allowed are served.")
	fs.DurationVar(&o.allowTTL, "authorization-webhook-cache-authorized-ttl", o.allowTTL, "How long the API server's yes is remembered.")
	fs.DurationVar(&o.denyTTL, "authorization-webhook-cache-unauthorized-ttl", o.denyTTL, "How long the API server's no is remembered.")
	fs.StringSliceVar(&o.alwaysAllowedPaths, "authorization-always-allow-paths", o.alwaysAllowedPaths, "Paths that anybody may read. A trailing * stands for all paths that begin so.")
}
