// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/providers/local/cloud"
	"sigs.k8s.io/cloud-providers/providers/local/cloud/pool"
)

// Every test has addresses of its own in 127.21.0.0/16, so that they can have the same ports.
var nextNet atomic.Int32

type fixture struct {
	t      *testing.T
	cloud  *cloud.Cloud
	client *api.Client
	admin  *api.Admin
	net    int
}

func start(t *testing.T, change ...func(*cloud.Options)) *fixture {
	t.Helper()
	f := &fixture{t: t, net: int(nextNet.Add(1))}
	opts := cloud.Options{DataDir: t.TempDir(), Pools: []pool.Pool{
		mustPool(t, fmt.Sprintf("127.21.%d.0/28", f.net)),
		mustPool(t, "::1/128,shared"),
	}}
	for _, c := range change {
		c(&opts)
	}
	f.run(opts)
	return f
}

func (f *fixture) run(opts cloud.Options) {
	f.t.Helper()
	c, err := cloud.Start(f.t.Context(), opts)
	if err != nil {
		f.t.Fatal(err)
	}
	f.cloud = c
	f.t.Cleanup(func() { _ = c.Close() })
	f.client, err = api.NewClient(c.URL(), api.ClientOptions{TokenFile: opts.TokenFile, UserAgent: "test"})
	if err != nil {
		f.t.Fatal(err)
	}
	f.admin = f.client.Admin()
}

func mustPool(t *testing.T, s string) pool.Pool {
	t.Helper()
	p, err := pool.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

var owner = api.Owner{Cluster: "c1", Namespace: "default", Service: "web", UID: "u1"}

// create makes a load balancer for owner.
func (f *fixture) create(name string, spec api.LoadBalancerSpec) api.LoadBalancer {
	f.t.Helper()
	lb, err := f.client.CreateLoadBalancer(f.t.Context(), api.CreateLoadBalancerRequest{Name: name, Owner: owner, Spec: spec})
	if err != nil {
		f.t.Fatal(err)
	}
	for _, l := range lb.Status.Listeners {
		if l.Error != "" {
			f.t.Fatalf("listener %d: %s", l.Port, l.Error)
		}
	}
	return lb
}

func (f *fixture) update(name string, in api.UpdateLoadBalancerRequest) api.LoadBalancer {
	f.t.Helper()
	in.Cluster = owner.Cluster
	lb, err := f.client.UpdateLoadBalancer(f.t.Context(), name, in)
	if err != nil {
		f.t.Fatal(err)
	}
	return lb
}

func ipv4(listeners []api.Listener, members ...api.Member) api.LoadBalancerSpec {
	return api.LoadBalancerSpec{
		Addressing: api.Addressing{Families: []api.Family{api.IPv4}},
		Listeners:  listeners,
		Members:    members,
	}
}

func tcp(port, memberPort int) []api.Listener {
	return []api.Listener{{Protocol: api.TCP, Port: port, MemberPort: memberPort}}
}

// memberAddress is the address of the test's n-th member.
func (f *fixture) memberAddress(n int) string { return fmt.Sprintf("127.21.%d.%d", f.net, 100+n) }

func (f *fixture) member(n, weight int) api.Member {
	return api.Member{Name: fmt.Sprintf("n%d", n), Address: f.memberAddress(n), Weight: weight}
}

// echoTCP answers each line with the member's name and the line, and after the end of what the client
// sends with "bye". It returns the port.
func (f *fixture) echoTCP(n, port int) {
	f.t.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(f.memberAddress(n), strconv.Itoa(port)))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer func() { _ = c.Close() }()
				in := bufio.NewScanner(c)
				for in.Scan() {
					fmt.Fprintf(c, "n%d %s\n", n, in.Text())
				}
				fmt.Fprint(c, "bye\n")
			}()
		}
	}()
}

func (f *fixture) echoUDP(n, port int) *net.UDPConn {
	f.t.Helper()
	c, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(f.memberAddress(n)), uint16(port))))
	if err != nil {
		f.t.Fatal(err)
	}
	f.t.Cleanup(func() { _ = c.Close() })
	go func() {
		buffer := make([]byte, 2048)
		for {
			k, from, err := c.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = c.WriteToUDPAddrPort(fmt.Appendf(nil, "n%d %s", n, buffer[:k]), from)
		}
	}()
	return c
}

// conversation is a connection that stays open.
type conversation struct {
	*net.TCPConn
	in *bufio.Reader
}

func dialFrom(ctx context.Context, source, target string) (*conversation, error) {
	d := net.Dialer{Timeout: 5 * time.Second}
	if source != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	c, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		return nil, err
	}
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	return &conversation{c.(*net.TCPConn), bufio.NewReader(c)}, nil
}

func (c *conversation) say(line string) (string, error) {
	if _, err := fmt.Fprintln(c, line); err != nil {
		return "", err
	}
	answer, err := c.in.ReadString('\n')
	if err != nil {
		return "", err
	}
	return answer[:len(answer)-1], nil
}

// ask makes one connection, says hello, and returns the answer; "" when it is refused.
func ask(t *testing.T, source, target string) string {
	t.Helper()
	c, err := dialFrom(t.Context(), source, target)
	if err != nil {
		return ""
	}
	defer func() { _ = c.Close() }()
	answer, err := c.say("hello")
	if err != nil {
		return ""
	}
	_ = c.CloseWrite()
	if rest, err := io.ReadAll(c.in); err != nil || string(rest) != "bye\n" {
		t.Errorf("after the client's end: %q, %v", rest, err)
	}
	return answer
}

// eventually polls real state until it is as wanted.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if ok() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func at(lb api.LoadBalancer, port int) string {
	return net.JoinHostPort(lb.Addresses[0], strconv.Itoa(port))
}
