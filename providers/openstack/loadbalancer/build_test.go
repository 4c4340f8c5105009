// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

var update = flag.Bool("update", false, "write the reference page")

const page = "../docs/annotations.md"

func TestReferencePage(t *testing.T) {
	text := Set.Markdown("Annotations of Services", "What the OpenStack provider reads on Services of type LoadBalancer. A value that cannot be is replaced by the default, as upstream does, and all of them are told in one event. \"Only when the load balancer is made\" means that later changes have no effect.")
	if *update {
		if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("%s is not what the code says; run go test ./loadbalancer -update", page)
	}
}

func settings() Settings {
	return Settings{
		Enabled: true, Provider: "amphora", Method: "ROUND_ROBIN", MaxShared: 2, ContainerStore: "barbican",
		Monitor: config.Monitor{Delay: 5, Timeout: 3, MaxRetries: 1, MaxRetriesDown: 3},
		Classes: map[string]config.Class{
			"gold": {Floating: config.Floating{NetworkID: "gold-net", SubnetTags: "gold"}, Placement: config.Placement{NetworkID: "gold-vip", SubnetID: "gold-subnet", MemberSubnetID: "gold-members"}},
		},
	}
}

func node(name string, addresses ...string) *v1.Node {
	n := &v1.Node{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"zone": "a", "role": name}}, Spec: v1.NodeSpec{ProviderID: "openstack:///" + name}}
	for _, a := range addresses {
		kind, ip, _ := strings.Cut(a, " ")
		n.Status.Addresses = append(n.Status.Addresses, v1.NodeAddress{Type: v1.NodeAddressType(kind), Address: ip})
	}
	return n
}

func input(annotations map[string]string, edits ...func(*provider.LoadBalancerInput)) provider.LoadBalancerInput {
	in := provider.LoadBalancerInput{
		ClusterName: "c",
		Service: &v1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "web", UID: types.UID("0a1b-2c"), Annotations: map[string]string{}},
			Spec:       v1.ServiceSpec{Ports: []v1.ServicePort{{Port: 80, NodePort: 30080, Protocol: v1.ProtocolTCP}}},
		},
		Nodes: []*v1.Node{node("n1", "InternalIP 10.0.0.1", "InternalIP 2001:db8::1", "ExternalIP 192.0.2.1"), node("n2", "ExternalIP 192.0.2.2")},
	}
	for key, value := range annotations {
		if !strings.Contains(key, "/") {
			key = Prefix + key
		}
		in.Service.Annotations[key] = value
	}
	for _, edit := range edits {
		edit(&in)
	}
	return in
}

func TestPlacement(t *testing.T) {
	inside := map[string]string{internal.Key(): "true"}
	with := func(base map[string]string, pairs ...string) map[string]string {
		all := map[string]string{}
		for k, v := range base {
			all[k] = v
		}
		for i := 0; i < len(pairs); i += 2 {
			all[pairs[i]] = pairs[i+1]
		}
		return all
	}
	configured := config.Placement{SubnetID: "cfg-subnet", NetworkID: "cfg-net"}
	for name, test := range map[string]struct {
		annotations map[string]string
		placement   config.Placement
		want        VIP
		members     string
	}{
		"nothing":                      {nil, config.Placement{}, VIP{From: "n1", FromAddress: "10.0.0.1"}, ""},
		"configured":                   {nil, configured, VIP{Network: "cfg-net", Subnet: "cfg-subnet"}, "cfg-subnet"},
		"annotation before configured": {with(nil, "subnet-id", "a", "network-id", "b"), configured, VIP{Network: "b", Subnet: "a"}, "cfg-subnet"},
		"members":                      {with(nil, "member-subnet-id", "m"), configured, VIP{Network: "cfg-net", Subnet: "cfg-subnet"}, "m"},
		"class of an external one":     {with(nil, "class", "gold", "subnet-id", "a"), configured, VIP{Network: "gold-vip", Subnet: "gold-subnet"}, "gold-members"},
		"class of an internal one":     {with(inside, "class", "gold", "subnet-id", "a"), configured, VIP{Network: "gold-vip", Subnet: "a"}, "gold-members"},
		"port":                         {with(nil, "port-id", "p"), configured, VIP{Port: "p"}, "cfg-subnet"},
	} {
		t.Run(name, func(t *testing.T) {
			s := settings()
			s.Placement = test.placement
			w, err := build(input(test.annotations), s)
			if err != nil {
				t.Fatal(err)
			}
			if w.VIP != test.want || w.MemberSubnet != test.members {
				t.Errorf("%+v, members in %q", w.VIP, w.MemberSubnet)
			}
		})
	}
}

