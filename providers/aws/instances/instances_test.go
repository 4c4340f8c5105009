// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/cluster"
)

var (
	now  = time.Unix(1_000_000, 0)
	ours = Options{Region: "us-west-2", VPC: "vpc-1", Cluster: cluster.Identity{ID: "prod"}, SelfID: "i-self", SelfName: "ip-10-0-0-9.ec2.internal", Families: []string{"ipv4"}}
)

func nodeOf(name, providerID string, age time.Duration, internal ...string) *v1.Node {
	n := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, CreationTimestamp: metav1.NewTime(now.Add(-age))}}
	n.Spec.ProviderID = providerID
	for _, ip := range internal {
		n.Status.Addresses = append(n.Status.Addresses, v1.NodeAddress{Type: v1.NodeInternalIP, Address: ip})
	}
	return n
}

func inState(id, state string) *ec2types.Instance {
	i := &ec2types.Instance{InstanceId: &id, InstanceType: "m5.large", Placement: &ec2types.Placement{AvailabilityZone: aws.String("us-west-2a")}}
	if state != "" {
		i.State = &ec2types.InstanceState{Name: ec2types.InstanceStateName(state)}
	}
	return i
}

func TestStates(t *testing.T) {
	const id = "aws:///us-west-2a/i-1"
	tests := []struct {
		state string
		want  provider.InstanceState
		power provider.PowerState
	}{
		{"pending", provider.InstanceFound, provider.PowerRunning},
		{"running", provider.InstanceFound, provider.PowerRunning},
		{"shutting-down", provider.InstanceFound, provider.PowerUnknown},
		{"stopping", provider.InstanceFound, provider.PowerUnknown},
		{"stopped", provider.InstanceFound, provider.PowerStopped},
		{"terminated", provider.InstanceNotFound, provider.PowerUnknown},
		{"", provider.InstanceNotFound, provider.PowerUnknown},
	}
	for _, test := range tests {
		q := ours.parse(provider.RefOf(nodeOf("n", id, time.Hour)))
		a := ours.answer(q, &found{byID: map[string]*ec2types.Instance{"i-1": inState("i-1", test.state)}}, now)
		if a.State != test.want || a.Instance.Power != test.power {
			t.Errorf("%q: %s, power %d", test.state, a.State, a.Instance.Power)
		}
	}
}

