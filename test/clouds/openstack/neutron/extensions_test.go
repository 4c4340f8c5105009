// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package neutron_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gophercloud/gophercloud/v2/openstack/common/extensions"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/extraroutes"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/routers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/trunk_details"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
)

func TestTrunkDetails(t *testing.T) {
	f := start(t)
	own := neutron.Common{ProjectID: f.cloud.Project.ID}
	sub, err := f.cloud.Neutron.AddPort(neutron.Port{Common: own, NetworkID: f.cluster.Network.ID})
	if err != nil {
		t.Fatal(err)
	}
	trunk := neutron.Trunk{Common: own, PortID: f.port(0).ID, SubPorts: []neutron.SubPort{{PortID: sub.ID, SegmentationID: 7, SegmentationType: "vlan"}}}
	if _, err := f.cloud.Neutron.AddTrunk(trunk); err != nil {
		t.Fatal(err)
	}
	var port struct {
		ports.Port
		trunk_details.TrunkDetailsExt
	}
	if err := ports.Get(t.Context(), f.client, trunk.PortID).ExtractInto(&port); err != nil {
		t.Fatal(err)
	}
	if subs := port.TrunkDetails.SubPorts; len(subs) != 1 || subs[0].PortID != sub.ID || subs[0].MACAddress != sub.MACAddress {
		t.Errorf("got %+v", port.TrunkDetails)
	}
}

func TestWithoutExtensions(t *testing.T) {
	f := start(t)
	pages, err := extensions.List(f.client).AllPages(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all, err := extensions.ExtractExtensions(pages)
	if err != nil || !slices.ContainsFunc(all, func(e extensions.Extension) bool { return e.Alias == "extraroute-atomic" }) {
		t.Errorf("got %v, %v", all, err)
	}
	f.cloud.Neutron.SetExtensions([]string{"router", "extraroute"})
	hop := f.port(0).FixedIPs[0].IPAddress
	route := []routers.Route{{DestinationCIDR: "10.244.0.0/24", NextHop: hop}}
	f.refused(extraroutes.Add(t.Context(), f.client, f.cluster.Router.ID, extraroutes.Opts{Routes: &route}).Err, 404, "HTTPNotFound")
	r, err := routers.Update(t.Context(), f.client, f.cluster.Router.ID, routers.UpdateOpts{Routes: &route}).Extract()
	if err != nil || len(r.Routes) != 1 {
		t.Errorf("got %+v, %v", r, err)
	}
	var many []routers.Route
	for i := range 31 {
		many = append(many, routers.Route{DestinationCIDR: fmt.Sprintf("10.244.%d.0/24", i), NextHop: hop})
	}
	f.refused(routers.Update(t.Context(), f.client, f.cluster.Router.ID, routers.UpdateOpts{Routes: &many}).Err, 400, "RoutesExhausted")
	p, err := ports.Create(t.Context(), f.client, ports.CreateOpts{NetworkID: f.cluster.Network.ID}).Extract()
	if err != nil {
		t.Fatal(err)
	}
	if made, _ := f.cloud.Neutron.Port(p.ID); made.PortSecurityEnabled != nil {
		t.Error("port_security_enabled without its extension")
	}
}