func TestFloatingChoice(t *testing.T) {
	s := settings()
	s.Floating = config.Floating{NetworkID: "cfg", SubnetID: "cfg-subnet"}
	for name, test := range map[string]struct {
		annotations map[string]string
		want        Floating
	}{
		"configured":      {nil, Floating{Network: "cfg", Subnet: "cfg-subnet"}},
		"annotated":       {map[string]string{"floating-network-id": "n", "floating-subnet": "x*"}, Floating{Network: "n", Pattern: "x*"}},
		"class":           {map[string]string{"class": "gold", "floating-network-id": "n", "floating-subnet": "x*"}, Floating{Network: "gold-net", TagsText: "gold"}},
		"none":            {map[string]string{"floating-network-id": ""}, Floating{None: true, Network: "cfg", Subnet: "cfg-subnet"}},
		"none in a class": {map[string]string{"class": "gold", "floating-network-id": ""}, Floating{Network: "gold-net", TagsText: "gold"}},
	} {
		w, err := build(input(test.annotations), s)
		if err != nil {
			t.Fatal(err)
		}
		w.Floating.Description = ""
		if !reflect.DeepEqual(w.Floating, test.want) {
			t.Errorf("%s: %+v", name, w.Floating)
		}
	}
}

func TestMembers(t *testing.T) {
	family := func(f ...v1.IPFamily) func(*provider.LoadBalancerInput) {
		return func(in *provider.LoadBalancerInput) { in.Service.Spec.IPFamilies = f }
	}
	for name, test := range map[string]struct {
		in   provider.LoadBalancerInput
		want []string
	}{
		"any family":   {input(nil), []string{"10.0.0.1", "192.0.2.2"}},
		"IPv6":         {input(nil, family(v1.IPv6Protocol)), []string{"2001:db8::1"}},
		"external":     {input(map[string]string{"node-address-type": "ExternalIP"}), []string{"192.0.2.1", "192.0.2.2"}},
		"selected":     {input(map[string]string{"node-selector": " role=n2 , zone"}), []string{"192.0.2.2"}},
		"presence":     {input(map[string]string{"node-selector": "zone=,nothing"}), nil},
		"no selection": {input(map[string]string{"node-selector": ""}), []string{"10.0.0.1", "192.0.2.2"}},
		"the same address twice": {input(nil, func(in *provider.LoadBalancerInput) {
			in.Nodes = append(in.Nodes, node("n3", "InternalIP 10.0.0.1"))
		}), []string{"10.0.0.1", "192.0.2.2"}},
		"without NodePort": {input(nil, func(in *provider.LoadBalancerInput) { in.Service.Spec.Ports[0].NodePort = 0 }), nil},
	} {
		w, err := build(test.in, settings())
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, m := range w.Ports[0].Members {
			got = append(got, m.Address)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestProtocols(t *testing.T) {
	for _, test := range []struct {
		annotations    map[string]string
		protocol       v1.Protocol
		listener, pool string
	}{
		{nil, v1.ProtocolTCP, "TCP", "TCP"},
		{map[string]string{"x-forwarded-for": "true"}, v1.ProtocolTCP, "HTTP", "HTTP"},
		{map[string]string{"default-tls-container-ref": "https://k/v1/secrets/1"}, v1.ProtocolTCP, "TERMINATED_HTTPS", "HTTP"},
		{map[string]string{"default-tls-container-ref": "https://k/v1/secrets/1", "x-forwarded-for": "true"}, v1.ProtocolTCP, "TERMINATED_HTTPS", "HTTP"},
		{map[string]string{"default-tls-container-ref": "https://k/v1/secrets/1", "proxy-protocol": "true"}, v1.ProtocolTCP, "TERMINATED_HTTPS", "PROXY"},
		{map[string]string{"proxy-protocol": "v2"}, v1.ProtocolTCP, "TCP", "PROXYV2"},
		{map[string]string{"proxy-protocol": "v2"}, v1.ProtocolUDP, "UDP", "UDP"},
		{map[string]string{"x-forwarded-for": "true"}, v1.ProtocolSCTP, "SCTP", "SCTP"},
		{map[string]string{"default-tls-container-ref": "https://k/v1/secrets/1"}, v1.ProtocolUDP, "UDP", "UDP"},
	} {
		w, err := build(input(test.annotations, func(in *provider.LoadBalancerInput) { in.Service.Spec.Ports[0].Protocol = test.protocol }), settings())
		if err != nil {
			t.Fatal(err)
		}
		if p := w.Ports[0]; p.Listener.Protocol != test.listener || p.Pool.Protocol != test.pool {
			t.Errorf("%v %s: %s/%s", test.annotations, test.protocol, p.Listener.Protocol, p.Pool.Protocol)
		}
	}
}

func TestNames(t *testing.T) {
	in := input(nil)
	if got := nameOf("c", in.Service); got != "kube_service_c_ns_web" {
		t.Error(got)
	}
	if got := legacyName(in.Service); got != "a0a1b2c" {
		t.Error(got)
	}
	long := strings.Repeat("x", 300)
	for _, text := range []string{nameOf(long, in.Service), listenerName(10, nameOf(long, in.Service)), description(long, in.Service), floatingDescription(long, in.Service), groupDescription(long, in.Service)} {
		if len(text) != longest {
			t.Errorf("%d bytes: %s", len(text), text)
		}
	}
	for name, want := range map[string][3]string{
		"kube_service_c_ns_web":                         {"c", "_ns_web", "true"},
		"kube_service_my_cluster_ns_w":                  {"my_cluster", "_ns_w", "true"},
		"kube_service_ns_web":                           {"", "", "false"},
		"kube_ingress_c_ns_web":                         {"", "", "false"},
		nameOf(long, in.Service):                        {"", "", "false"},
		"kube_service_" + long[:200] + "_" + long[:100]: {long[:200], "_" + long[:100], "true"},
	} {
		cluster, rest, ok := clusterIn(cut(name, longest))
		if cluster != want[0] || rest != cut(want[2*0+1], len(rest)) || fmt.Sprint(ok) != want[2] {
			t.Errorf("%s: %q %q %t", name, cluster, rest, ok)
		}
	}
}

func TestSubnetMatch(t *testing.T) {
	for pattern, names := range map[string]struct{ fit, not []string }{
		"":            {[]string{"", "a"}, nil},
		"ext-*":       {[]string{"ext-", "ext-1"}, []string{"", "next-1", "ext-1/2"}},
		"e?t":         {[]string{"ext"}, []string{"et", "exxt"}},
		"{a,b}c":      {[]string{"ac", "bc"}, []string{"c", "abc"}},
		"[a-c]1":      {[]string{"a1", "c1"}, []string{"d1", "1"}},
		"[!a]1":       {[]string{"b1"}, []string{"a1"}},
		"**/x":        {[]string{"x", "a/x", "a/b/x"}, []string{"ax"}},
		"a.b(c)+":     {[]string{"a.b(c)+"}, []string{"axb(c)+"}},
		"!ext-*":      {[]string{"int", ""}, []string{"ext-1"}},
		"~ext-[0-9]+": {[]string{"ext-12"}, []string{"ext-", "ext-1a", ""}},
		"!~ext-.*":    {[]string{"int", ""}, []string{"ext-1"}},
		"~a|ab":       {[]string{"a"}, []string{"ab"}}, // its leftmost match has to be the whole name
		"ü*":          {[]string{"über"}, []string{"uber"}},
	} {
		m, err := newSubnetMatch(pattern, "")
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, n := range names.fit {
			if !m.fits(n, nil) {
				t.Errorf("%s does not fit %q", pattern, n)
			}
		}
		for _, n := range names.not {
			if m.fits(n, nil) {
				t.Errorf("%s fits %q", pattern, n)
			}
		}
	}
	for _, pattern := range []string{"[a", "{a", "a{b,{c}", "~(", "[]"} {
		if _, err := newSubnetMatch(pattern, ""); err == nil {
			t.Errorf("%s is no mistake", pattern)
		}
	}
	for text, tags := range map[string]struct{ fit, not [][]string }{
		"a,b":   {[][]string{{"a"}, {"b", "c"}}, [][]string{nil, {"c"}}},
		"&a b":  {[][]string{{"a", "b", "c"}}, [][]string{{"a"}, nil}},
		"!a,b":  {[][]string{nil, {"c"}}, [][]string{{"a"}, {"b", "c"}}},
		"!&a,b": {[][]string{nil, {"a"}}, [][]string{{"a", "b"}}},
	} {
		m, _ := newSubnetMatch("", text)
		for _, tags := range tags.fit {
			if !m.fits("", tags) {
				t.Errorf("%s does not fit %v", text, tags)
			}
		}
		for _, tags := range tags.not {
			if m.fits("", tags) {
				t.Errorf("%s fits %v", text, tags)
			}
		}
	}
}

func FuzzSubnetMatch(f *testing.F) {
	for _, text := range []string{"ext-*", "{a,b}", "[a-z]", "~a.*", "!x", "**/a", "[", "{"} {
		f.Add(text, "name", "a,&b")
	}
	f.Fuzz(func(_ *testing.T, pattern, name, tags string) {
		if m, err := newSubnetMatch(pattern, tags); err == nil {
			m.fits(name, strings.Fields(tags))
		}
	})
}

func FuzzAnnotations(f *testing.F) {
	for _, key := range Set.Keys() {
		f.Add(key, "true")
		f.Add(key, "-1")
	}
	f.Fuzz(func(t *testing.T, key, value string) {
		in := input(nil)
		in.Service.Annotations[key] = value
		w, err := build(in, settings())
		if err != nil && !provider.IsUserError(err) {
			t.Fatalf("%v", err)
		}
		again, _ := build(in, settings())
		if !reflect.DeepEqual(w, again) {
			t.Error("built differently the second time")
		}
	})
}

// TestDiffIsPure: what is compared is not changed.
func TestDiffIsPure(t *testing.T) {
	w, err := build(input(map[string]string{"enable-health-monitor": "true"}), settings())
	if err != nil {
		t.Fatal(err)
	}
	w.Internal = true
	old := "kube_service_old_ns_web"
	a := Actual{Name: w.Name, Octavia: client.Version{Major: 2, Minor: 26}, Published: []string{"10.0.0.9"}, Balancer: &Balancer{
		ID: "lb", Name: old, Status: active, Tags: []string{old}, Address: "10.0.0.9",
		Listeners: []ListenerActual{{ID: "l", Listener: Listener{Name: "listener_0_" + old, Protocol: tcp, Port: 80, Tags: []string{old}}, Pool: &PoolActual{ID: "p", Pool: Pool{Name: "pool_0_" + old, Protocol: tcp}, Monitor: &MonitorActual{ID: "m", Monitor: Monitor{Name: "monitor_0_" + old}}}}},
	}}
	before := a.clone()
	changes, err := diff(w, a)
	if err != nil || len(changes) == 0 {
		t.Fatalf("%v, %v", changes, err)
	}
	if !reflect.DeepEqual(a, before) {
		t.Errorf("changed:\n%+v\n%+v", a, before)
	}
	if again, _ := diff(w, a); len(again) != len(changes) {
		t.Errorf("%d changes at first, then %d", len(changes), len(again))
	}
}
