// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// AdminUser and AdminGroup make the identity that may do everything.
const (
	AdminUser  = "admin"
	AdminGroup = "system:masters"
)

// AdminClient returns a client that may do everything and is not throttled.
func (c *Cluster) AdminClient() kubernetes.Interface { return c.admin }

// RESTConfig returns what a client needs to act as the user in the groups. Whoever has no binding
// may do no more than any authenticated user; tests of permissions bind the user first.
func (c *Cluster) RESTConfig(user string, groups ...string) (*rest.Config, error) {
	cert, err := c.identity(user, groups)
	if err != nil {
		return nil, err
	}
	return &rest.Config{
		Host:            c.URL(),
		TLSClientConfig: rest.TLSClientConfig{CAData: c.pki.ca.pem, CertData: cert.cert, KeyData: cert.key},
		QPS:             200,
		Burst:           400,
	}, nil
}

// Kubeconfig writes a kubeconfig file for the user in the groups and returns its path. The same
// identity gets the same file again.
func (c *Cluster) Kubeconfig(user string, groups ...string) (string, error) {
	cert, err := c.identity(user, groups)
	if err != nil {
		return "", err
	}
	const name = "testcluster"
	config := clientcmdapi.NewConfig()
	config.Clusters[name] = &clientcmdapi.Cluster{Server: c.URL(), CertificateAuthorityData: c.pki.ca.pem}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{ClientCertificateData: cert.cert, ClientKeyData: cert.key}
	config.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: user}
	config.CurrentContext = name

	dir := filepath.Join(c.dir, "kubeconfig")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("making the directory of kubeconfigs: %w", err)
	}
	path := filepath.Join(dir, fileName(user, groups)+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, path); err != nil {
		return "", fmt.Errorf("writing the kubeconfig of %s: %w", user, err)
	}
	return path, nil
}

// identity issues the user's certificate, once.
func (c *Cluster) identity(user string, groups []string) (pair, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := fileName(user, groups)
	if cert, ok := c.identities[key]; ok {
		return cert, nil
	}
	cert, err := c.pki.ca.client(user, groups...)
	if err != nil {
		return pair{}, err
	}
	c.identities[key] = cert
	return cert, nil
}

// fileName gives an identity a readable name of its own: plain users keep theirs, groups and odd
// characters are told apart by a hash.
func fileName(user string, groups []string) string {
	readable := strings.Map(func(r rune) rune {
		if r == '-' || r == '.' || (r >= '0' && r <= '9') || (r >= 'a' && r <= 'z') || (r >= 'A' && r <= 'Z') {
			return r
		}
		return '-'
	}, user)
	if readable == user && len(groups) == 0 || user == AdminUser && len(groups) == 1 && groups[0] == AdminGroup {
		return readable
	}
	sum := sha256.Sum256([]byte(user + "\n" + strings.Join(groups, "\n")))
	return readable + "-" + hex.EncodeToString(sum[:4])
}
