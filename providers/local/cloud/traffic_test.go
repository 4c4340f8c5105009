// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	proxyproto "github.com/pires/go-proxyproto"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

func TestConnectionsAreSharedByWeight(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	f.echoTCP(2, 7000)
	f.echoTCP(3, 7000)
	lb := f.create("a", ipv4(tcp(80, 7000), f.member(1, 3), f.member(2, 1), f.member(3, 0)))
	count := map[string]int{}
	for range 8 {
		count[ask(t, "", at(lb, 80))]++
	}
	if count["n1 hello"] != 6 || count["n2 hello"] != 2 {
		t.Errorf("of 8 connections with weights 3, 1 and 0 the members got %v", count)
	}
}

func TestUnreachableMemberIsPassedOver(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	lb := f.create("a", ipv4(tcp(80, 7000), f.member(1, 1), f.member(2, 1)))
	for range 4 {
		if got := ask(t, "", at(lb, 80)); got != "n1 hello" {
			t.Fatalf("got %q", got)
		}
	}
}

func TestWithoutMembersConnectionsAreRefusedAtOnce(t *testing.T) {
	f := start(t)
	lb := f.create("a", ipv4(tcp(80, 7000)))
	c, err := dialFrom(t.Context(), "", at(lb, 80))
	if err == nil {
		_, err = c.say("hello")
	}
	if err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("err = %v, want a reset", err)
	}
}

func TestChangesLeaveOtherConnectionsAlone(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	f.echoTCP(2, 7000)
	spec := ipv4(tcp(80, 7000), f.member(1, 1))
	spec.Settings.DrainTimeout = api.Duration(50 * time.Millisecond)
	lb := f.create("a", spec)
	stays, err := dialFrom(t.Context(), "", at(lb, 80))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := stays.say("1"); got != "n1 1" {
		t.Fatal(got, err)
	}

	both := []api.Member{f.member(1, 0), f.member(2, 1)}
	settings := spec.Settings
	settings.SourceRanges = []string{"127.0.0.9/32"}
	more := append(tcp(80, 7000), api.Listener{Protocol: api.TCP, Port: 81, MemberPort: 7000})
	f.update("a", api.UpdateLoadBalancerRequest{Members: &both, Settings: &settings, Listeners: &more})
	if got, err := stays.say("2"); got != "n1 2" {
		t.Errorf("the connection did not survive the change: %q, %v", got, err)
	}
	if got := ask(t, "", at(lb, 80)); got != "" {
		t.Errorf("a new connection from outside the source ranges got %q", got)
	}
	if got := ask(t, "127.0.0.9", at(lb, 81)); got != "n2 hello" {
		t.Errorf("a new connection got %q, want n2", got)
	}

	only2 := []api.Member{f.member(2, 1)}
	f.update("a", api.UpdateLoadBalancerRequest{Members: &only2})
	eventually(t, "the connection to the removed member ends after the drain time", func() bool {
		_, err := stays.say("3")
		return err != nil
	})
}

func TestRemovedListenerAndDeletedBalancerRefuse(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	lb := f.create("a", ipv4(append(tcp(80, 7000), tcp(81, 7000)...), f.member(1, 1)))
	first := tcp(80, 7000)
	f.update("a", api.UpdateLoadBalancerRequest{Listeners: &first})
	if ask(t, "", at(lb, 80)) != "n1 hello" || ask(t, "", at(lb, 81)) != "" {
		t.Error("port 81 is still open, or 80 is not")
	}
	open, err := dialFrom(t.Context(), "", at(lb, 80))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.client.DeleteLoadBalancer(t.Context(), "c1", "a"); err != nil {
		t.Fatal(err)
	}
	if _, err := open.say("hello"); err == nil {
		t.Error("a connection outlived its load balancer")
	}
	if got := ask(t, "", at(lb, 80)); got != "" {
		t.Errorf("the deleted load balancer answers %q", got)
	}
}

