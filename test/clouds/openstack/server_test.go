// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/containers"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/barbican"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

func TestAuthentication(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{OtherRegions: []string{"RegionTwo"}})
	wrong := cloud.User("demo")
	wrong.Password = "wrong"
	if _, err := cloud.Provider(wrong); !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		t.Errorf("a wrong password: %v", err)
	}
	scoped := gophercloud.AuthOptions{
		IdentityEndpoint: cloud.AuthURL, ApplicationCredentialID: cloud.Application.ID, ApplicationCredentialSecret: "secret", AllowReauth: true,
	}
	provider, err := cloud.Provider(scoped)
	if err != nil {
		t.Fatal(err)
	}
	client, err := sdk.NewNetworkV2(provider, gophercloud.EndpointOpts{Region: "RegionOne"})
	if err != nil {
		t.Fatal(err)
	}
	if other, err := sdk.NewComputeV2(provider, gophercloud.EndpointOpts{Region: "RegionTwo"}); err != nil || !strings.Contains(other.Endpoint, "RegionTwo") {
		t.Errorf("the other region: %v, %v", other, err)
	}
	if _, err := sdk.NewNetworkV2(provider, gophercloud.EndpointOpts{Region: "RegionThree"}); err == nil {
		t.Error("a region that is not there has an endpoint")
	}
	if _, err := networks.List(client, nil).AllPages(t.Context()); err != nil {
		t.Error(err)
	}
	before := cloud.Calls.Counts()["keystone:CreateToken"]
	cloud.Clock.Advance(2 * time.Hour)
	if _, err := networks.List(client, nil).AllPages(t.Context()); err != nil {
		t.Error(err)
	}
	cloud.Keystone.RevokeTokens()
	if _, err := networks.List(client, nil).AllPages(t.Context()); err != nil {
		t.Error(err)
	}
	if got := cloud.Calls.Counts()["keystone:CreateToken"] - before; got != 2 {
		t.Errorf("%d new tokens, want 2", got)
	}
}

