// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/controller-manager/pkg/clientbuilder"
)

// clients makes the Kubernetes clients of a manager. Each has a rate limiter of its own, as in the stock
// manager, and a user agent that ends in its name.
type clients struct {
	config  *rest.Config
	builder cloudprovider.ControllerClientBuilder
	// bulkUnlimited is true when --kube-api-qps does not hold for bulk clients.
	bulkUnlimited bool
	bulkInFlight  int
}

func newClients(s *settings) (*clients, error) {
	c := &clients{config: s.kubeconfig, bulkUnlimited: !s.qpsGiven, bulkInFlight: s.options.own.initialisationsAtOnce}
	if s.options.own.readOnly() {
		c.config = rest.CopyConfig(c.config)
		c.config.Wrap(readOnly)
	}
	c.builder = clientbuilder.SimpleControllerClientBuilder{ClientConfig: c.config}
	if s.config.KubeCloudShared.UseServiceAccountCredentials && !s.options.own.readOnly() {
		root, err := c.own(s.program.component())
		if err != nil {
			return nil, err
		}
		c.builder = clientbuilder.NewDynamicClientBuilder(rest.AnonymousClientConfig(c.config), root.CoreV1(), metav1.NamespaceSystem)
	}
	return c, nil
}

// own returns a client with the identity of the process.
func (c *clients) own(name string) (clientset.Interface, error) {
	return clientset.NewForConfig(rest.AddUserAgent(rest.CopyConfig(c.config), name))
}

// controller returns a controller's two clients.
func (c *clients) controller(name string) (client, bulk clientset.Interface, err error) {
	config, err := c.builder.Config(name)
	if err != nil {
		return nil, nil, err
	}
	if client, err = clientset.NewForConfig(config); err != nil {
		return nil, nil, err
	}
	bulkConfig := rest.CopyConfig(config)
	if c.bulkUnlimited {
		bulkConfig.QPS = -1
	}
	bulkConfig.Wrap(atMost(c.bulkInFlight))
	bulk, err = clientset.NewForConfig(bulkConfig)
	return client, bulk, err
}

// atMost bounds the requests that are in flight at once.
func atMost(n int) func(http.RoundTripper) http.RoundTripper {
	slots := make(chan struct{}, n)
	return func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			select {
			case slots <- struct{}{}:
			case <-r.Context().Done():
				return nil, r.Context().Err()
			}
			defer func() { <-slots }()
			return next.RoundTrip(r)
		})
	}
}

// readOnly refuses whatever could change the cluster. It is what makes a dry run harmless even when a
// provider writes in Initialize.
func readOnly(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			return nil, fmt.Errorf("dry run: %s %s is not sent", r.Method, r.URL.Path)
		}
		return next.RoundTrip(r)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// reachable asks the API server for its health. An answer that refuses us counts: the server is there.
func reachable(ctx context.Context, client clientset.Interface) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var code int
	result := client.Discovery().RESTClient().Get().AbsPath("/healthz").Do(ctx).StatusCode(&code)
	switch {
	case code == http.StatusOK, code == http.StatusUnauthorized, code == http.StatusForbidden:
		return nil
	case result.Error() != nil:
		return fmt.Errorf("the API server does not answer: %w", result.Error())
	}
	return fmt.Errorf("the API server is not healthy: /healthz answers %d", code)
}