func TestAffinityKeepsClients(t *testing.T) {
	f := start(t)
	var members []api.Member
	for n := range 4 {
		f.echoTCP(n, 7000)
		members = append(members, f.member(n, 1))
	}
	spec := ipv4(append(tcp(80, 7000), tcp(81, 7000)...), members[:3]...)
	spec.Settings.Affinity = api.Duration(time.Hour)
	lb := f.create("a", spec)
	chosen := map[string]string{}
	used := map[string]bool{}
	for client := range 20 {
		source := fmt.Sprintf("127.0.3.%d", client+1)
		chosen[source] = ask(t, source, at(lb, 80))
		used[chosen[source]] = true
		if got := ask(t, source, at(lb, 81)); got != chosen[source] {
			t.Errorf("client %s got %q at one port and %q at the other", source, chosen[source], got)
		}
	}
	if len(used) != 3 {
		t.Errorf("20 clients used only %v", used)
	}
	f.update("a", api.UpdateLoadBalancerRequest{Members: &members})
	for source, before := range chosen {
		if got := ask(t, source, at(lb, 80)); got != before {
			t.Errorf("a member more took client %s from %q to %q", source, before, got)
		}
	}
}

func TestProxyProtocolTellsTheClient(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		t.Run(version, func(t *testing.T) {
			f := start(t)
			l, err := net.Listen("tcp", net.JoinHostPort(f.memberAddress(1), "7000"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			seen := make(chan *proxyproto.Header, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer func() { _ = c.Close() }()
				header, err := proxyproto.Read(bufio.NewReader(c))
				if err != nil {
					t.Error(err)
				}
				seen <- header
				fmt.Fprintln(c, "ok")
			}()
			spec := ipv4(tcp(80, 7000), f.member(1, 1))
			spec.Settings.ProxyProtocol = version
			lb := f.create("a", spec)
			c, err := dialFrom(t.Context(), "127.0.4.4", at(lb, 80))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := c.say("hello"); got != "ok" {
				t.Fatal(got, err)
			}
			h := <-seen
			if h.SourceAddr.(*net.TCPAddr).IP.String() != "127.0.4.4" || h.DestinationAddr.String() != at(lb, 80) || "v"+strconv.Itoa(int(h.Version)) != version {
				t.Errorf("header = %+v", h)
			}
		})
	}
}

func TestIdleConnectionsAreClosed(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	spec := ipv4(tcp(80, 7000), f.member(1, 1))
	spec.Settings.IdleTimeout = api.Duration(50 * time.Millisecond)
	lb := f.create("a", spec)
	c, err := dialFrom(t.Context(), "", at(lb, 80))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.say("1"); got != "n1 1" {
		t.Fatal(got, err)
	}
	if _, err := c.in.ReadByte(); err == nil || strings.Contains(err.Error(), "timeout") {
		t.Errorf("err = %v, want the end of the connection", err)
	}
}

func TestHealthChecksDecideWhoGetsConnections(t *testing.T) {
	f := start(t)
	var sick atomic.Bool
	check := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if sick.Load() || r.URL.Path != "/healthz" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})}
	l, err := net.Listen("tcp", net.JoinHostPort(f.memberAddress(1), "7001"))
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = check.Serve(l) }()
	defer func() { _ = check.Close() }()
	f.echoTCP(1, 7000)
	f.echoTCP(2, 7000) // answers no health check

	spec := ipv4(tcp(80, 7000), f.member(1, 1), f.member(2, 1))
	spec.Settings.HealthCheck = &api.HealthCheck{Protocol: "http", Port: 7001, Path: "/healthz", Interval: api.Duration(10 * time.Millisecond)}
	lb := f.create("a", spec)
	health := func() string {
		list, err := f.client.ListLoadBalancers(t.Context(), "c1")
		if err != nil {
			t.Fatal(err)
		}
		return list[0].Status.Members[0].Health + " " + list[0].Status.Members[1].Health
	}
	eventually(t, "one member is healthy, the other not", func() bool { return health() == "healthy unhealthy" })
	for range 3 {
		if got := ask(t, "", at(lb, 80)); got != "n1 hello" {
			t.Errorf("got %q", got)
		}
	}
	sick.Store(true)
	eventually(t, "no member is healthy", func() bool { return health() == "unhealthy unhealthy" })
	if got := ask(t, "", at(lb, 80)); got != "" {
		t.Errorf("with no healthy member a client got %q", got)
	}
	sick.Store(false)
	eventually(t, "the member is healthy again", func() bool { return health() == "healthy unhealthy" })
}

