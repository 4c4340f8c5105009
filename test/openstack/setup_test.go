// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openstack proves openstack-cloud-controller-manager as a whole: the program, a real
// kube-apiserver, simulated kubelets, and the simulated OpenStack.
package openstack

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
	"sigs.k8s.io/cloud-providers/test/process"
)

const (
	programName = "openstack-cloud-controller-manager"
)

// program is the manager's path.
var program string

func TestMain(m *testing.M) { managed.Main(m, "openstack", programName, &program) }

// env is a cluster in the simulated OpenStack.
type env struct {
	*managed.Env
	cloud   *openstacktest.Cloud
	servers *openstack.Cluster
}

func newEnv(t *testing.T, o openstack.Options, servers openstack.ClusterOptions, c cluster.Options) *env {
	t.Helper()
	e := &env{cloud: openstacktest.Start(t, o), Env: managed.New(t, c)}
	var err error
	if e.servers, err = e.cloud.AddCluster(servers); err != nil {
		t.Fatal(err)
	}
	return e
}

// add adds servers to the cluster.
func (e *env) add(n int) []nova.Server {
	e.T.Helper()
	var all []nova.Server
	for range n {
		s, err := e.servers.AddNode()
		if err != nil {
			e.T.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// joinAll starts a kubelet on each server.
func (e *env) joinAll(servers []nova.Server) {
	e.T.Helper()
	var machines []kubelets.Machine
	for _, s := range servers {
		machines = append(machines, kubelets.Machine{Name: s.Name})
	}
	e.Join(machines...)
}

// user is a [Global] section with the password of the user demo; further lines belong to it.
func (e *env) user(password string, more ...string) string {
	lines := []string{
		"[Global]", "auth-url = " + e.cloud.AuthURL + "/v3", "username = demo", fmt.Sprintf("password = %q", password), "tenant-id = " + e.cloud.Project.ID,
		"domain-name = Default", "region = " + e.cloud.Region(),
	}
	return strings.Join(append(lines, more...), "\n") + "\n"
}

func (e *env) configPath() string { return filepath.Join(e.Dir, "cloud.conf") }

// configure writes the cloud-config file as Secrets are written: a new file takes the old one's place.
func (e *env) configure(config string) {
	e.T.Helper()
	next := e.configPath() + ".new"
	if err := os.WriteFile(next, []byte(config), 0o600); err != nil {
		e.T.Fatal(err)
	}
	if err := os.Rename(next, e.configPath()); err != nil {
		e.T.Fatal(err)
	}
}

// spec is how the cloud controller manager is started.
func (e *env) spec(config string, args ...string) process.Spec {
	e.T.Helper()
	e.configure(config)
	return e.Spec(program, append([]string{"--cloud-provider=openstack", "--cloud-config=" + e.configPath()}, args...)...)
}

// manager starts the cloud controller manager.
func (e *env) manager(config string, args ...string) *process.Process {
	e.T.Helper()
	return e.Start(e.spec(config, args...))
}

// deleted waits until a Node is not there any more.
func (e *env) deleted(name string) {
	e.T.Helper()
	e.Eventually("the deletion of "+name, func() error {
		if _, err := e.Client.CoreV1().Nodes().Get(e.Ctx, name, metav1.GetOptions{}); err == nil {
			return errors.New("it is still there")
		}
		return nil
	})
}

// calls counts those whose service and operation begin with a text.
func (e *env) calls(prefix string) int {
	total := 0
	for operation, n := range e.cloud.Calls.Counts() {
		if strings.HasPrefix(operation, prefix) {
			total += n
		}
	}
	return total
}
