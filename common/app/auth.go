// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/group"
	"k8s.io/apiserver/pkg/authentication/request/bearertoken"
	"k8s.io/apiserver/pkg/authentication/request/headerrequest"
	unionauth "k8s.io/apiserver/pkg/authentication/request/union"
	"k8s.io/apiserver/pkg/authentication/request/x509"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	"k8s.io/apiserver/pkg/server/dynamiccertificates"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
)

// The ConfigMap in which the API server publishes how to authenticate clients of others.
const (
	authConfigMapNamespace = "kube-system"
	authConfigMapName      = "extension-apiserver-authentication"
)

// access decides who may read the endpoints. It is delegated: the API server knows tokens and rights.
// The mechanisms are k8s.io/apiserver's; only the two review calls are ours (review.go).
type access struct {
	authenticate authenticator.Request
	authorize    authorizer.UnconditionalAuthorizer
	alwaysAllow  []string
	// clientCA is all authorities whose client certificates may be presented; nil for none.
	clientCA dynamiccertificates.CAContentProvider
	// lookup reads the authentication ConfigMap once; nil when there is nothing to look up. Until it has
	// succeeded nobody but readers of the paths that are always allowed is served.
	lookup func(context.Context) error
	// run follows the ConfigMap.
	run []func(context.Context)
}

// newAccess reads files and makes clients, but no call.
func newAccess(n *authenticationOptions, z *authorizationOptions) (*access, error) {
	a := &access{alwaysAllow: z.alwaysAllowedPaths}
	client, err := delegate("--authentication-kubeconfig", n.kubeconfig)
	if err != nil {
		return nil, err
	}
	if err := a.newAuthenticator(n, client); err != nil {
		return nil, err
	}
	client, err = delegate("--authorization-kubeconfig", z.kubeconfig)
	if err != nil {
		return nil, err
	}
	a.authorize = newAuthorizer(z, client)
	return a, nil
}

// delegate returns a client for reviews: of a kubeconfig, of the pod, or nil when there is neither.
func delegate(flag, path string) (clientset.Interface, error) {
	var config *rest.Config
	var err error
	if path != "" {
		if config, err = clientcmd.BuildConfigFromFlags("", path); err != nil {
			return nil, fmt.Errorf("%s %s: %w", flag, path, err)
		}
	} else if config, err = rest.InClusterConfig(); err != nil {
		if !errors.Is(err, rest.ErrNotInCluster) {
			klog.InfoS("Going on without the service account of the pod", "for", flag, "err", err)
		}
		return nil, nil
	}
	// High, because it bounds how many scrapes and probes are served.
	config.QPS, config.Burst = 200, 400
	return clientset.NewForConfig(config)
}

func (a *access) newAuthenticator(n *authenticationOptions, client clientset.Interface) error {
	clientCA, err := a.clientAuthority(n, client)
	if err != nil {
		return err
	}
	proxy, err := a.proxyAuthenticator(n, client)
	if err != nil {
		return err
	}
	var all []authenticator.Request
	if proxy != nil {
		all = append(all, proxy)
	}
	if clientCA != nil {
		all = append(all, x509.NewDynamic(clientCA.VerifyOptions, x509.CommonNameUserConversion))
	}
	if client != nil {
		all = append(all, bearertoken.New(newTokenReviewer(client, n.cacheTTL)))
	}
	a.authenticate = anonymous
	if len(all) > 0 {
		a.authenticate = unionauth.NewFailOnError(group.NewAuthenticatedGroupAdder(unionauth.New(all...)), a.authenticate)
	}
	return nil
}

// anonymous is everybody who shows no credentials; wrong credentials are refused before.
var anonymous = authenticator.RequestFunc(func(*http.Request) (*authenticator.Response, bool, error) {
	return &authenticator.Response{User: &user.DefaultInfo{Name: user.Anonymous, Groups: []string{user.AllUnauthenticated}}}, true, nil
})

// clientAuthority is the authority of client certificates: of the file, or as the cluster publishes it.
func (a *access) clientAuthority(n *authenticationOptions, client clientset.Interface) (dynamiccertificates.CAContentProvider, error) {
	switch {
	case n.clientCAFile != "":
		ca, err := dynamiccertificates.NewDynamicCAContentFromFile("client-ca-bundle", n.clientCAFile)
		if err != nil {
			return nil, fmt.Errorf("--client-ca-file: %w", err)
		}
		a.trust(ca)
		return ca, nil
	case n.skipLookup || client == nil:
		return nil, nil
	}
	ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("client-ca", authConfigMapNamespace, authConfigMapName, "client-ca-file", client)
	if err != nil {
		return nil, err
	}
	a.trust(ca)
	return ca, nil
}

