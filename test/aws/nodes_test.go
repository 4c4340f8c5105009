// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	ec2sdk "github.com/aws/aws-sdk-go-v2/service/ec2"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"net/netip"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
)

// quick are flags of a manager that reacts within seconds where the defaults take minutes.
var quick = []string{"--node-monitor-period=500ms", "--node-deletion-min-age=0s", "--node-status-update-frequency=2s"}

func providerID(i ec2.Instance) string { return "aws:///" + i.Zone + "/" + i.ID }

// TestNodes follows Nodes from their registration to the end of their instances.
func TestNodes(t *testing.T) {
	e := newEnv(t, aws.Options{}, cluster.Options{NodeMonitorGracePeriod: 5 * time.Second})
	plain := e.instances(ec2.InstanceOptions{Count: 5, IPv6: true, SecondaryIPs: 1})
	fast := e.instances(ec2.InstanceOptions{Type: "p5.48xlarge", NetworkNodes: []string{"nn-1", "nn-2", "nn-3"}})[0]
	public := e.instances(ec2.InstanceOptions{Subnets: e.network.Public})[0]
	untagged := e.instances(ec2.InstanceOptions{Tags: ec2.Tags{"foreign": "yes"}})[0]
	e.manager("[Global]\nNodeIPFamilies = ipv4\nNodeIPFamilies = ipv6\n", append([]string{"--controllers=*,tagging", "--tags=Env=prod,Team=core", "--resources=instance", "--v=5"}, quick...)...)

	byDNS, byID, byAddress, byResource, stopped := plain[0], plain[1], plain[2], plain[3], plain[4]
	e.Join(
		kubelets.Machine{Name: byDNS.PrivateDNS},
		kubelets.Machine{Name: "by-id", ProviderID: providerID(byID)},
		kubelets.Machine{Name: "by-address.corp.example", NodeIPs: []netip.Addr{netip.MustParseAddr(byAddress.PrivateIP)}},
		kubelets.Machine{Name: byResource.ID + ".us-west-2.compute.internal"},
		kubelets.Machine{Name: stopped.PrivateDNS},
		kubelets.Machine{Name: fast.PrivateDNS},
		kubelets.Machine{Name: public.PrivateDNS},
		kubelets.Machine{Name: untagged.PrivateDNS}, // of no cluster: a name proves nothing
		kubelets.Machine{Name: "elsewhere", ProviderID: "aws:///eu-west-1a/i-0123456789abcdef0"},
		kubelets.Machine{Name: "others", ProviderID: "other:///zone/i-0123456789abcdef0"},
	)
	t.Run("initialisation", func(t *testing.T) {
		for name, i := range map[string]ec2.Instance{
			byDNS.PrivateDNS: byDNS, "by-id": byID, "by-address.corp.example": byAddress,
			byResource.ID + ".us-west-2.compute.internal": byResource, fast.PrivateDNS: fast, public.PrivateDNS: public,
		} {
			e.checkNode(t, e.Initialised(name), i)
		}
		if got := managed.Addresses(e.Node(public.PrivateDNS)); !strings.Contains(got, "ExternalIP "+public.PublicIP) || !strings.Contains(got, "ExternalDNS "+public.PublicDNS) {
			t.Errorf("addresses of an instance with a public one: %s", got)
		}
		layers := e.Node(fast.PrivateDNS).Labels
		if layers["topology.k8s.aws/network-node-layer-1"] != "nn-1" || layers["topology.k8s.aws/network-node-layer-3"] != "nn-3" {
			t.Errorf("topology labels %v", layers)
		}
	})
	t.Run("a stopped instance taints its node", func(t *testing.T) {
		e.Initialised(stopped.PrivateDNS)
		e.change(t, stopped.ID, "stopped")
		if err := e.Fleet.StopHeartbeat(stopped.PrivateDNS); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the shutdown taint", func() error {
			if !managed.HasTaint(e.Node(stopped.PrivateDNS), managed.StopTaint) {
				return errors.New("it is not there")
			}
			return nil
		})
		e.change(t, stopped.ID, "running")
		if err := e.Fleet.ResumeHeartbeat(e.Ctx, stopped.PrivateDNS); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the end of the shutdown taint", func() error {
			if managed.HasTaint(e.Node(stopped.PrivateDNS), managed.StopTaint) {
				return errors.New("it is still there")
			}
			return nil
		})
	})
	t.Run("a terminated instance's node is deleted", func(t *testing.T) {
		if _, err := e.cloud.EC2Client().TerminateInstances(e.Ctx, &ec2sdk.TerminateInstancesInput{InstanceIds: []string{byID.ID}}); err != nil {
			t.Fatal(err)
		}
		e.Fleet.Forget("by-id")
		e.Eventually("the deletion of by-id", func() error {
			if _, err := e.Client.CoreV1().Nodes().Get(e.Ctx, "by-id", metav1.GetOptions{}); err == nil {
				return errors.New("it is still there")
			}
			return nil
		})
	})
	t.Run("tags follow the node", func(t *testing.T) {
		const name = "by-address.corp.example"
		e.Eventually("the label of the tagging controller", func() error {
			if got := e.Node(name).Labels["k8s.io/cloud-provider-aws"]; got != "a1f59261b4647760e199834f5d859912" {
				return fmt.Errorf("it is %q", got)
			}
			return nil
		})
		if i, _ := e.cloud.EC2.InstanceByID(byAddress.ID); i.Tags["Env"] != "prod" || i.Tags["Team"] != "core" {
			t.Errorf("tags %v", i.Tags)
		}
		e.Fleet.Forget(name)
		if err := e.Client.CoreV1().Nodes().Delete(e.Ctx, name, metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the removal of the tags", func() error {
			if i, _ := e.cloud.EC2.InstanceByID(byAddress.ID); i.Tags["Env"] != "" || i.Tags["Team"] != "" {
				return fmt.Errorf("tags %v", i.Tags)
			}
			return nil
		})
		if calls := e.cloud.Calls.Counts()["ec2:CreateTags"]; calls > 3 {
			t.Errorf("%d calls of CreateTags for nodes that joined together", calls)
		}
	})
	t.Run("nodes that are not ours are left alone", func(t *testing.T) {
		for _, name := range []string{"elsewhere", "others", untagged.PrivateDNS} {
			if n := e.Node(name); !managed.HasTaint(n, managed.InitTaint) {
				t.Errorf("node %s has been initialised", name)
			}
		}
		for _, call := range e.cloud.Calls.All() {
			for _, value := range call.Parameters {
				if value == "i-0123456789abcdef0" {
					t.Errorf("asked about another region's instance: %s %v", call.Operation, call.Parameters)
				}
			}
		}
	})
	t.Run("logs hold no secrets", func(t *testing.T) {
		log := e.Log(100 << 20)
		if !strings.Contains(log, `"AWS call"`) {
			t.Error("the calls are not in the log at this verbosity")
		}
		for _, secret := range []string{"secret-of-the-test", "AWS4-HMAC", "X-Amz-Security-Token"} {
			if strings.Contains(log, secret) {
				t.Errorf("%s is in the log", secret)
			}
		}
	})
}