func TestWhichInstance(t *testing.T) {
	running := map[string]*ec2types.Instance{"i-1": inState("i-1", "running"), "i-self": inState("i-self", "running")}
	named := map[string][]*ec2types.Instance{
		"ip-10-0-0-1.ec2.internal": {running["i-1"]},
		"twice":                    {inState("i-2", "running"), inState("i-3", "running")},
	}
	byAddress := map[netip.Addr][]*ec2types.Instance{
		netip.MustParseAddr("10.0.0.1"): {running["i-1"]},
		netip.MustParseAddr("10.0.0.2"): {inState("i-2", "running")},
	}
	everything := &found{byID: running, byName: named, byAddress: byAddress}
	down := errors.New("down")
	tests := []struct {
		name  string
		node  *v1.Node
		found *found
		want  provider.InstanceState
		id    string // provider ID of the answer
		err   string
	}{
		{"by provider ID", nodeOf("n", "aws:///us-west-2a/i-1", 0), everything, provider.InstanceFound, "aws:///us-west-2a/i-1", ""},
		{"a set provider ID stays as it is", nodeOf("n", "aws:///us-west-2b/i-1", 0), everything, provider.InstanceFound, "aws:///us-west-2b/i-1", ""},
		{"a bare ID", nodeOf("n", "i-1", 0), everything, provider.InstanceFound, "i-1", ""},
		{"another provider's", nodeOf("n", "gce://p/z/i-1", 0), everything, provider.InstanceForeign, "", ""},
		{"another region's", nodeOf("n", "aws:///us-east-1a/i-1", 0), everything, provider.InstanceForeign, "", ""},
		{"nobody's form", nodeOf("n", "aws:///us-west-2a/vol-1", 0), everything, provider.InstanceUnknown, "", "not of the form"},
		{"gone", nodeOf("n", "aws:///us-west-2a/i-0", 5*time.Minute), everything, provider.InstanceNotFound, "", ""},
		{"too young to be gone", nodeOf("n", "aws:///us-west-2a/i-0", 5*time.Minute-time.Second), everything, provider.InstanceUnknown, "", "only 4m59s old"},
		{"terminated is certain at any age", nodeOf("n", "i-4", 0), &found{byID: map[string]*ec2types.Instance{"i-4": inState("i-4", "terminated")}}, provider.InstanceNotFound, "", ""},
		{"the own name", nodeOf("ip-10-0-0-9.ec2.internal", "", 0), everything, provider.InstanceFound, "aws:///us-west-2a/i-self", ""},
		{"named by resource", nodeOf("i-1.us-west-2.compute.internal", "", 0), everything, provider.InstanceFound, "aws:///us-west-2a/i-1", ""},
		{"private DNS name", nodeOf("ip-10-0-0-1.ec2.internal", "", 0), everything, provider.InstanceFound, "aws:///us-west-2a/i-1", ""},
		{"an ambiguous name", nodeOf("twice", "", time.Hour), everything, provider.InstanceUnknown, "", "2 instances of the cluster have the private DNS name twice"},
		{"address of the node", nodeOf("n", "", 0, "10.0.0.1"), everything, provider.InstanceFound, "aws:///us-west-2a/i-1", ""},
		{"address in the name", nodeOf("ip-10-0-0-1.corp", "", 0), everything, provider.InstanceFound, "aws:///us-west-2a/i-1", ""},
		{"addresses of two instances", nodeOf("n", "", time.Hour, "10.0.0.1", "10.0.0.2"), everything, provider.InstanceUnknown, "", "those of i-1 and of i-2"},
		{"no such name", nodeOf("n", "", time.Hour), everything, provider.InstanceNotFound, "", ""},
		{"no such name, young", nodeOf("n", "", time.Minute), everything, provider.InstanceUnknown, "", "only 1m0s old"},
		{"names not read", nodeOf("n", "", time.Hour), &found{namesErr: down}, provider.InstanceUnknown, "", "down"},
		{"addresses not read", nodeOf("n", "", time.Hour), &found{addressesErr: down}, provider.InstanceUnknown, "", "down"},
		{"Fargate not read", nodeOf("n", "aws:///us-west-2a/fargate-10.0.0.1", time.Hour), &found{fargateErr: down}, provider.InstanceUnknown, "", "down"},
		{"Fargate gone", nodeOf("n", "aws:///us-west-2a/fargate-10.0.0.1", time.Hour), everything, provider.InstanceNotFound, "", ""},
	}
	for _, test := range tests {
		a := ours.answer(ours.parse(provider.RefOf(test.node)), test.found, now)
		if a.State != test.want || a.Instance.ProviderID != test.id {
			t.Errorf("%s: %s %q", test.name, a.State, a.Instance.ProviderID)
		}
		if (a.Err != nil) != (test.err != "") || a.Err != nil && !strings.Contains(a.Err.Error(), test.err) {
			t.Errorf("%s: error %v, want %q", test.name, a.Err, test.err)
		}
	}
}

