// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build openstackreal

package openstack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2/openstack/compute/v2/servers"
	"github.com/gophercloud/gophercloud/v2/openstack/keymanager/v1/secrets"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/listeners"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/loadbalancers"
	"github.com/gophercloud/gophercloud/v2/openstack/loadbalancer/v2/pools"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/extensions/layer3/floatingips"
	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/real"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/managed"
	"sigs.k8s.io/cloud-providers/test/process"
)

// realEnv is a cluster in the real OpenStack.
type realEnv struct {
	*env
	bed     *real.Bed
	clients real.Clients
	config  string
}

func newRealEnv(t *testing.T) *realEnv {
	t.Helper()
	bed := real.Start(t)
	conf, err := os.ReadFile(bed.CloudConf)
	if err != nil {
		t.Fatal(err)
	}
	e := &env{Env: managed.New(t, cluster.Options{})}
	e.Limit = 5 * time.Minute
	text := strings.Replace(string(conf), "[LoadBalancer]", "[LoadBalancer]\nmanage-security-groups = true\nmonitor-delay = 10s", 1)
	return &realEnv{env: e, bed: bed, clients: bed.Clients(), config: text}
}

func (e *realEnv) run() *process.Process {
	e.T.Helper()
	return e.manager(e.config, "--node-change-window=1s", "--node-monitor-period=2s", "--configure-cloud-routes=true", "--cluster-cidr="+cluster.ClusterCIDRv4)
}

// list asks the command line, as the tenant.
func (e *realEnv) list(args ...string) []map[string]any {
	e.T.Helper()
	out, err := e.bed.CLI(append(args, "-f", "json")...)
	if err != nil {
		e.T.Fatalf("openstack %v: %v\n%s", args, err, out)
	}
	var rows []map[string]any
	if err := json.Unmarshal([]byte(out), &rows); err != nil {
		e.T.Fatalf("openstack %v: %v\n%s", args, err, out)
	}
	return rows
}

// leftovers are the names of what Services may leave.
func (e *realEnv) leftovers() []string {
	e.T.Helper()
	var all []string
	for kind, field := range map[string]string{"loadbalancer": "name", "floating ip": "Floating IP Address", "security group": "Name"} {
		for _, row := range e.list(append(strings.Fields(kind), "list")...) {
			all = append(all, kind+" "+fmt.Sprint(row[field]))
		}
	}
	slices.Sort(all)
	return all
}

func (e *realEnv) balancer(service string) *loadbalancers.LoadBalancer {
	e.T.Helper()
	lb, err := loadbalancers.Get(e.Ctx, e.clients.LoadBalancer, e.Service(service).Annotations[prefix+"load-balancer-id"]).Extract()
	if err != nil {
		e.T.Fatal(err)
	}
	return lb
}

// serves waits until a Service that has an address is not worked on any more.
func (e *realEnv) serves(name string) *loadbalancers.LoadBalancer {
	e.T.Helper()
	e.Served(name)
	var lb *loadbalancers.LoadBalancer
	e.Eventually("load balancer of "+name+" is ACTIVE", func() error {
		if lb = e.balancer(name); lb.ProvisioningStatus != "ACTIVE" {
			return errors.New(lb.ProvisioningStatus)
		}
		return nil
	})
	return lb
}

func (e *realEnv) dryRun() string {
	e.T.Helper()
	spec := e.spec(e.config, "--dry-run", "--configure-cloud-routes=false")
	out, err := exec.CommandContext(e.Ctx, spec.Path, spec.Args...).CombinedOutput()
	if err != nil {
		e.T.Errorf("dry run: %v", err)
	}
	return string(out)
}