// checkNode compares a Node with its instance.
func (e *env) checkNode(t *testing.T, n *v1.Node, i ec2.Instance) {
	t.Helper()
	if n.Spec.ProviderID != providerID(i) {
		t.Errorf("node %s has the provider ID %q, want %q", n.Name, n.Spec.ProviderID, providerID(i))
	}
	for label, want := range map[string]string{
		v1.LabelInstanceTypeStable: i.Type, v1.LabelTopologyZone: i.Zone, v1.LabelTopologyRegion: "us-west-2",
		"topology.k8s.aws/zone-id": e.cloud.EC2.ZoneID(i.Zone),
	} {
		if n.Labels[label] != want {
			t.Errorf("node %s has the label %s=%q, want %q", n.Name, label, n.Labels[label], want)
		}
	}
	if n.Annotations["alpha.kubernetes.io/provided-node-ip"] != "" {
		if got, want := managed.Addresses(n), "InternalIP "+i.PrivateIP; !strings.HasPrefix(got, want) {
			t.Errorf("node %s has the addresses %s, want %s first", n.Name, got, want)
		}
		return
	}
	var want []string
	eni := e.cloud.EC2.InterfacesOf(i.ID)[0]
	for _, a := range eni.Addresses {
		want = append(want, "InternalIP "+a.Private)
	}
	if i.PublicIP != "" {
		want = append(want, "ExternalIP "+i.PublicIP)
	}
	want = append(want, "InternalDNS "+i.PrivateDNS, "Hostname "+i.PrivateDNS)
	if i.PublicDNS != "" {
		want = append(want, "ExternalDNS "+i.PublicDNS)
	}
	for _, a := range eni.IPv6 {
		want = append(want, "InternalIP "+a)
	}
	if got := managed.Addresses(n); got != strings.Join(want, ", ") {
		t.Errorf("node %s has the addresses\n%s, want\n%s", n.Name, got, strings.Join(want, ", "))
	}
}

// change puts an instance into a state.
func (e *env) change(t *testing.T, id, state string) {
	t.Helper()
	if err := e.cloud.EC2.ChangeInstance(id, func(i *ec2.Instance) { i.State = state }); err != nil {
		t.Fatal(err)
	}
}

// TestCallsOfAThousandNodes counts what it costs to initialise a thousand Nodes that join at once, with
// default flags, from the start of the process.
func TestCallsOfAThousandNodes(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute and two processors")
	}
	const count = 1000
	const budget = 12
	e := newEnv(t, aws.Options{Latency: 30 * time.Millisecond}, cluster.Options{DisableNodeIPAM: true})
	list := e.instances(ec2.InstanceOptions{Count: count})
	e.cloud.Calls.Reset()
	e.manager("")
	e.Eventually("the manager has reached AWS", func() error {
		if e.cloud.Calls.Counts()["ec2:DescribeInstances"] == 0 {
			return errors.New("no call yet")
		}
		return nil
	})
	var machines []kubelets.Machine
	for n, i := range list {
		m := kubelets.Machine{Name: i.PrivateDNS}
		if n%2 == 0 {
			m = kubelets.Machine{Name: fmt.Sprint("node-", n), ProviderID: providerID(i)}
		}
		machines = append(machines, m)
	}
	start := time.Now()
	e.Join(machines...)
	e.Eventually("all nodes are initialised", func() error {
		list, err := e.Client.CoreV1().Nodes().List(e.Ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		waiting := count - len(list.Items)
		for n := range list.Items {
			if managed.HasTaint(&list.Items[n], managed.InitTaint) {
				waiting++
			}
		}
		if waiting > 0 {
			return fmt.Errorf("%d are waiting", waiting)
		}
		return nil
	})
	calls := e.cloud.Calls.Counts()
	total := 0
	for operation, n := range calls {
		if strings.HasPrefix(operation, "ec2:") {
			total += n
		}
	}
	t.Logf("%d nodes in %s with %d calls of EC2: %v", count, time.Since(start).Round(100*time.Millisecond), total, calls)
	if total > budget {
		t.Errorf("%d calls of EC2, want at most %d", total, budget)
	}
}
