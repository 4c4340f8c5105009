// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package aws proves aws-cloud-controller-manager as a whole: the program, a real kube-apiserver, simulated
// kubelets, and the simulated AWS.
package aws

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/managed"
	"sigs.k8s.io/cloud-providers/test/process"
)

const (
	clusterID   = "prod"
	programName = "aws-cloud-controller-manager"
)

// program is the manager's path.
var program string

func TestMain(m *testing.M) { managed.Main(m, "aws", programName, &program) }

// env is a cluster in the simulated AWS. The control plane, and with it the manager, runs on the instance
// self.
type env struct {
	*managed.Env
	cloud   *awstest.Cloud
	network *ec2.Network
	self    ec2.Instance
}

func newEnv(t *testing.T, o aws.Options, c cluster.Options) *env {
	t.Helper()
	e := &env{cloud: awstest.Start(t, o), Env: managed.New(t, c)}
	var err error
	if e.network, err = e.cloud.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: clusterID, IPv6: true}); err != nil {
		t.Fatal(err)
	}
	e.self = e.instances(ec2.InstanceOptions{Name: "control-plane"})[0]
	e.cloud.SetMetadataInstance(e.self.ID)
	return e
}

// instances adds instances of the cluster.
func (e *env) instances(o ec2.InstanceOptions) []ec2.Instance {
	e.T.Helper()
	if o.Subnets == nil {
		o.Subnets = e.network.Private
	}
	o.Groups, o.ClusterID = []string{e.network.NodeGroup}, clusterID
	if o.Tags["foreign"] != "" {
		o.ClusterID = ""
	}
	list, err := e.cloud.EC2.AddInstances(o)
	if err != nil {
		e.T.Fatal(err)
	}
	return list
}

// spec is how the cloud controller manager is started.
func (e *env) spec(config string, args ...string) process.Spec {
	e.T.Helper()
	spec := e.Spec(program, append([]string{"--cloud-provider=aws", "--configure-cloud-routes=false"}, args...)...)
	spec.Env = []string{
		"AWS_ENDPOINT_URL=" + e.cloud.URL, "AWS_EC2_METADATA_SERVICE_ENDPOINT=" + e.cloud.URL,
		"AWS_ACCESS_KEY_ID=AKIATEST", "AWS_SECRET_ACCESS_KEY=secret-of-the-test", "AWS_CONFIG_FILE=/nowhere", "AWS_SHARED_CREDENTIALS_FILE=/nowhere",
	}
	if config != "" {
		path := filepath.Join(e.Dir, "cloud.conf")
		if err := os.WriteFile(path, []byte(config), 0o600); err != nil {
			e.T.Fatal(err)
		}
		spec.Args = append(spec.Args, "--cloud-config="+path)
	}
	return spec
}

// manager starts the cloud controller manager.
func (e *env) manager(config string, args ...string) *process.Process {
	e.T.Helper()
	return e.Start(e.spec(config, args...))
}
