// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/process"
)

// ManagerUser is the identity of the cloud controller manager in tests; Permit gives it what its
// controllers say that they need, and nothing else.
const ManagerUser = "system:serviceaccount:kube-system:cloud-controller-manager"

// Manager is a running local-cloud-controller-manager.
type Manager struct {
	*process.Process
	Port int
}

// ManagerOptions of a cloud controller manager.
type ManagerOptions struct {
	// Dir holds its cloud-config and log. Managers with the same directory append to one log.
	Dir string
	// Args are appended to the command line; the last of two contradicting flags counts.
	Args []string
	// CloudConfig is the content of the file; by default the cloud's address.
	CloudConfig string
	// Program is a name of its own for the program; the user agents of its requests begin with it.
	Program string
	// NoWait returns at once instead of when /healthz answers.
	NoWait bool
}

// StartManager starts a manager as an installer would.
func StartManager(ctx context.Context, group *process.Group, program string, c *cluster.Cluster, cloudURL string, o ManagerOptions) (*Manager, error) {
	if err := os.MkdirAll(o.Dir, 0o755); err != nil {
		return nil, err
	}
	spec, port, err := ManagerSpec(program, c, cloudURL, o)
	if err != nil {
		return nil, err
	}
	p, err := group.Start(spec)
	if err != nil {
		return nil, err
	}
	m := &Manager{Process: p, Port: port}
	if o.NoWait {
		return m, nil
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return m, m.AwaitReady(ctx, func(ctx context.Context) error {
		_, err := m.Get(ctx, "/healthz")
		return err
	})
}

// ManagerSpec returns how a manager is started.
func ManagerSpec(program string, c *cluster.Cluster, cloudURL string, o ManagerOptions) (process.Spec, int, error) {
	kubeconfig, err := c.Kubeconfig(ManagerUser)
	if err != nil {
		return process.Spec{}, 0, err
	}
	config := filepath.Join(o.Dir, "cloud.yaml")
	if o.CloudConfig == "" {
		o.CloudConfig = "endpoint: " + cloudURL + "\n"
	}
	if err := os.WriteFile(config, []byte(o.CloudConfig), 0o600); err != nil {
		return process.Spec{}, 0, err
	}
	if o.Program != "" {
		renamed := filepath.Join(o.Dir, o.Program)
		if err := os.Symlink(program, renamed); err != nil && !errors.Is(err, os.ErrExist) {
			return process.Spec{}, 0, err
		}
		program = renamed
	}
	port, err := freePort()
	if err != nil {
		return process.Spec{}, 0, err
	}
	return process.Spec{
		Name: filepath.Base(program), Path: program, LogPath: filepath.Join(o.Dir, "manager.log"),
		Args: append([]string{
			"--cloud-provider=local", "--cloud-config=" + config, "--kubeconfig=" + kubeconfig,
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", port), "--cluster-cidr=" + cluster.ClusterCIDRv4,
			"--v=2",
		}, o.Args...),
	}, port, nil
}

// Get asks the manager's own server, without credentials.
func (m *Manager) Get(ctx context.Context, path string) (string, error) {
	return m.GetAs(ctx, nil, path)
}

// GetAs asks the manager's own server with the client certificate of an identity; nil is none.
func (m *Manager) GetAs(ctx context.Context, identity *rest.Config, path string) (string, error) {
	// The certificate is the manager's own, made in memory at its start: there is nothing to verify it by.
	config := &tls.Config{InsecureSkipVerify: true}
	if identity != nil {
		pair, err := tls.X509KeyPair(identity.CertData, identity.KeyData)
		if err != nil {
			return "", err
		}
		config.Certificates = []tls.Certificate{pair}
	}
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("https://127.0.0.1:%d%s", m.Port, path), nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return string(body), fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return string(body), nil
}

// freePort returns a port that nobody listens on at the moment.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