func TestFargate(t *testing.T) {
	eni := ec2types.NetworkInterface{
		AvailabilityZone: aws.String("us-west-2a"), PrivateIpAddress: aws.String("10.0.0.1"), PrivateDnsName: aws.String("ip-10-0-0-1.ec2.internal"),
		Ipv6Addresses: []ec2types.NetworkInterfaceIpv6Address{{Ipv6Address: aws.String("fd00::1")}, {Ipv6Address: aws.String("fd00::2")}},
	}
	o := ours
	o.Families = []string{"ipv6", "ipv4"}
	const id = "aws:///us-west-2a/0d8b/fargate-ip-10-0-0-1.corp"
	q := o.parse(provider.RefOf(nodeOf("n", id, 0)))
	a := o.answer(q, &found{fargate: map[netip.Addr][]ec2types.NetworkInterface{netip.MustParseAddr("10.0.0.1"): {eni}}}, now)
	want := "InternalIP fd00::1, InternalIP 10.0.0.1, InternalDNS ip-10-0-0-1.ec2.internal"
	if a.State != provider.InstanceFound || a.Instance.Power == provider.PowerStopped || a.Instance.Type != "" || a.Instance.Zone != "us-west-2a" || text(a.Instance.Addresses) != want || a.Instance.ProviderID != id {
		t.Errorf("%+v", a)
	}
	if a = o.answer(q, &found{fargate: map[netip.Addr][]ec2types.NetworkInterface{netip.MustParseAddr("10.0.0.1"): {eni, eni}}}, now); a.State != provider.InstanceUnknown {
		t.Errorf("two interfaces: %s", a.State)
	}
}

func text(addresses []v1.NodeAddress) string {
	var all []string
	for _, a := range addresses {
		all = append(all, fmt.Sprintf("%s %s", a.Type, a.Address))
	}
	return strings.Join(all, ", ")
}

// eni reads "card/device status ip ip …"; a device of - has no attachment.
func eni(description string) ec2types.InstanceNetworkInterface {
	fields := strings.Fields(description)
	e := ec2types.InstanceNetworkInterface{Status: ec2types.NetworkInterfaceStatus(fields[1])}
	if fields[0] != "-" {
		var card, device int32
		if _, err := fmt.Sscanf(fields[0], "%d/%d", &card, &device); err != nil {
			panic(err)
		}
		e.Attachment = &ec2types.InstanceNetworkInterfaceAttachment{NetworkCardIndex: &card, DeviceIndex: &device}
	}
	for _, ip := range fields[2:] {
		if strings.Contains(ip, ":") {
			e.Ipv6Addresses = append(e.Ipv6Addresses, ec2types.InstanceIpv6Address{Ipv6Address: &ip})
			continue
		}
		e.PrivateIpAddresses = append(e.PrivateIpAddresses, ec2types.InstancePrivateIpAddress{PrivateIpAddress: &ip})
	}
	return e
}

