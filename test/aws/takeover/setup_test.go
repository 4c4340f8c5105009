// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package takeover proves that the AWS provider takes the place of upstream's, today's and the in-tree one,
// without a trace. The states in testdata are what these leave behind, call by call (package upstream);
// `go test ./aws/takeover -update` writes them, and the plans that are right not to be empty, anew.
package takeover

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/go-logr/logr"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	ec2sim "sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

const (
	clusterID   = "prod"
	clusterName = "kubernetes"
	certificate = "arn:aws:acm:us-west-2:123456789012:certificate/0a1b2c3d"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestMain keeps the log of each change out of the tests' output.
func TestMain(m *testing.M) {
	klog.SetLogger(logr.Discard())
	os.Exit(m.Run())
}

// start is when everything happens.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// startCloud starts an empty AWS whose clock stands still.
func startCloud(t *testing.T) *awstest.Cloud {
	t.Helper()
	c := awstest.Start(t, aws.Options{Start: start, Certificates: []string{certificate}})
	c.Clock.Stop()
	c.Clock.Set(start)
	return c
}

// ground is a cluster in AWS before and while upstream works on it.
type ground struct {
	t       *testing.T
	cloud   *awstest.Cloud
	network *ec2sim.Network
	config  upstream.Config
	nodes   []*v1.Node
	// before is the state without load balancers.
	before   *aws.State
	services []*v1.Service
}

// newGround makes the network, the operator's things and two nodes.
func newGround(t *testing.T, f fixture) *ground {
	t.Helper()
	g := &ground{t: t, cloud: startCloud(t), config: f.config}
	zones := f.zones
	if zones == 0 {
		zones = 2
	}
	var err error
	if g.network, err = g.cloud.EC2.AddNetwork(ec2sim.NetworkOptions{ClusterID: clusterID, Zones: zones, IPv6: f.ipv6}); err != nil {
		t.Fatal(err)
	}
	g.config.VPC, g.config.ClusterID, g.config.ClusterName = g.network.VPC, clusterID, clusterName
	if f.prepare != nil {
		f.prepare(g)
	}
	if len(g.nodes) == 0 {
		g.addNode("blue", g.network.NodeGroup)
		g.addNode("green", g.network.NodeGroup)
	}
	for _, service := range f.services {
		g.services = append(g.services, service(g))
	}
	g.before = g.cloud.State()
	return g
}

// addNode adds an instance in some security groups, with its Node.
func (g *ground) addNode(pool string, groups ...string) {
	g.t.Helper()
	list, err := g.cloud.EC2.AddInstances(ec2sim.InstanceOptions{
		Name: pool, ClusterID: clusterID, Groups: groups, Subnets: g.network.Private[len(g.nodes)%len(g.network.Private):],
	})
	if err != nil {
		g.t.Fatal(err)
	}
	i := list[0]
	g.nodes = append(g.nodes, &v1.Node{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Node"},
		ObjectMeta: metav1.ObjectMeta{Name: i.PrivateDNS, Labels: map[string]string{"pool": pool}},
		Spec:       v1.NodeSpec{ProviderID: "aws:///" + i.Zone + "/" + i.ID},
	})
}

// addGroup adds a security group of the operator, which is the cluster's if owned.
func (g *ground) addGroup(name string, owned bool) string {
	g.t.Helper()
	description := "of the operator: " + name
	in := &ec2.CreateSecurityGroupInput{GroupName: &name, Description: &description, VpcId: &g.network.VPC}
	if owned {
		key, value := "kubernetes.io/cluster/"+clusterID, "owned"
		in.TagSpecifications = []ec2types.TagSpecification{{ResourceType: ec2types.ResourceTypeSecurityGroup, Tags: []ec2types.Tag{{Key: &key, Value: &value}}}}
	}
	out, err := g.cloud.EC2Client().CreateSecurityGroup(g.t.Context(), in)
	if err != nil {
		g.t.Fatal(err)
	}
	return *out.GroupId
}

// allow adds an ingress rule of the operator.
func (g *ground) allow(group string, p ec2types.IpPermission) {
	g.t.Helper()
	if _, err := g.cloud.EC2Client().AuthorizeSecurityGroupIngress(g.t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{p}}); err != nil {
		g.t.Fatal(err)
	}
}

// revoke takes ingress rules away.
func (g *ground) revoke(group string, p ec2types.IpPermission) {
	g.t.Helper()
	if _, err := g.cloud.EC2Client().RevokeSecurityGroupIngress(g.t.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: &group, IpPermissions: []ec2types.IpPermission{p}}); err != nil {
		g.t.Fatal(err)
	}
}

func fromNetwork(protocol string, port int32, cidr, description string) ec2types.IpPermission {
	r := ec2types.IpRange{CidrIp: &cidr}
	if description != "" {
		r.Description = &description
	}
	return ec2types.IpPermission{IpProtocol: &protocol, FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{r}}
}

func fromGroup(protocol string, port int32, group string) ec2types.IpPermission {
	return ec2types.IpPermission{IpProtocol: &protocol, FromPort: &port, ToPort: &port, UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: &group}}}
}

// groupID finds a security group by the start of its name.
func (g *ground) groupID(name string) string {
	g.t.Helper()
	for _, sg := range g.cloud.State().EC2.SecurityGroups {
		if strings.HasPrefix(sg.Name, name) {
			return sg.ID
		}
	}
	g.t.Fatalf("no security group %q", name)
	return ""
}

// ensure has upstream create the load balancers of the Services, and publishes their hostnames.
func (g *ground) ensure(inTree bool) {
	g.t.Helper()
	p := &upstream.Provider{Config: g.config, InTree: inTree, EC2: g.cloud.EC2Client(), ELB: g.cloud.ELBClient(), ELBv2: g.cloud.ELBv2Client()}
	for _, s := range g.services {
		hostname, err := p.Ensure(g.t.Context(), s, g.nodes)
		if err != nil {
			g.t.Fatal(err)
		}
		s.Status.LoadBalancer.Ingress = []v1.LoadBalancerIngress{{Hostname: hostname}}
	}
}
