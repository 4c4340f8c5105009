// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"errors"
	"fmt"
	"hash/fnv"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// udpFlowTimeout is how long a silent UDP client keeps its endpoint: the kernel's
// nf_conntrack_udp_timeout.
const udpFlowTimeout = 30 * time.Second

// openPort is a port that a machine has opened for a Service.
type openPort struct {
	machine netip.Addr
	network *network
	backend atomic.Pointer[backend]
	turn    atomic.Uint64
	close   func()
	done    sync.WaitGroup
}

// open opens a port on the machine's address.
func open(key portKey, machine netip.Addr, b backend, n *network) (*openPort, error) {
	p := &openPort{machine: machine, network: n}
	p.backend.Store(&b)
	at := netip.AddrPortFrom(machine, key.port)
	if key.kind == udpNodePort {
		conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(at))
		if err != nil {
			return nil, fmt.Errorf("opening UDP node port %s: %w", at, err)
		}
		p.close = func() { conn.Close() }
		flows := flows{}
		p.done.Go(func() {
			serveUDP(conn, func(client netip.AddrPort, payload []byte) []byte { return p.answerUDP(flows, client, payload) })
		})
		return p, nil
	}
	listener, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		return nil, fmt.Errorf("opening TCP port %s: %w", at, err)
	}
	if key.kind == healthCheck {
		p.close = serveHTTP(&p.done, listener, p.healthHandler())
		return p, nil
	}
	p.close = func() { listener.Close() }
	p.done.Go(func() { p.acceptTCP(listener) })
	return p, nil
}

func (p *openPort) stop() {
	p.close()
	p.done.Wait()
}

func (p *openPort) acceptTCP(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue
		}
		p.forward(conn)
	}
}

// forward hands a connection to an endpoint. As with kube-proxy, the pod sees the client's address
// with externalTrafficPolicy Local and the machine's otherwise.
func (p *openPort) forward(conn net.Conn) {
	client := conn.RemoteAddr().(*net.TCPAddr).AddrPort()
	client = netip.AddrPortFrom(client.Addr().Unmap(), client.Port())
	b := p.backend.Load()
	pod := p.network.find(p.pick(b, client.Addr()).address, corev1.ProtocolTCP)
	if pod == nil {
		conn.Close()
		return
	}
	if !b.local {
		client = netip.AddrPortFrom(p.machine, client.Port())
	}
	pod.take(conn, client)
}

// pick chooses an endpoint: each in its turn or, with session affinity, by the client.
func (p *openPort) pick(b *backend, client netip.Addr) endpoint {
	turn := p.turn.Add(1)
	if b.affinity {
		hash := fnv.New64a()
		hash.Write(client.AsSlice())
		turn = hash.Sum64()
	}
	return b.endpoints[turn%uint64(len(b.endpoints))]
}

// flows remember which endpoint a UDP client talks to.
type flows map[netip.AddrPort]flow

type flow struct {
	endpoint endpoint
	used     time.Time
}

func (p *openPort) answerUDP(known flows, client netip.AddrPort, payload []byte) []byte {
	b, now := p.backend.Load(), time.Now()
	f, ok := known[client]
	if !ok || now.Sub(f.used) > udpFlowTimeout || !slices.Contains(b.endpoints, f.endpoint) {
		for other, f := range known {
			if now.Sub(f.used) > udpFlowTimeout {
				delete(known, other)
			}
		}
		f.endpoint = p.pick(b, client.Addr())
	}
	known[client] = flow{endpoint: f.endpoint, used: now}
	pod := p.network.find(f.endpoint.address, corev1.ProtocolUDP)
	if pod == nil {
		return nil
	}
	return pod.echo(payload)
}

// serveHTTP serves the handler on the listener. The function returned ends it.
func serveHTTP(owner *sync.WaitGroup, listener net.Listener, handler http.Handler) func() {
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	owner.Go(func() { _ = server.Serve(listener) }) // until it is closed
	return func() {
		server.Close()
		listener.Close() // the server may not have known of it yet
	}
}