func TestAddresses(t *testing.T) {
	dns := ec2types.Instance{PrivateIpAddress: aws.String("10.9.9.9"), PublicIpAddress: aws.String("5.5.5.5"), PrivateDnsName: aws.String("private"), PublicDnsName: aws.String("public")}
	const names = "ExternalIP 5.5.5.5, InternalDNS private, Hostname private, ExternalDNS public"
	tests := []struct {
		name     string
		families string
		enis     []string
		instance ec2types.Instance
		want     string
	}{
		{"all of one family", "ipv4", []string{"0/0 in-use 10.0.0.1 10.0.0.2"}, dns, "InternalIP 10.0.0.1, InternalIP 10.0.0.2, " + names},
		{"by card, then device", "ipv4", []string{"1/0 in-use 10.0.1.0", "0/1 in-use 10.0.0.1", "- in-use 10.9.0.0", "1/1 in-use 10.0.1.1", "0/0 in-use 10.0.0.0"}, ec2types.Instance{}, "InternalIP 10.0.0.0, InternalIP 10.0.0.1, InternalIP 10.0.1.0, InternalIP 10.0.1.1, InternalIP 10.9.0.0"},
		{"not those that are not in use", "ipv4", []string{"0/1 available 10.0.0.2", "0/0 in-use 10.0.0.1"}, ec2types.Instance{}, "InternalIP 10.0.0.1"},
		{"without interfaces no internal IP", "ipv4", nil, dns, names},
		{"the first IPv6 address of each", "ipv6", []string{"0/1 in-use 10.0.0.2 fd00::3", "0/0 in-use 10.0.0.1 fd00::1 fd00::2"}, dns, "InternalIP fd00::1, InternalIP fd00::3"},
		{"families in their order", "ipv6 ipv4", []string{"0/0 in-use 10.0.0.1 fd00::1"}, dns, "InternalIP fd00::1, InternalIP 10.0.0.1, " + names},
		{"the other order", "ipv4 ipv6", []string{"0/0 in-use 10.0.0.1 fd00::1"}, ec2types.Instance{PrivateDnsName: aws.String("p")}, "InternalIP 10.0.0.1, InternalDNS p, Hostname p, InternalIP fd00::1"},
	}
	for _, test := range tests {
		i := test.instance
		for _, e := range test.enis {
			i.NetworkInterfaces = append(i.NetworkInterfaces, eni(e))
		}
		if got := text(addresses(&i, strings.Fields(test.families))); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestLabels(t *testing.T) {
	found := provider.InstanceAnswer{State: provider.InstanceFound, Instance: provider.Instance{Zone: "us-west-2a", Type: "p5.48xlarge"}}
	zoneIDs := map[string]string{"us-west-2a": "usw2-az1"}
	tests := []struct {
		name    string
		labels  map[string]string
		zoneIDs map[string]string
		zoneErr error
		layers  layers
		want    map[string]string
		err     string
	}{
		{"all", nil, zoneIDs, nil, layers{nodes: []string{"nn-1", "nn-2"}}, map[string]string{LabelZoneID: "usw2-az1", LabelLayerPrefix + "1": "nn-1", LabelLayerPrefix + "2": "nn-2"}, ""},
		{"those that are there stay", map[string]string{LabelZoneID: "x", LabelLayerPrefix + "1": "y"}, nil, errors.New("not needed"), layers{err: errors.New("not needed")}, map[string]string{}, ""},
		{"an unknown zone", nil, nil, nil, layers{}, nil, `EC2 does not know the zone "us-west-2a"`},
		{"zones not read", nil, nil, errors.New("down"), layers{}, nil, "down"},
		{"topology to wait for", nil, zoneIDs, nil, layers{err: errors.New("slow")}, nil, "slow"},
	}
	for _, test := range tests {
		node := nodeOf("n", "", 0)
		node.Labels = test.labels
		a := labelled(found, node, test.zoneIDs, test.zoneErr, test.layers)
		switch {
		case test.err != "":
			if a.State != provider.InstanceUnknown || !strings.Contains(a.Err.Error(), test.err) {
				t.Errorf("%s: %+v", test.name, a)
			}
		case a.State != provider.InstanceFound || !reflect.DeepEqual(a.Instance.Labels, test.want):
			t.Errorf("%s: %+v", test.name, a)
		}
	}
}

func TestTopologyMemory(t *testing.T) {
	pattern := regexp.MustCompile(`^p`)
	big, small := machine{"i-1", "p5.48xlarge"}, machine{"i-2", "m5.large"}
	refused := func(code string) error { return &smithy.GenericAPIError{Code: code} }
	tests := []struct {
		name  string
		of    machine
		nodes []string
		err   error
		waits bool
		// asked again about: the same instance, another of its type, another type
		same, kind, other bool
	}{
		{"layers", big, []string{"a"}, nil, false, false, true, true},
		{"none for a type that should have them", big, nil, nil, false, false, true, true},
		{"none for another type", small, nil, nil, false, false, false, true},
		{"not offered", big, nil, refused("UnsupportedOperation"), false, false, false, false},
		{"denied", big, nil, refused("UnauthorizedOperation"), false, false, false, false},
		{"an action that the region does not know", small, nil, refused("InvalidAction"), false, false, false, false},
		{"throttled, needed", big, nil, refused("RequestLimitExceeded"), true, true, true, true},
		{"throttled, not needed", small, nil, refused("RequestLimitExceeded"), false, true, true, true},
	}
	for _, test := range tests {
		m := newMemory()
		v := m.learn(test.of, test.nodes, test.err, pattern.MatchString(test.of.kind), now)
		if (v.err != nil) != test.waits {
			t.Errorf("%s: waits %v", test.name, v.err)
		}
		for what, next := range map[machine]bool{test.of: test.same, {"i-9", test.of.kind}: test.kind, {"i-8", "x1"}: test.other} {
			if asked := len(m.next([]machine{what}, nil, now.Add(time.Hour))) == 1; asked != next {
				t.Errorf("%s: asked about %v: %t", test.name, what, asked)
			}
			if len(m.next([]machine{what}, nil, now.Add(25*time.Hour))) != 1 {
				t.Errorf("%s: %v is not asked about after a day", test.name, what)
			}
		}
	}
	m := newMemory()
	for n := range topologyTries {
		v := m.learn(big, nil, refused("InternalError"), true, now)
		if (v.err == nil) != (n == topologyTries-1) {
			t.Errorf("try %d: %v; a node must not wait for ever", n+1, v.err)
		}
	}
}

func TestTopologyBatches(t *testing.T) {
	var machines []machine
	for n := range 250 {
		machines = append(machines, machine{fmt.Sprint("i-", n), []string{"m5", "m5", "m5", "p5"}[n%4]})
	}
	m := newMemory()
	batch := m.next(machines, map[string]bool{}, now)
	kinds := map[string]int{}
	for _, x := range batch {
		kinds[x.kind]++
	}
	if len(batch) != topologyBatch || kinds["p5"] != 50 {
		t.Errorf("%d instances, %v: the types should come in turns", len(batch), kinds)
	}
}

func TestSnapshots(t *testing.T) {
	joining := func(name, providerID string) question {
		n := nodeOf(name, providerID, time.Second)
		n.Spec.Taints = []v1.Taint{{Key: "node.cloudprovider.kubernetes.io/uninitialized"}}
		return ours.parse(provider.RefOf(n))
	}
	tagged := func(id, name, state string) ec2types.Instance {
		i := inState(id, state)
		i.PrivateDnsName, i.Tags = &name, []ec2types.Tag{{Key: aws.String("kubernetes.io/cluster/prod"), Value: aws.String("owned")}}
		return *i
	}
	untagged := *inState("i-3", "running")
	untagged.PrivateDnsName = aws.String("c")
	s := ours.snapshot([]ec2types.Instance{tagged("i-1", "a", "running"), tagged("i-2", "b", "pending"), untagged, tagged("i-4", "d", "running"), tagged("i-5", "d", "running")}, now)
	tests := []struct {
		name string
		q    question
		age  time.Duration
		want bool
	}{
		{"by ID", joining("n", "aws:///us-west-2a/i-1"), 0, true},
		{"by name", joining("a", ""), 0, true},
		{"too old", joining("a", ""), 16 * time.Second, false},
		{"not running yet", joining("b", ""), 0, false},
		{"by ID, without the cluster's tag", joining("n", "i-3"), 0, true},
		{"by name, without the cluster's tag", joining("c", ""), 0, false},
		{"ambiguous", joining("d", ""), 0, false},
		{"unknown", joining("n", "i-9"), 0, false},
		{"an initialised node wants to know it as it is now", ours.parse(provider.RefOf(nodeOf("a", "i-1", time.Hour))), 0, false},
	}
	for _, test := range tests {
		if got := s.has(test.q, now.Add(test.age)); got != test.want {
			t.Errorf("%s: answered: %t", test.name, got)
		}
	}
	b, at := &burst{}, now
	for _, step := range []struct {
		after time.Duration
		nodes int
		list  bool
	}{{0, 100, false}, {5 * time.Second, 100, true}, {5 * time.Second, 3, false}, {11 * time.Second, 100, false}} {
		at = at.Add(step.after)
		if got := b.worthListing(step.nodes, at); got != step.list {
			t.Errorf("%d nodes %s after the last: lists: %t", step.nodes, step.after, got)
		}
	}
	b.tooLarge = at.Add(scopeMemory)
	if b.worthListing(100, at) {
		t.Error("lists a VPC that is known to be too large")
	}
}