// TestReal is the program against real Keystone, Nova, Neutron, Octavia and Barbican.
func TestReal(t *testing.T) {
	e := newRealEnv(t)
	before := e.leftovers()
	var names []string
	for name := range e.bed.Servers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		e.Join(kubelets.Machine{Name: name})
	}
	manager := e.run()

	t.Run("nodes", func(t *testing.T) {
		for _, name := range names {
			n, s := e.Initialised(name), e.bed.Servers[name]
			if n.Spec.ProviderID != s.ProviderID || n.Labels[v1.LabelTopologyZone] != s.Zone || n.Labels[v1.LabelTopologyRegion] != e.bed.Region || n.Labels[v1.LabelInstanceTypeStable] == "" {
				t.Errorf("%s: %s %v", name, n.Spec.ProviderID, n.Labels)
			}
			for _, ip := range s.Addresses {
				if !strings.Contains(managed.Addresses(n), "InternalIP "+ip) {
					t.Errorf("%s: %s, want %v", name, managed.Addresses(n), s.Addresses)
				}
			}
		}
	})
	t.Run("routes", func(t *testing.T) {
		e.Eventually("a route to each node", func() error {
			out, err := e.bed.CLI("router", "show", e.bed.RouterID, "-f", "json")
			if err != nil {
				return err
			}
			for _, name := range names {
				if cidr := e.Node(name).Spec.PodCIDR; cidr == "" || !strings.Contains(out, cidr) {
					return fmt.Errorf("none to %s of %s: %s", cidr, name, out)
				}
			}
			return nil
		})
	})
	t.Run("load balancers of all kinds", func(t *testing.T) {
		internal := func(s *v1.Service) {
			s.Annotations["service.beta.kubernetes.io/openstack-internal-load-balancer"] = "true"
		}
		tcp := func(port int32) v1.ServicePort { return v1.ServicePort{Name: fmt.Sprint("t", port), Port: port} }
		udp := func(port int32) v1.ServicePort {
			return v1.ServicePort{Name: fmt.Sprint("u", port), Port: port, Protocol: v1.ProtocolUDP}
		}
		secret, err := secrets.Create(e.Ctx, e.clients.KeyManager, secrets.CreateOpts{Name: "tls", SecretType: secrets.OpaqueSecret, Payload: "AAAA", PayloadContentType: "application/octet-stream", PayloadContentEncoding: "base64"}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			id := secret.SecretRef[strings.LastIndex(secret.SecretRef, "/")+1:]
			if err := secrets.Delete(context.WithoutCancel(e.Ctx), e.clients.KeyManager, id).ExtractErr(); err != nil {
				t.Error(err)
			}
		})
		kinds := map[string][]func(*v1.Service){
			"web":       nil,
			"inside":    {internal},
			"mixed":     {internal, func(s *v1.Service) { s.Spec.Ports = []v1.ServicePort{tcp(53), udp(53)} }},
			"forwarded": {internal, annotated("x-forwarded-for", "true")},
			"proxied":   {internal, annotated("proxy-protocol", "v2")},
			"checked":   {internal, annotated("enable-health-monitor", "true")},
			"local":     {internal, annotated("enable-health-monitor", "true"), func(s *v1.Service) { s.Spec.ExternalTrafficPolicy = v1.ServiceExternalTrafficPolicyLocal }},
			"few":       {internal, func(s *v1.Service) { s.Spec.LoadBalancerSourceRanges = []string{"10.0.0.0/8"} }},
			"sticky":    {internal, func(s *v1.Service) { s.Spec.SessionAffinity = v1.ServiceAffinityClientIP }},
		}
		for name, edits := range kinds {
			e.balanced(name, edits...)
			e.serves(name)
		}
		e.balanced("no-certificate", annotated("default-tls-container-ref", secret.SecretRef+"0"))
		e.Event("no-certificate", "SyncLoadBalancerFailed", "Barbican")
		e.remove("no-certificate")
		if out := e.dryRun(); !strings.Contains(out, "Nothing to do") {
			t.Errorf("over what was made: %s", out)
		}
		for name := range kinds {
			if name != "web" {
				e.remove(name)
			}
		}
	})
	t.Run("another shares it", func(t *testing.T) {
		e.balanced("guest", annotated("load-balancer-id", e.Service("web").Annotations[prefix+"load-balancer-id"]), func(s *v1.Service) { s.Spec.Ports[0].Port = 81 })
		lb := e.serves("guest")
		if len(lb.Listeners) != 2 || len(lb.Tags) != 2 {
			t.Errorf("%d listeners, tags %v", len(lb.Listeners), lb.Tags)
		}
		e.balanced("late", annotated("load-balancer-id", lb.ID))
		e.Event("late", "SyncLoadBalancerFailed", "port 80/TCP is taken")
		e.remove("late")
		e.remove("guest")
	})
	t.Run("taken over from upstream", func(t *testing.T) {
		if err := manager.Kill(); err != nil {
			t.Fatal(err)
		}
		e.balanced("old", func(s *v1.Service) { s.Finalizers = []string{managed.Finalizer} })
		s := e.Service("old")
		name := "kube_service_kubernetes_default_old"
		limit, client, connect, inspect := -1, 50000, 5000, 0
		pool := pools.CreateOpts{Name: "pool_0_" + name, Protocol: "TCP", LBMethod: "ROUND_ROBIN"}
		for _, node := range names {
			pool.Members = append(pool.Members, pools.CreateMemberOpts{Name: node, Address: e.bed.Servers[node].Addresses[0], ProtocolPort: int(s.Spec.Ports[0].NodePort), SubnetID: e.bed.SubnetID})
		}
		lb, err := loadbalancers.Create(e.Ctx, e.clients.LoadBalancer, loadbalancers.CreateOpts{
			Name: name, Description: "Kubernetes external service default/old from cluster kubernetes", VipSubnetID: e.bed.SubnetID, Provider: "amphora", Tags: []string{name},
			Listeners: []listeners.CreateOpts{{Name: "listener_0_" + name, Protocol: "TCP", ProtocolPort: 80, ConnLimit: &limit, TimeoutClientData: &client, TimeoutMemberData: &client, TimeoutMemberConnect: &connect, TimeoutTCPInspect: &inspect, AllowedCIDRs: []string{"0.0.0.0/0"}, Tags: []string{name}, DefaultPool: &pool}},
		}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		e.Eventually("upstream's load balancer is ACTIVE", func() error {
			now, err := loadbalancers.Get(e.Ctx, e.clients.LoadBalancer, lb.ID).Extract()
			if err != nil || now.ProvisioningStatus != "ACTIVE" {
				return fmt.Errorf("%v", err)
			}
			return nil
		})
		ip, err := floatingips.Create(e.Ctx, e.clients.Network, floatingips.CreateOpts{FloatingNetworkID: e.bed.ExternalNetworkID, PortID: lb.VipPortID, Description: "Floating IP for Kubernetes external service default/old from cluster kubernetes"}).Extract()
		if err != nil {
			t.Fatal(err)
		}
		e.config = strings.Replace(e.config, "manage-security-groups = true\n", "", 1)
		plan := e.dryRun()
		for line := range strings.Lines(plan) {
			if strings.Contains(line, "load balancer") || strings.Contains(line, "listener") || strings.Contains(line, "pool") || strings.Contains(line, "members") || strings.Contains(line, "floating IP") {
				t.Errorf("would change what upstream left: %s", line)
			}
		}
		manager = e.run()
		if got := e.Served("old").Status.LoadBalancer.Ingress[0].IP; got != ip.FloatingIP {
			t.Errorf("%s, want %s", got, ip.FloatingIP)
		}
		e.remove("old")
	})
	t.Run("a frozen worker holds nobody up", func(t *testing.T) {
		e.bed.StopWorker()
		t.Cleanup(e.bed.ContinueWorker)
		e.balanced("frozen")
		e.Eventually("it is PENDING", func() error {
			for _, row := range e.list("loadbalancer", "list") {
				if row["name"] == "kube_service_kubernetes_default_frozen" && row["provisioning_status"] == "PENDING_CREATE" {
					return nil
				}
			}
			return errors.New("not yet")
		})
		e.balanced("wrong", annotated("class", "gold"))
		e.Event("wrong", "SyncLoadBalancerFailed", `there is no class "gold"`) // told while the other waits
		e.remove("wrong")
		e.bed.ContinueWorker()
		e.serves("frozen")
	})
	t.Run("one in ERROR is made anew, with its address", func(t *testing.T) {
		address, old := e.Service("frozen").Status.LoadBalancer.Ingress[0].IP, e.balancer("frozen").ID
		e.bed.SetLoadBalancerStatus(old, "ERROR")
		e.Edit("frozen", func(s *v1.Service) { s.Spec.Ports[0].Port = 8080 })
		e.Eventually("another load balancer", func() error {
			if id := e.Service("frozen").Annotations[prefix+"load-balancer-id"]; id == old {
				return errors.New("still the old one")
			}
			return nil
		})
		if got := e.Served("frozen").Status.LoadBalancer.Ingress[0].IP; got != address {
			t.Errorf("address %s, want %s", got, address)
		}
		e.remove("frozen")
	})
	t.Run("a quota that is used up", func(t *testing.T) {
		e.bed.SetLoadBalancerQuota("load_balancer", 1)
		e.balanced("much")
		e.Event("much", "SyncLoadBalancerFailed", "Quota has been met for resources")
		e.remove("much")
		e.bed.SetLoadBalancerQuota("load_balancer", -1)
	})
	t.Run("Neutron is away for a while", func(t *testing.T) {
		e.bed.EndService("neutron")
		e.balanced("patient")
		e.Event("patient", "SyncLoadBalancerFailed")
		e.bed.RestartServices()
		e.Edit("patient", func(s *v1.Service) { s.Spec.Ports[0].Port = 8081 })
		e.serves("patient")
		e.remove("patient")
		for _, name := range names {
			e.Node(name) // nobody was deleted meanwhile
		}
	})
	t.Run("servers stop and go", func(t *testing.T) {
		last := names[len(names)-1]
		if err := e.Fleet.StopHeartbeat(last); err != nil {
			t.Fatal(err)
		}
		id := e.bed.Servers[last].ID
		if err := servers.Stop(e.Ctx, e.clients.Compute, id).ExtractErr(); err != nil {
			t.Fatal(err)
		}
		e.Eventually("the taint of "+last, func() error {
			if !managed.HasTaint(e.Node(last), managed.StopTaint) {
				return errors.New("it has none")
			}
			return nil
		})
		if err := servers.Delete(e.Ctx, e.clients.Compute, id).ExtractErr(); err != nil {
			t.Fatal(err)
		}
		e.deleted(last)
	})
	t.Run("nothing is left", func(t *testing.T) {
		e.remove("web")
		if after := e.leftovers(); !slices.Equal(after, before) {
			t.Errorf("before %v\nafter %v", before, after)
		}
		if failures := e.Messages("web", "SyncLoadBalancerFailed"); len(failures) > 0 {
			t.Errorf("failures were told: %q", failures)
		}
	})
}
