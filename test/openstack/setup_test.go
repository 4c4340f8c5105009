// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package openstack proves openstack-cloud-controller-manager as a whole: the program, a real
// kube-apiserver, simulated kubelets, and the simulated OpenStack.
package openstack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

const (
	programName = "openstack-cloud-controller-manager"
	initTaint   = "node.cloudprovider.kubernetes.io/uninitialized"
	stopTaint   = "node.cloudprovider.kubernetes.io/shutdown"
)

// program is the manager's path.
var program string

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := os.MkdirTemp("", "cloud-providers-openstack-*")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		if program, err = build(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}()
	os.Exit(code)
}

// build builds the manager from this checkout.
func build(dir string) (string, error) {
	root, err := system.Root()
	if err != nil {
		return "", err
	}
	cmd := exec.Command("go", "build", "-tags", "grpcnotrace", "-o", dir+string(os.PathSeparator), "./cmd/"+programName)
	cmd.Dir = filepath.Join(root, "providers", "openstack")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the OpenStack provider: %w\n%s", err, out.String())
	}
	return filepath.Join(dir, programName), nil
}

// env is a cluster in the simulated OpenStack.
type env struct {
	t       *testing.T
	ctx     context.Context
	cloud   *openstacktest.Cloud
	servers *openstack.Cluster
	cluster *cluster.Cluster
	client  kubernetes.Interface
	fleet   *kubelets.Fleet
	group   *process.Group
	dir     string
	// limit is how long eventually waits, if not two minutes.
	limit time.Duration
}

func newEnv(t *testing.T, o openstack.Options, servers openstack.ClusterOptions, c cluster.Options) *env {
	t.Helper()
	e := &env{t: t, ctx: t.Context(), cloud: openstacktest.Start(t, o), group: process.NewGroup(), dir: t.TempDir()}
	t.Cleanup(e.group.Stop)
	var err error
	if e.servers, err = e.cloud.AddCluster(servers); err != nil {
		t.Fatal(err)
	}
	e.cluster = cluster.StartForTest(t, c)
	e.client = e.cluster.AdminClient()
	if err := system.Permit(t.Context(), e.client); err != nil {
		t.Fatal(err)
	}
	admin, err := e.cluster.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	if e.fleet, err = kubelets.New(context.WithoutCancel(t.Context()), kubelets.Options{RESTConfig: admin, LeasePeriod: time.Second}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.fleet.Stop(); err != nil {
			t.Errorf("stop the kubelets: %v", err)
		}
	})
	return e
}

// add adds servers to the cluster.
func (e *env) add(n int) []nova.Server {
	e.t.Helper()
	var all []nova.Server
	for range n {
		s, err := e.servers.AddNode()
		if err != nil {
			e.t.Fatal(err)
		}
		all = append(all, s)
	}
	return all
}

// join starts kubelets.
func (e *env) join(machines ...kubelets.Machine) {
	e.t.Helper()
	if err := e.fleet.Add(e.ctx, machines...); err != nil {
		e.t.Fatal(err)
	}
}

// joinAll starts a kubelet on each server.
func (e *env) joinAll(servers []nova.Server) {
	e.t.Helper()
	var machines []kubelets.Machine
	for _, s := range servers {
		machines = append(machines, kubelets.Machine{Name: s.Name})
	}
	e.join(machines...)
}

// user is a [Global] section with the password of the user demo; further lines belong to it.
func (e *env) user(password string, more ...string) string {
	lines := []string{
		"[Global]", "auth-url = " + e.cloud.AuthURL + "/v3", "username = demo", fmt.Sprintf("password = %q", password), "tenant-id = " + e.cloud.Project.ID,
		"domain-name = Default", "region = " + e.cloud.Region(),
	}
	return strings.Join(append(lines, more...), "\n") + "\n"
}

func (e *env) configPath() string { return filepath.Join(e.dir, "cloud.conf") }

// configure writes the cloud-config file as Secrets are written: a new file takes the old one's place.
func (e *env) configure(config string) {
	e.t.Helper()
	next := e.configPath() + ".new"
	if err := os.WriteFile(next, []byte(config), 0o600); err != nil {
		e.t.Fatal(err)
	}
	if err := os.Rename(next, e.configPath()); err != nil {
		e.t.Fatal(err)
	}
}

// spec is how the cloud controller manager is started.
func (e *env) spec(config string, args ...string) process.Spec {
	e.t.Helper()
	kubeconfig, err := e.cluster.Kubeconfig(system.ManagerUser)
	if err != nil {
		e.t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		e.t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		e.t.Fatal(err)
	}
	e.configure(config)
	return process.Spec{
		Name: programName, Path: program, LogPath: filepath.Join(e.dir, "manager.log"),
		Args: append([]string{
			"--cloud-provider=openstack", "--cloud-config=" + e.configPath(), "--kubeconfig=" + kubeconfig, "--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", port),
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig, "--v=2",
		}, args...),
	}
}

// manager starts the cloud controller manager. What it logs is shown when the test fails.
func (e *env) manager(config string, args ...string) *process.Process {
	e.t.Helper()
	p, err := e.group.Start(e.spec(config, args...))
	if err != nil {
		e.t.Fatal(err)
	}
	e.t.Cleanup(func() {
		if e.t.Failed() {
			e.t.Logf("the manager's log ends:\n%s", e.log(6000))
		}
	})
	return p
}

// log is the end of the manager's log.
func (e *env) log(last int) string {
	data, err := os.ReadFile(filepath.Join(e.dir, "manager.log"))
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-last):])
}

func (e *env) node(name string) *v1.Node {
	e.t.Helper()
	n, err := e.client.CoreV1().Nodes().Get(e.ctx, name, metav1.GetOptions{})
	if err != nil {
		e.t.Fatal(err)
	}
	return n
}

func hasTaint(n *v1.Node, key string) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == key })
}

// initialised waits until a Node has lost its taint.
func (e *env) initialised(name string) *v1.Node {
	e.t.Helper()
	var node *v1.Node
	e.eventually("node "+name+" is initialised", func() error {
		if node = e.node(name); hasTaint(node, initTaint) {
			return errors.New("it still has the taint")
		}
		return nil
	})
	return node
}

// allInitialised waits until no Node has the taint, and returns how long that took.
func (e *env) allInitialised(start time.Time) time.Duration {
	e.t.Helper()
	e.eventually("all nodes are initialised", func() error {
		list, err := e.client.CoreV1().Nodes().List(e.ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		for n := range list.Items {
			if hasTaint(&list.Items[n], initTaint) {
				return errors.New("some are not")
			}
		}
		return nil
	})
	return time.Since(start)
}

// deleted waits until a Node is not there any more.
func (e *env) deleted(name string) {
	e.t.Helper()
	e.eventually("the deletion of "+name, func() error {
		if _, err := e.client.CoreV1().Nodes().Get(e.ctx, name, metav1.GetOptions{}); err == nil {
			return errors.New("it is still there")
		}
		return nil
	})
}

// eventually polls until check returns nil, for up to the limit.
func (e *env) eventually(what string, check func() error) {
	e.t.Helper()
	limit := cmp.Or(e.limit, 2*time.Minute)
	deadline := time.After(limit)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			e.t.Fatalf("%s: not within %s: %v", what, limit, err)
		case <-e.ctx.Done():
			e.t.Fatal(e.ctx.Err())
		}
	}
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

func addresses(n *v1.Node) string {
	var all []string
	for _, a := range n.Status.Addresses {
		all = append(all, string(a.Type)+" "+a.Address)
	}
	return strings.Join(all, ", ")
}
