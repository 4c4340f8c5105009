// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/pires/go-proxyproto"
	corev1 "k8s.io/api/core/v1"
)

// Answer is what a pod answers to an HTTP request, in JSON.
type Answer struct {
	Node     string `json:"node"`
	Pod      string `json:"pod"`
	ClientIP string `json:"clientIP"` // of the connection, or of the PROXY protocol's header if there was one
	Path     string `json:"path"`
	// ProxyProtocol is the version of the PROXY protocol's header, 0 if there was none.
	ProxyProtocol byte `json:"proxyProtocol,omitempty"`
}

// podPort is a port of a pod.
type podPort struct {
	address  netip.AddrPort // of the pod, which does not route
	protocol corev1.Protocol
}

// network knows which responder is behind each pod's port.
type network struct {
	mu    sync.RWMutex
	ports map[podPort]*responder
}

func newNetwork() *network { return &network{ports: map[podPort]*responder{}} }

func (n *network) find(address netip.AddrPort, protocol corev1.Protocol) *responder {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.ports[podPort{address, protocol}]
}

func (n *network) add(port podPort, r *responder) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ports[port] = r
}

func (n *network) remove(port podPort) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.ports, port)
}

// responder is the program in a pod that listens on one port. Connections reach it from node ports
// within this process, with the client's address as the node port presents it, and on a real
// loopback address that stands for the pod's.
type responder struct {
	node, pod string
	real      netip.AddrPort
	handed    *handedListener // TCP
	server    *http.Server    // TCP
	udp       *net.UDPConn    // UDP
	done      sync.WaitGroup
}

func newResponder(node, pod string, protocol corev1.Protocol) (*responder, error) {
	r := &responder{node: node, pod: pod}
	if protocol == corev1.ProtocolUDP {
		conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, fmt.Errorf("listening for pod %s: %w", pod, err)
		}
		r.udp, r.real = conn, conn.LocalAddr().(*net.UDPAddr).AddrPort()
		r.done.Go(func() {
			serveUDP(conn, func(_ netip.AddrPort, payload []byte) []byte { return r.echo(payload) })
		})
		return r, nil
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for pod %s: %w", pod, err)
	}
	r.real = listener.Addr().(*net.TCPAddr).AddrPort()
	r.handed = &handedListener{address: listener.Addr(), conns: make(chan net.Conn), closed: make(chan struct{})}
	r.server = &http.Server{Handler: http.HandlerFunc(r.answer), ConnContext: rememberConn}
	for _, l := range []net.Listener{listener, r.handed} {
		r.done.Go(func() { // ends with close
			_ = r.server.Serve(&proxyproto.Listener{Listener: l, ConnPolicy: headerIsOptional})
		})
	}
	return r, nil
}

func (r *responder) close() {
	if r.udp != nil {
		r.udp.Close()
	} else {
		r.handed.Close() // the server closes it too, but not before it serves it
		r.server.Close()
	}
	r.done.Wait()
}

// take serves a connection that arrived elsewhere as if it came from the client.
func (r *responder) take(conn net.Conn, client netip.AddrPort) {
	conn = presentedConn{Conn: conn, client: net.TCPAddrFromAddrPort(client)}
	select {
	case r.handed.conns <- conn:
	case <-r.handed.closed:
		conn.Close()
	}
}

// echo answers a datagram.
func (r *responder) echo(payload []byte) []byte {
	return fmt.Appendf(nil, "%s %s %s", r.node, r.pod, payload)
}

func (r *responder) answer(w http.ResponseWriter, request *http.Request) {
	client, _, err := net.SplitHostPort(request.RemoteAddr)
	if err != nil {
		client = request.RemoteAddr
	}
	answer := Answer{Node: r.node, Pod: r.pod, ClientIP: client, Path: request.URL.Path}
	if conn, ok := request.Context().Value(connKey{}).(*proxyproto.Conn); ok {
		if header := conn.ProxyHeader(); header != nil {
			answer.ProxyProtocol = header.Version
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer) // the client may have gone
}

func headerIsOptional(proxyproto.ConnPolicyOptions) (proxyproto.Policy, error) {
	return proxyproto.USE, nil
}

type connKey struct{}

func rememberConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// handedListener accepts the connections that are handed to it.
type handedListener struct {
	address net.Addr
	conns   chan net.Conn
	closed  chan struct{}
	once    sync.Once
}

func (l *handedListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *handedListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *handedListener) Addr() net.Addr { return l.address }

// presentedConn is a connection whose client appears under another address.
type presentedConn struct {
	net.Conn
	client net.Addr
}

func (c presentedConn) RemoteAddr() net.Addr { return c.client }

// maxDatagram is the largest payload of UDP over IPv4.
const maxDatagram = 65507

// serveUDP answers datagrams until the connection is closed. No answer is sent where answer returns
// nil.
func serveUDP(conn *net.UDPConn, answer func(client netip.AddrPort, payload []byte) []byte) {
	buffer := make([]byte, maxDatagram)
	for {
		n, client, err := conn.ReadFromUDPAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // such as an ICMP error of an earlier answer
			continue
		}
		if reply := answer(client, buffer[:n]); reply != nil {
			_, _ = conn.WriteToUDPAddrPort(reply, client) // lost like any datagram if it fails
		}
	}
}
