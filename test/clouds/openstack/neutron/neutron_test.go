// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/attributestags"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/extraroutes"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/groups"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/security/rules"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
)

type fixture struct {
	*testing.T
	cloud   *openstacktest.Cloud
	cluster *openstack.Cluster
	client  *gophercloud.ServiceClient
}

func start(t *testing.T) *fixture {
	t.Helper()
	cloud := openstacktest.Start(t, openstack.Options{})
	cluster, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 3, CIDRv6: "2001:db8::/64"})
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{T: t, cloud: cloud, cluster: cluster, client: cloud.Clients("demo").Network}
}

func (f *fixture) refused(err error, status int, text string) {
	f.Helper()
	if !gophercloud.ResponseCodeIs(err, status) || !strings.Contains(err.Error(), text) {
		f.Errorf("got %v, want %d with %q", err, status, text)
	}
}

// port is the port of a server.
func (f *fixture) port(i int) neutron.Port {
	id := f.cluster.Servers[i].ID
	return f.cloud.Neutron.PortsOf(id)[id][0]
}

func TestPorts(t *testing.T) {
	f := start(t)
	count := func(query string) int {
		t.Helper()
		var body struct {
			Ports []map[string]any `json:"ports"`
		}
		resp, err := f.client.Get(t.Context(), f.client.ServiceURL("ports")+"?"+query, &body, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if strings.Contains(query, "fields=") && len(body.Ports) > 0 && len(body.Ports[0]) != 1 {
			t.Errorf("fields: %v", body.Ports[0])
		}
		return len(body.Ports)
	}
	first, second := f.port(0), f.port(1)
	for query, want := range map[string]int{
		"device_id=" + first.DeviceID + "&device_id=" + second.DeviceID + "&fields=id":                                                                     2,
		"fixed_ips=ip_address=" + first.FixedIPs[0].IPAddress + "&fixed_ips=subnet_id=" + first.FixedIPs[0].SubnetID:                                       1,
		"fixed_ips=ip_address=" + first.FixedIPs[0].IPAddress + "&fixed_ips=subnet_id=none":                                                                0,
		"security_groups=" + first.SecurityGroups[0]:                                                                                                       3,
		"fixed_ips=ip_address=" + first.FixedIPs[0].IPAddress + "&fixed_ips=ip_address=" + second.FixedIPs[0].IPAddress + "&network_id=" + first.NetworkID: 2,
	} {
		if got := count(query); got != want {
			t.Errorf("%s: got %d ports, want %d", query, got, want)
		}
	}
	if len(first.FixedIPs) != 2 {
		t.Errorf("fixed IPs %v", first.FixedIPs)
	}
	pairs := []ports.AddressPair{{IPAddress: "10.244.0.0/24"}}
	p, err := ports.Update(t.Context(), f.client, first.ID, ports.UpdateOpts{AllowedAddressPairs: &pairs}).Extract()
	if err != nil || len(p.AllowedAddressPairs) != 1 || p.AllowedAddressPairs[0].MACAddress != p.MACAddress || len(p.FixedIPs) != 2 {
		t.Errorf("got %+v, %v", p, err)
	}
	err = ports.Update(t.Context(), f.client, first.ID, ports.UpdateOpts{AllowedAddressPairs: &pairs, RevisionNumber: &first.RevisionNumber}).Err
	f.refused(err, http.StatusPreconditionFailed, "RevisionNumberConstraintFailed")
	f.refused(ports.Get(t.Context(), f.client, "none").Err, 404, "PortNotFound")
	if err := ports.Delete(t.Context(), f.client, second.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
}

func TestFloatingIPs(t *testing.T) {
	f := start(t)
	port := f.port(0)
	create := func(o floatingips.CreateOpts) (*floatingips.FloatingIP, error) {
		return floatingips.Create(t.Context(), f.client, o).Extract()
	}
	ip, err := create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.External.ID, PortID: port.ID, Description: "mine"})
	if err != nil || ip.FixedIP != port.FixedIPs[0].IPAddress || ip.RouterID != f.cluster.Router.ID || ip.Status != "DOWN" || ip.Description != "mine" {
		t.Fatalf("got %+v, %v", ip, err)
	}
	_, err = create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.External.ID, PortID: port.ID})
	f.refused(err, 409, "FloatingIPPortAlreadyAssociated")
	_, err = create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.Network.ID})
	f.refused(err, 400, "not a valid external network")
	_, err = create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.External.ID, FloatingIP: "203.0.113.77"})
	f.refused(err, 403, "PolicyNotAuthorized")
	own := neutron.Common{ProjectID: f.cloud.Project.ID}
	lonely, err := f.cloud.Neutron.AddNetwork(neutron.Network{Name: "lonely", Common: own})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.cloud.Neutron.AddSubnet(neutron.Subnet{NetworkID: lonely.ID, CIDR: "10.9.0.0/24", Common: own}); err != nil {
		t.Fatal(err)
	}
	far, err := f.cloud.Neutron.AddPort(neutron.Port{NetworkID: lonely.ID, Common: own})
	if err != nil {
		t.Fatal(err)
	}
	_, err = create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.External.ID, PortID: far.ID})
	f.refused(err, 404, "ExternalGatewayForFloatingIPNotFound")
	text, none := "other", ""
	ip, err = floatingips.Update(t.Context(), f.client, ip.ID, floatingips.UpdateOpts{Description: &text, PortID: &port.ID}).Extract()
	if err != nil || ip.PortID != port.ID {
		t.Errorf("got %+v, %v", ip, err)
	}
	ip, err = floatingips.Update(t.Context(), f.client, ip.ID, floatingips.UpdateOpts{PortID: &none}).Extract()
	if err != nil || ip.PortID != "" {
		t.Errorf("got %+v, %v", ip, err)
	}
	f.cloud.Neutron.SetQuota("", "floatingip", 1)
	_, err = create(floatingips.CreateOpts{FloatingNetworkID: f.cluster.External.ID})
	f.refused(err, 409, "OverQuota")
	if err := floatingips.Delete(t.Context(), f.client, ip.ID).ExtractErr(); err != nil {
		t.Error(err)
	}
}

