// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/cloud/health"
)

// maxFlows bounds the sockets of one UDP listener; datagrams of further clients are dropped.
// Each flow has a buffer for the largest datagram, so that they take 256 MiB at most.
const maxFlows = 4096

type udpPort struct {
	b    *balancer
	key  portKey
	conn *net.UDPConn

	mu    sync.Mutex
	flows map[netip.AddrPort]*flow
}

// flow is what one client address and port sends, and gets back.
type flow struct {
	session    *session
	memberPort int
	server     *net.UDPConn
	last       atomic.Int64 // time of the last datagram, either way
}

func openUDP(b *balancer, key portKey) (port, error) {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(key.address, uint16(key.port))))
	if err != nil {
		return nil, err
	}
	p := &udpPort{b: b, key: key, conn: conn, flows: map[netip.AddrPort]*flow{}}
	b.wg.Go(p.receive)
	return p, nil
}

// close stops receiving. The flows end with the balancer, or are drained like TCP connections; their
// answers cannot be sent any more, so they end now.
func (p *udpPort) close() {
	_ = p.conn.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.flows {
		f.session.close()
	}
}

func (p *udpPort) receive() {
	buffer := make([]byte, 64<<10)
	for {
		n, client, err := p.conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP error of an earlier answer
		}
		f := p.flow(client)
		if f == nil {
			continue
		}
		f.last.Store(time.Now().UnixNano())
		_, _ = f.server.Write(buffer[:n]) // datagrams may get lost
	}
}

// flow returns the client's flow, a new one if it has none or its member is gone.
func (p *udpPort) flow(client netip.AddrPort) *flow {
	cfg := p.b.config.Load()
	p.mu.Lock()
	f, known := p.flows[client]
	count := len(p.flows)
	p.mu.Unlock()
	if known {
		if p.alive(cfg, f) {
			return f
		}
		p.drop(client, f)
	}
	if count >= maxFlows || !cfg.allows(clientOf(client)) {
		return nil
	}
	f, err := p.start(cfg, client)
	if err != nil {
		klog.FromContext(p.b.ctx).V(2).Info("No member takes a UDP flow", "port", p.key.port, "err", err)
		return nil
	}
	return f
}

// alive reports whether a flow's member may still get datagrams. Unlike a connection, a flow has no end
// of its own that a client would notice, so it moves when its member is removed or unhealthy.
func (p *udpPort) alive(cfg *config, f *flow) bool {
	m, ok := cfg.member(f.session.member)
	if !ok || cfg.ports[p.key] != f.memberPort {
		return false
	}
	state, _ := m.check.State()
	return state != health.Unhealthy
}

func (p *udpPort) start(cfg *config, client netip.AddrPort) (*flow, error) {
	m := p.b.chooser.choose(cfg, clientOf(client), nil, time.Now())
	if m == nil {
		return nil, errors.New("no member is healthy")
	}
	memberPort := cfg.ports[p.key]
	server, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(m.address, uint16(memberPort))))
	if err != nil {
		return nil, err
	}
	f := &flow{memberPort: memberPort, server: server}
	f.session = &session{port: p.key, member: m.key, close: func() { _ = server.Close() }}
	f.last.Store(time.Now().UnixNano())
	if !p.b.begin(f.session) {
		return nil, errors.Join(errors.New("the load balancer is closed"), server.Close())
	}
	p.mu.Lock()
	p.flows[client] = f
	p.mu.Unlock()
	p.b.wg.Go(func() { p.answer(client, f, cfg.udpIdle()) })
	return f, nil
}

// answer carries the member's datagrams back until the flow has been idle, or its member refuses.
func (p *udpPort) answer(client netip.AddrPort, f *flow, idle time.Duration) {
	defer p.b.end(f.session)
	defer p.drop(client, f)
	buffer := make([]byte, 64<<10)
	for {
		quietUntil := time.Unix(0, f.last.Load()).Add(idle)
		if !time.Now().Before(quietUntil) {
			return
		}
		if err := f.server.SetReadDeadline(quietUntil); err != nil {
			return
		}
		n, err := f.server.Read(buffer)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			continue // the client may have sent something meanwhile
		}
		if err != nil {
			return
		}
		f.last.Store(time.Now().UnixNano())
		_, _ = p.conn.WriteToUDPAddrPort(buffer[:n], client)
	}
}

func (p *udpPort) drop(client netip.AddrPort, f *flow) {
	f.session.close()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.flows[client] == f {
		delete(p.flows, client)
	}
}
