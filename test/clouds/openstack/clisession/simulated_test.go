// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"fmt"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/nova"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/octavia"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
)

// simulatedCloud looks as real.Start's does. Its clock stands still but in work.
type simulatedCloud struct {
	*openstacktest.Cloud
	project string
	vars    map[string]string
}

func (c *simulatedCloud) login() []string {
	return []string{
		"OS_AUTH_URL=" + c.AuthURL + "/v3", "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=" + c.Region(), "OS_USERNAME=ccm",
		"OS_PASSWORD=secret", "OS_PROJECT_NAME=k8s", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default",
	}
}

func (c *simulatedCloud) variables() map[string]string { return c.vars }

func (c *simulatedCloud) work(on bool) {
	if on {
		c.Clock.Advance(10 * time.Second)
	}
}

func (c *simulatedCloud) quota(service, name string, limit int) error {
	if service == "network" {
		c.Neutron.SetQuota(c.project, name, limit)
		return nil
	}
	q := octavia.Unlimited()
	field, ok := map[string]*int{
		"load_balancer": &q.LoadBalancer, "listener": &q.Listener, "pool": &q.Pool, "member": &q.Member, "health_monitor": &q.HealthMonitor,
	}[name]
	if !ok {
		return fmt.Errorf("no quota %s", name)
	}
	*field = limit
	c.Octavia.SetQuotas(c.project, q)
	return nil
}

func unlimited() neutron.Quotas {
	all := neutron.DefaultQuotas()
	for name := range all {
		all[name] = -1
	}
	return all
}

func startSimulated(t *testing.T) *simulatedCloud {
	t.Helper()
	cloud := openstacktest.Start(t, openstack.Options{
		Network: neutron.Options{Quotas: unlimited(), MaxRoutes: 1000, L3Agent: true}, LoadBalancing: octavia.Options{Providers: []string{"amphora", "octavia"}},
	})
	cloud.Clock.Stop()
	project := cloud.Keystone.AddProject("k8s")
	user := cloud.Keystone.AddUser(keystone.User{Name: "ccm", Password: "secret", DefaultProjectID: project.ID, Projects: []string{project.ID}})
	c := &simulatedCloud{Cloud: cloud, project: project.ID, vars: map[string]string{"PROJECT": project.ID, "PASSWORD": "secret"}}
	credential := cloud.Keystone.AddApplicationCredential(keystone.ApplicationCredential{Name: "osbed", Secret: "x3cr3t", UserID: user.ID, ProjectID: project.ID})
	c.vars["CREDENTIAL"], c.vars["CREDENTIAL_SECRET"] = credential.ID, credential.Secret
	c.addNetworks(t)
	flavor := cloud.Nova.AddFlavor(nova.Flavor{Name: "m1.tiny", RAM: 512, VCPUs: 1, Disk: 1})
	cloud.Nova.AddFlavor(nova.Flavor{Name: "m1.small", RAM: 2048, VCPUs: 2, Disk: 1})
	c.vars["FLAVOR"], c.vars["IMAGE"] = flavor.ID, cloud.Images.Add("tiny")
	for i := range 3 {
		c.addServer(t, i, nova.Server{Name: fmt.Sprintf("node-%d", i), FlavorID: flavor.ID, ImageID: c.vars["IMAGE"], UserID: user.ID})
	}
	return c
}

func (c *simulatedCloud) addServer(t *testing.T, i int, v nova.Server) {
	t.Helper()
	v.ProjectID, v.Metadata = c.project, map[string]string{"role": "node"}
	v.Zone, v.Host = fmt.Sprintf("az%d", i%2+1), fmt.Sprintf("compute%d", i%2+1)
	server := c.Nova.AddServer(v)
	port, err := c.Neutron.AddPort(neutron.Port{
		Common: neutron.Common{ProjectID: c.project}, NetworkID: c.vars["NETWORK"], DeviceID: server.ID, DeviceOwner: "compute:" + v.Zone,
		SecurityGroups: []string{c.vars["GROUP"]}, FixedIPs: []neutron.FixedIP{{SubnetID: c.vars["SUBNET"], IPAddress: fmt.Sprintf("10.250.1.%d", 10+i)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	key := fmt.Sprintf("NODE_%d", i)
	c.vars[key], c.vars[key+"_IP"], c.vars[key+"_PORT"] = server.ID, port.FixedIPs[0].IPAddress, port.ID
	c.Clock.Advance(time.Second) // the newest is listed first
}

func (c *simulatedCloud) addNetworks(t *testing.T) {
	t.Helper()
	yes := true
	own, operator := neutron.Common{ProjectID: c.project}, neutron.Common{ProjectID: c.Keystone.AddProject("admin").ID}
	check := func(name, id string, err error) {
		if err != nil {
			t.Fatal(err)
		}
		c.vars[name] = id
	}
	external, err := c.Neutron.AddNetwork(neutron.Network{Name: "public", External: true, IsDefault: &yes, MTU: 1500, Common: operator})
	check("EXTERNAL", external.ID, err)
	subnet, err := c.Neutron.AddSubnet(neutron.Subnet{Name: "public-subnet", NetworkID: external.ID, CIDR: "172.24.4.0/22", Common: operator})
	check("EXTERNAL_SUBNET", subnet.ID, err)
	network, err := c.Neutron.AddNetwork(neutron.Network{Name: "k8s-net", MTU: 1500, Common: own})
	check("NETWORK", network.ID, err)
	subnet, err = c.Neutron.AddSubnet(neutron.Subnet{Name: "k8s-subnet", NetworkID: network.ID, CIDR: "10.250.0.0/20", Common: own})
	check("SUBNET", subnet.ID, err)
	router, err := c.Neutron.AddRouter(neutron.Router{Name: "k8s-router", ExternalGatewayInfo: &neutron.Gateway{NetworkID: external.ID}, Common: own}, subnet.ID)
	check("ROUTER", router.ID, err)
	own.Description = "nodes"
	group, err := c.Neutron.AddSecurityGroup(neutron.SecurityGroup{Name: "k8s-nodes", Common: own})
	check("GROUP", group.ID, err)
}

// TestSimulated runs the sessions against the simulated services, which have to answer as the real ones did.
func TestSimulated(t *testing.T) {
	for _, name := range sessions(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			compare(t, name, run(t, startSimulated(t), name))
		})
	}
}