func TestUnauthorizedNamesKeystone(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	base := strings.TrimSuffix(cloud.AuthURL, "/identity")
	for path, want := range map[string]int{"/compute/v2.1/servers": 401, "/network/v2.0/ports": 401, "/load-balancer/": 200, "/key-manager/": 300, "/identity": 300} {
		resp, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		named := strings.Contains(resp.Header.Get("WWW-Authenticate"), "Keystone uri=")
		if resp.StatusCode != want || named != (want == 401) || resp.Header.Get("X-Openstack-Request-Id") == "" {
			t.Errorf("%s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
}

func TestServers(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	cluster, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 12})
	if err != nil {
		t.Fatal(err)
	}
	client := cloud.Clients("demo").Compute
	list := func(o servers.ListOpts) []servers.Server {
		t.Helper()
		pages, err := servers.List(client, o).AllPages(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		all, err := servers.ExtractServers(pages)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	for want, o := range map[int]servers.ListOpts{12: {Limit: 5}, 3: {Name: "DEMO-1"}, 1: {Name: "^demo-1$"}, 0: {Name: "^emo"}} {
		if got := len(list(o)); got != want {
			t.Errorf("%+v: got %d servers, want %d", o, got, want)
		}
	}
	id := cluster.Servers[0].ID
	old, err := servers.Get(t.Context(), client, id).Extract()
	if err != nil || old.Flavor["id"] != cluster.Flavor.ID || old.Flavor["original_name"] != nil || old.Addresses["demo"] == nil || old.Status != "ACTIVE" {
		t.Errorf("got %+v, %v", old, err)
	}
	client.Microversion = "2.90"
	recent, err := servers.Get(t.Context(), client, id).Extract()
	if err != nil || recent.Flavor["id"] != nil || recent.Flavor["original_name"] != "m1.large" {
		t.Errorf("got %+v, %v", recent, err)
	}
	client.Microversion = "2.200"
	if err := servers.Get(t.Context(), client, id).Err; !gophercloud.ResponseCodeIs(err, http.StatusNotAcceptable) || !strings.Contains(err.Error(), "computeFault") {
		t.Errorf("a microversion of the future: %v", err)
	}
	client.Microversion = ""
	if err := servers.Stop(t.Context(), client, id).ExtractErr(); err != nil {
		t.Error(err)
	}
	if got := list(servers.ListOpts{Status: "SHUTOFF"}); len(got) != 1 {
		t.Errorf("stopped: %v", got)
	}
	cloud.Clock.Advance(time.Hour)
	now := cloud.Clock.Now().Add(-time.Minute).UTC().Format(time.RFC3339)
	if err := servers.Delete(t.Context(), client, id).ExtractErr(); err != nil {
		t.Error(err)
	}
	if err := servers.Get(t.Context(), client, id).Err; !gophercloud.ResponseCodeIs(err, 404) || !strings.Contains(err.Error(), "itemNotFound") {
		t.Errorf("a deleted server: %v", err)
	}
	if got := list(servers.ListOpts{ChangesSince: now}); len(got) != 1 || got[0].Status != "DELETED" {
		t.Errorf("changes: %v", got)
	}
	if left := cloud.Neutron.PortsOf(id)[id]; len(left) > 0 {
		t.Errorf("its ports: %v", left)
	}
}

func TestAddressesLag(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	cloud.Clock.Stop()
	cluster, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 1})
	if err != nil {
		t.Fatal(err)
	}
	cloud.Nova.SetAddressLag(time.Minute)
	client, id := cloud.Clients("demo").Compute, cluster.Servers[0].ID
	count := func() int {
		t.Helper()
		v, err := servers.Get(t.Context(), client, id).Extract()
		if err != nil {
			t.Fatal(err)
		}
		return len(v.Addresses)
	}
	if count() != 1 {
		t.Error("no address")
	}
	cloud.Neutron.RemovePort(cloud.Neutron.PortsOf(id)[id][0].ID)
	if count() != 1 {
		t.Error("the port's end is seen at once")
	}
	cloud.Clock.Advance(time.Minute)
	if count() != 0 {
		t.Error("the port's end is not seen after a minute")
	}
}

func TestContainers(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	client := cloud.Clients("demo").KeyManager
	secret := cloud.Barbican.AddSecret(barbican.Entry{Name: "key", ProjectID: cloud.Project.ID})
	container := cloud.Barbican.AddContainer(barbican.Entry{Name: "tls", ProjectID: cloud.Project.ID, Secrets: map[string]string{"private_key": secret.ID}})
	got, err := containers.Get(t.Context(), client, container.ID).Extract()
	if err != nil || got.Type != "certificate" || len(got.SecretRefs) != 1 || !strings.HasSuffix(got.SecretRefs[0].SecretRef, secret.ID) {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := containers.Get(t.Context(), client, "none").Err; !gophercloud.ResponseCodeIs(err, 404) {
		t.Error(err)
	}
}

func TestFaultsAndCounters(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	client := cloud.Clients("demo").Network
	cloud.Calls.Reset()
	fault := sim.Fault{Service: "neutron", Operation: "CreateNetwork", Calls: 1, Status: 409, Code: "OverQuota", Message: "full"}
	if err := cloud.Faults.Add(fault, sim.Fault{Operation: "CreateNetwork", Skip: 1, Calls: 1, Kind: sim.Lose}); err != nil {
		t.Fatal(err)
	}
	create := func() error {
		return networks.Create(t.Context(), client, networks.CreateOpts{Name: "n"}).Err
	}
	if err := create(); !gophercloud.ResponseCodeIs(err, 409) || !strings.Contains(err.Error(), `"type":"OverQuota"`) {
		t.Errorf("got %v", err)
	}
	if err := create(); err != nil {
		t.Errorf("got %v", err) // the second fault has now seen one call
	}
	if err := create(); err == nil {
		t.Error("the answer is not lost")
	}
	if n := len(cloud.Neutron.State().Networks); n != 2 {
		t.Errorf("%d networks, want 2", n)
	}
	calls := cloud.Calls.Mutating()
	if len(calls) != 3 || calls[0].Result != "409 OverQuota" || !calls[2].Lost || cloud.Calls.Counts()["neutron:CreateNetwork"] != 3 {
		t.Errorf("calls %+v", calls)
	}
}

func TestState(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	cloud.Clock.Stop()
	if _, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 2}); err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := cloud.DumpJSON(&first); err != nil {
		t.Fatal(err)
	}
	other := openstacktest.Start(t, openstack.Options{Start: cloud.Clock.Now()})
	other.Clock.Stop()
	other.Clock.Set(cloud.Clock.Now())
	if err := other.LoadJSON(bytes.NewReader(first.Bytes())); err != nil {
		t.Fatal(err)
	}
	if err := other.DumpJSON(&second); err != nil {
		t.Fatal(err)
	}
	if first.String() != second.String() {
		t.Error("what is loaded differs from what was dumped")
	}
	control := strings.TrimSuffix(other.AuthURL, "/identity") + "/_control/"
	resp, err := http.Post(control+"clock", "application/json", strings.NewReader(`{"advance":"90s"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer map[string]time.Time
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || !answer["time"].Equal(cloud.Clock.Now().Add(90*time.Second)) {
		t.Errorf("got %v, %v", answer, err)
	}
}