func TestSecurityGroups(t *testing.T) {
	f := start(t)
	group, err := groups.Create(t.Context(), f.client, groups.CreateOpts{Name: "lb"}).Extract()
	if err != nil || len(group.Rules) != 2 || group.Rules[0].Direction != "egress" {
		t.Fatalf("got %+v, %v", group, err)
	}
	rule := func(port int) rules.CreateOpts {
		return rules.CreateOpts{SecGroupID: group.ID, Direction: "ingress", EtherType: "IPv4", Protocol: "TCP", PortRangeMin: port, PortRangeMax: port, RemoteIPPrefix: "10.0.0.0/8"}
	}
	made, err := rules.CreateBulk(t.Context(), f.client, []rules.CreateOpts{rule(80), rule(443)}).Extract()
	if err != nil || len(made) != 2 || made[0].Protocol != "tcp" {
		t.Errorf("got %+v, %v", made, err)
	}
	f.refused(rules.CreateBulk(t.Context(), f.client, []rules.CreateOpts{rule(81), rule(80)}).Err, 409, "SecurityGroupRuleExists")
	wrong := rule(90)
	wrong.EtherType = "IPv6"
	f.refused(rules.Create(t.Context(), f.client, wrong).Err, 400, "SecurityGroupRuleParameterConflict")
	group, err = groups.Get(t.Context(), f.client, group.ID).Extract()
	if err != nil || len(group.Rules) != 4 {
		t.Errorf("bulk is not all or nothing: %+v, %v", group, err)
	}
	list := []string{group.ID}
	if err := ports.Update(t.Context(), f.client, f.port(0).ID, ports.UpdateOpts{SecurityGroups: &list}).Err; err != nil {
		t.Error(err)
	}
	f.refused(groups.Delete(t.Context(), f.client, group.ID).ExtractErr(), 409, "SecurityGroupInUse")
}

func TestRoutersAndTags(t *testing.T) {
	f := start(t)
	hop := f.port(0).FixedIPs[0].IPAddress
	routes := func(hop string) extraroutes.Opts {
		return extraroutes.Opts{Routes: &[]routers.Route{{DestinationCIDR: "10.244.0.0/24", NextHop: hop}}}
	}
	for range 2 {
		r, err := extraroutes.Add(t.Context(), f.client, f.cluster.Router.ID, routes(hop)).Extract()
		if err != nil || len(r.Routes) != 1 {
			t.Errorf("got %+v, %v", r, err)
		}
	}
	f.refused(extraroutes.Add(t.Context(), f.client, f.cluster.Router.ID, routes("192.0.2.1")).Err, 400, "InvalidRoutes")
	_, err := routers.RemoveInterface(t.Context(), f.client, f.cluster.Router.ID, routers.RemoveInterfaceOpts{SubnetID: f.cluster.Subnets[0].ID}).Extract()
	f.refused(err, 409, "RouterInterfaceInUseByRoute")
	r, err := extraroutes.Remove(t.Context(), f.client, f.cluster.Router.ID, routes(hop)).Extract()
	if err != nil || len(r.Routes) != 0 {
		t.Errorf("got %+v, %v", r, err)
	}
	port := f.port(0).ID
	if err := attributestags.Add(t.Context(), f.client, "ports", port, "mine").ExtractErr(); err != nil {
		t.Error(err)
	}
	for _, c := range []struct {
		filter ports.ListOpts
		want   int
	}{{ports.ListOpts{Tags: "mine"}, 1}, {ports.ListOpts{Tags: "mine,other"}, 0}, {ports.ListOpts{TagsAny: "mine,other"}, 1}} {
		pages, err := ports.List(f.client, c.filter).AllPages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if all, err := ports.ExtractPorts(pages); err != nil || len(all) != c.want {
			t.Errorf("%+v: %d ports, %v", c.filter, len(all), err)
		}
	}
	if err := attributestags.Delete(t.Context(), f.client, "ports", port, "mine").ExtractErr(); err != nil {
		t.Error(err)
	}
}
