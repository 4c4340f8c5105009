// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// shutdownPatience is how long the API server may take to end in order before it is killed. Requests
// in flight need no longer; with watches open it would take a minute to give up on them.
const shutdownPatience = 2 * time.Second

func (c *Cluster) startEtcd(ctx context.Context) error {
	return c.run(ctx, Etcd, 0, c.binaries.Etcd, c.etcdArgs, nil, func(ctx context.Context, port int) error {
		return probe(ctx, http.DefaultClient, fmt.Sprintf("http://127.0.0.1:%d/readyz", port))
	})
}

// startAPIServer starts the API server on a port, a fresh one if that is 0.
func (c *Cluster) startAPIServer(ctx context.Context, port int) error {
	etcd := c.process(Etcd).port
	args := func(port int) []string { return c.apiServerArgs(etcd, port) }
	return c.run(ctx, APIServer, port, c.binaries.APIServer, args, nil, func(ctx context.Context, port int) error {
		if err := c.connect(port); err != nil {
			return err
		}
		return c.serves(ctx)
	})
}

// connect makes the administrator's client when the port is new.
func (c *Cluster) connect(port int) error {
	if c.apiPort == port {
		return nil
	}
	c.apiPort = port
	config, err := c.RESTConfig(AdminUser, AdminGroup)
	if err != nil {
		return err
	}
	config.QPS = -1 // unlimited
	c.admin, err = kubernetes.NewForConfig(config)
	return err
}

// serves returns nil when the API server is ready and what others rely on exists: the namespaces, the
// bootstrap roles (a part of readiness) and the ConfigMap by which other servers delegate
// authentication, whose absence ends a cloud controller manager.
func (c *Cluster) serves(ctx context.Context) error {
	if answer, err := c.admin.Discovery().RESTClient().Get().AbsPath("/readyz").DoRaw(ctx); err != nil {
		return fmt.Errorf("%w: %s", err, answer)
	}
	for _, name := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem, "kube-node-lease"} {
		if _, err := c.admin.CoreV1().Namespaces().Get(ctx, name, metav1.GetOptions{}); err != nil {
			return err
		}
	}
	const name, key = "extension-apiserver-authentication", "requestheader-client-ca-file"
	delegation, err := c.admin.CoreV1().ConfigMaps(metav1.NamespaceSystem).Get(ctx, name, metav1.GetOptions{})
	if err != nil {
		return err
	}
	if delegation.Data["client-ca-file"] == "" || delegation.Data[key] == "" {
		return fmt.Errorf("the ConfigMap %s is not complete yet", name)
	}
	_, err = c.admin.RbacV1().ClusterRoleBindings().Get(ctx, "system:controller:service-controller", metav1.GetOptions{})
	return err
}

func (c *Cluster) startControllerManager(ctx context.Context) error {
	kubeconfig, err := c.Kubeconfig("system:kube-controller-manager")
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(c.pki.ca.cert)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	args := func(port int) []string { return c.controllerManagerArgs(kubeconfig, port) }
	return c.run(ctx, ControllerManager, 0, c.binaries.ControllerManager, args, nil, func(ctx context.Context, port int) error {
		return probe(ctx, client, fmt.Sprintf("https://127.0.0.1:%d/healthz", port))
	})
}

// StopAPIServer ends the API server in order and leaves everything else running.
func (c *Cluster) StopAPIServer() error {
	p := c.process(APIServer)
	if err := p.Terminate(shutdownPatience); err == nil {
		return nil
	}
	return p.Kill() // it was killed as announced above; this fails if it lives on
}

// KillAPIServer ends the API server as a crash would.
func (c *Cluster) KillAPIServer() error { return c.process(APIServer).Kill() }

// StartAPIServer starts a stopped API server again, on the same port and with the same data, and
// waits until it is ready.
func (c *Cluster) StartAPIServer(ctx context.Context) error {
	return c.startAPIServer(ctx, c.apiPort)
}

// RestartAPIServer stops the API server and starts it again.
func (c *Cluster) RestartAPIServer(ctx context.Context) error {
	if err := c.StopAPIServer(); err != nil {
		return err
	}
	return c.StartAPIServer(ctx)
}

// probe returns nil if the address answers with 200.
func probe(ctx context.Context, client *http.Client, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s: %s", url, response.Status, body)
	}
	return nil
}
