// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aws proves aws-cloud-controller-manager as a whole: the program, a real kube-apiserver, simulated
// kubelets, and the simulated AWS.
package aws

import (
	"bytes"
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

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

const (
	clusterID   = "prod"
	programName = "aws-cloud-controller-manager"
	initTaint   = "node.cloudprovider.kubernetes.io/uninitialized"
	stopTaint   = "node.cloudprovider.kubernetes.io/shutdown"
)

// program is the manager's path.
var program string

func TestMain(m *testing.M) {
	code := func() int {
		dir, err := os.MkdirTemp("", "cloud-providers-aws-*")
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
	cmd.Dir = filepath.Join(root, "providers", "aws")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the AWS provider: %w\n%s", err, out.String())
	}
	return filepath.Join(dir, programName), nil
}

// env is a cluster in the simulated AWS. The control plane, and with it the manager, runs on the instance
// self.
type env struct {
	t       *testing.T
	ctx     context.Context
	cloud   *awstest.Cloud
	network *ec2.Network
	self    ec2.Instance
	cluster *cluster.Cluster
	client  kubernetes.Interface
	fleet   *kubelets.Fleet
	group   *process.Group
	dir     string
}

func newEnv(t *testing.T, o aws.Options, c cluster.Options) *env {
	t.Helper()
	e := &env{t: t, ctx: t.Context(), cloud: awstest.Start(t, o), group: process.NewGroup(), dir: t.TempDir()}
	t.Cleanup(e.group.Stop)
	var err error
	if e.network, err = e.cloud.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: clusterID, IPv6: true}); err != nil {
		t.Fatal(err)
	}
	e.self = e.instances(ec2.InstanceOptions{Name: "control-plane"})[0]
	e.cloud.SetMetadataInstance(e.self.ID)
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

// instances adds instances of the cluster.
func (e *env) instances(o ec2.InstanceOptions) []ec2.Instance {
	e.t.Helper()
	if o.Subnets == nil {
		o.Subnets = e.network.Private
	}
	o.Groups, o.ClusterID = []string{e.network.NodeGroup}, clusterID
	if o.Tags["foreign"] != "" {
		o.ClusterID = ""
	}
	list, err := e.cloud.EC2.AddInstances(o)
	if err != nil {
		e.t.Fatal(err)
	}
	return list
}

// join starts kubelets.
func (e *env) join(machines ...kubelets.Machine) {
	e.t.Helper()
	if err := e.fleet.Add(e.ctx, machines...); err != nil {
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
	spec := process.Spec{
		Name: programName, Path: program, LogPath: filepath.Join(e.dir, "manager.log"),
		Args: append([]string{
			"--cloud-provider=aws", "--kubeconfig=" + kubeconfig, "--bind-address=127.0.0.1", fmt.Sprint("--secure-port=", port),
			"--authentication-kubeconfig=" + kubeconfig, "--authorization-kubeconfig=" + kubeconfig,
			"--configure-cloud-routes=false", "--v=2",
		}, args...),
		Env: []string{
			"AWS_ENDPOINT_URL=" + e.cloud.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + e.cloud.URL,
			"AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret-of-the-test", "AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/nowhere",
		},
	}
	if config != "" {
		path := filepath.Join(e.dir, "cloud.conf")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			e.t.Fatal(err)
		}
		spec.Args = append(spec.Args, "--cloud-config="+path)
	}
	return spec
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

// eventually polls until check returns nil, for up to two minutes.
func (e *env) eventually(what string, check func() error) {
	e.t.Helper()
	deadline := time.After(2 * time.Minute)
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
			e.t.Fatalf("%s: not within 2 minutes: %v", what, err)
		case <-e.ctx.Done():
			e.t.Fatal(e.ctx.Err())
		}
	}
}

func addresses(n *v1.Node) string {
	var all []string
	for _, a := range n.Status.Addresses {
		all = append(all, string(a.Type)+" "+a.Address)
	}
	return strings.Join(all, ", ")
}