// proxyAuthenticator believes headers of trusted proxies, as kube-apiserver's aggregator is one.
func (a *access) proxyAuthenticator(n *authenticationOptions, client clientset.Interface) (authenticator.Request, error) {
	if n.requestHeaderCAFile != "" {
		ca, err := dynamiccertificates.NewDynamicCAContentFromFile("request-header", n.requestHeaderCAFile)
		if err != nil {
			return nil, fmt.Errorf("--requestheader-client-ca-file: %w", err)
		}
		a.trust(ca)
		fixed := func(values []string) headerrequest.StringSliceProvider {
			return headerrequest.StaticStringSlice(values)
		}
		return headerrequest.NewDynamicVerifyOptionsSecure(ca.VerifyOptions, fixed(n.allowedNames), fixed(n.usernameHeaders),
			fixed(n.uidHeaders), fixed(n.groupHeaders), fixed(n.extraPrefixes)), nil
	}
	if n.skipLookup || client == nil {
		return nil, nil
	}
	ca, err := dynamiccertificates.NewDynamicCAFromConfigMapController("request-header", authConfigMapNamespace, authConfigMapName, "requestheader-client-ca-file", client)
	if err != nil {
		return nil, err
	}
	headers := headerrequest.NewRequestHeaderAuthRequestController(authConfigMapName, authConfigMapNamespace, client,
		"requestheader-username-headers", "requestheader-uid-headers", "requestheader-group-headers",
		"requestheader-extra-headers-prefix", "requestheader-allowed-names")
	a.trust(ca)
	a.lookup = headers.RunOnce
	a.run = append(a.run, func(ctx context.Context) { headers.Run(ctx, 1) })
	live := func(f func() []string) headerrequest.StringSliceProvider {
		return headerrequest.StringSliceProviderFunc(f)
	}
	return headerrequest.NewDynamicVerifyOptionsSecure(ca.VerifyOptions, live(headers.AllowedClientNames), live(headers.UsernameHeaders),
		live(headers.UIDHeaders), live(headers.GroupHeaders), live(headers.ExtraHeaderPrefixes)), nil
}

// trust adds an authority to those whose certificates clients are asked for.
func (a *access) trust(ca dynamiccertificates.CAContentProvider) {
	if a.clientCA == nil {
		a.clientCA = ca
		return
	}
	a.clientCA = dynamiccertificates.NewUnionCAContentProvider(a.clientCA, ca)
}

// always reports whether a path is served to anybody. Nobody is asked then, so that probes are answered
// while the API server is away.
func (a *access) always(path string) bool {
	return slices.ContainsFunc(a.alwaysAllow, func(allowed string) bool {
		allowed = "/" + strings.TrimPrefix(allowed, "/")
		if prefix, ok := strings.CutSuffix(allowed, "*"); ok {
			return strings.HasPrefix(path, prefix)
		}
		return path == allowed
	})
}

// check returns the HTTP status with which a request must be refused, and why; 0 to serve it.
func (a *access) check(r *http.Request) (int, string) {
	if a.always(r.URL.Path) {
		return 0, ""
	}
	who, ok, err := a.authenticate.AuthenticateRequest(r)
	if err != nil || !ok {
		if err != nil {
			klog.FromContext(r.Context()).V(2).Info("A client could not be authenticated", "path", r.URL.Path, "err", err)
		}
		return http.StatusUnauthorized, "Unauthorized"
	}
	attributes := authorizer.AttributesRecord{User: who.User, Verb: strings.ToLower(r.Method), Path: r.URL.Path}
	decision, reason, err := a.authorize.Authorize(r.Context(), attributes)
	switch {
	case decision == authorizer.DecisionAllow:
		return 0, ""
	case err != nil:
		return http.StatusInternalServerError, fmt.Sprintf("Internal Server Error: %q: %v", r.URL.Path, err)
	}
	return http.StatusForbidden, fmt.Sprintf("forbidden: User %q cannot %s path %q%s", who.User.GetName(), attributes.Verb, r.URL.Path, because(reason))
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}