func TestUDPFlows(t *testing.T) {
	f := start(t)
	one := f.echoUDP(1, 7000)
	f.echoUDP(2, 7000)
	spec := ipv4([]api.Listener{{Protocol: api.UDP, Port: 53, MemberPort: 7000}}, f.member(1, 1), f.member(2, 1))
	spec.Settings.SourceRanges = []string{"127.0.6.0/24"}
	lb := f.create("a", spec)

	client := dialUDP(t, "127.0.6.1", at(lb, 53))
	first := client.say(t, "a")
	if again := client.say(t, "a"); first == "" || again != first {
		t.Errorf("a flow went from %q to %q", first, again)
	}
	if other := dialUDP(t, "127.0.6.1", at(lb, 53)).say(t, "a"); other == first || other == "" {
		t.Errorf("the second flow got %q as the first got %q", other, first)
	}
	if got := dialUDP(t, "127.0.7.1", at(lb, 53)).say(t, "a"); got != "" {
		t.Errorf("outside the source ranges a client got %q", got)
	}
	if first == "n1 a" {
		_ = one.Close()
		two := []api.Member{f.member(2, 1)}
		f.update("a", api.UpdateLoadBalancerRequest{Members: &two})
		if got := client.say(t, "b"); got != "n2 b" {
			t.Errorf("after its member was removed, the flow got %q", got)
		}
	}
}

func TestUDPFlowsAreForgotten(t *testing.T) {
	f := start(t)
	f.echoUDP(1, 7000)
	spec := ipv4([]api.Listener{{Protocol: api.UDP, Port: 53, MemberPort: 7000}}, f.member(1, 1))
	spec.Settings.UDPIdleTimeout = api.Duration(30 * time.Millisecond)
	lb := f.create("a", spec)
	client := dialUDP(t, "", at(lb, 53))
	if got := client.say(t, "a"); got != "n1 a" {
		t.Fatal(got)
	}
	eventually(t, "the flow is gone", func() bool {
		lbs, err := f.client.LookupLoadBalancers(t.Context(), []string{"a"})
		return err == nil && lbs[0].Status.Listeners[0].Connections == 0
	})
	if got := client.say(t, "b"); got != "n1 b" {
		t.Errorf("after a pause the client got %q", got)
	}
}

type udpClient struct{ net.Conn }

func dialUDP(t *testing.T, source, target string) udpClient {
	t.Helper()
	d := net.Dialer{}
	if source != "" {
		d.LocalAddr = &net.UDPAddr{IP: net.ParseIP(source)}
	}
	c, err := d.DialContext(t.Context(), "udp", target)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return udpClient{c}
}

// say sends a datagram and returns the answer; "" when there is none for half a second.
func (c udpClient) say(t *testing.T, s string) string {
	t.Helper()
	if _, err := c.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	_ = c.SetReadDeadline(time.Now().Add(500 * time.Millisecond))
	buffer := make([]byte, 2048)
	n, err := c.Read(buffer)
	if err != nil {
		return ""
	}
	return string(buffer[:n])
}

func TestPortThatCannotBeOpenedIsReportedAndTriedAgain(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	address := fmt.Sprintf("127.21.%d.1", f.net)
	taken, err := net.Listen("tcp", net.JoinHostPort(address, "80"))
	if err != nil {
		t.Fatal(err)
	}
	lb, err := f.client.CreateLoadBalancer(t.Context(), api.CreateLoadBalancerRequest{Name: "a", Owner: owner, Spec: ipv4(tcp(80, 7000), f.member(1, 1))})
	if err != nil {
		t.Fatal(err)
	}
	if e := lb.Status.Listeners[0].Error; !strings.Contains(e, "address already in use") {
		t.Errorf("error = %q", e)
	}
	_ = taken.Close()
	eventually(t, "the port is opened once it is free", func() bool { return ask(t, "", at(lb, 80)) == "n1 hello" })
}

func TestDualStackAddressServesBothFamilies(t *testing.T) {
	f := start(t)
	f.echoTCP(1, 7000)
	free, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no IPv6 loopback address")
	}
	port := free.Addr().(*net.TCPAddr).Port
	_ = free.Close()
	spec := ipv4(tcp(port, 7000), f.member(1, 1))
	spec.Addressing.Families = []api.Family{api.IPv4, api.IPv6}
	lb := f.create("a", spec)
	for _, address := range lb.Addresses {
		if got := ask(t, "", net.JoinHostPort(address, strconv.Itoa(port))); got != "n1 hello" {
			t.Errorf("at %s: %q", address, got)
		}
	}
	if lb.Addresses[1] != "::1" {
		t.Errorf("addresses = %v", lb.Addresses)
	}
}
