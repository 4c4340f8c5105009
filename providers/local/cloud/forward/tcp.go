// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package forward

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	proxyproto "github.com/pires/go-proxyproto"
	"k8s.io/klog/v2"
)

// dialTimeout bounds connecting to one member; attempts is how many members a connection is offered to.
const (
	dialTimeout = 5 * time.Second
	attempts    = 3
)

type tcpPort struct {
	b        *balancer
	key      portKey
	listener *net.TCPListener
}

func openTCP(b *balancer, key portKey) (port, error) {
	l, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(netip.AddrPortFrom(key.address, uint16(key.port))))
	if err != nil {
		return nil, err
	}
	p := &tcpPort{b: b, key: key, listener: l}
	b.wg.Go(p.accept)
	return p, nil
}

func (p *tcpPort) close() { _ = p.listener.Close() }

func (p *tcpPort) accept() {
	for {
		conn, err := p.listener.AcceptTCP()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, for example: room may come
			klog.FromContext(p.b.ctx).Error(err, "Cannot accept a connection", "port", p.key.port)
			select {
			case <-p.b.ctx.Done():
				return
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		p.b.wg.Go(func() { p.serve(conn) })
	}
}

// serve carries one connection from its acceptance to its end.
func (p *tcpPort) serve(client *net.TCPConn) {
	cfg := p.b.config.Load()
	peer := client.RemoteAddr().(*net.TCPAddr).AddrPort()
	if !cfg.allows(clientOf(peer)) {
		reset(client)
		return
	}
	target, server, err := p.connect(cfg, clientOf(peer))
	if err != nil {
		klog.FromContext(p.b.ctx).V(2).Info("No member takes a connection", "port", p.key.port, "err", err)
		reset(client)
		return
	}
	if err := p.sendHeader(cfg, client, server); err != nil {
		reset(client)
		_ = server.Close()
		return
	}
	s := &session{port: p.key, member: target.key, close: func() {
		_ = client.Close()
		_ = server.Close()
	}}
	defer s.close()
	if !p.b.begin(s) {
		return
	}
	defer p.b.end(s)
	pipe(client, server, cfg.idle())
}

// connect chooses a member and connects to it; to another if it cannot be reached.
func (p *tcpPort) connect(cfg *config, client netip.Addr) (*member, *net.TCPConn, error) {
	memberPort, ok := cfg.ports[p.key]
	if !ok {
		return nil, nil, fmt.Errorf("the listener was removed")
	}
	tried := map[*member]bool{}
	lastErr := errors.New("no member is healthy")
	for range attempts {
		m := p.b.chooser.choose(cfg, client, tried, time.Now())
		if m == nil {
			break
		}
		conn, err := dial(p.b.ctx, netip.AddrPortFrom(m.address, uint16(memberPort)))
		if err == nil {
			return m, conn, nil
		}
		tried[m], lastErr = true, fmt.Errorf("member %s: %w", m.key.name, err)
	}
	return nil, nil, lastErr
}

func dial(ctx context.Context, target netip.AddrPort) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: dialTimeout}
	conn, err := d.DialContext(ctx, "tcp", target.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

// sendHeader tells the member who the client is, if the balancer shall.
func (p *tcpPort) sendHeader(cfg *config, client, server *net.TCPConn) error {
	var version byte
	switch cfg.settings.ProxyProtocol {
	case "v1":
		version = 1
	case "v2":
		version = 2
	default:
		return nil
	}
	if err := server.SetWriteDeadline(time.Now().Add(dialTimeout)); err != nil {
		return err
	}
	_, err := proxyproto.HeaderProxyFromAddrs(version, client.RemoteAddr(), client.LocalAddr()).WriteTo(server)
	return err
}

// reset refuses a connection so that the client knows at once.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

var buffers = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

// pipe copies in both directions until both have ended, or nothing was sent in either for the idle time.
// The end of one direction is passed on and leaves the other open; an error resets both sides, so that a
// cut-off answer does not look like a whole one.
func pipe(a, b *net.TCPConn, idle time.Duration) {
	var last atomic.Int64
	last.Store(time.Now().UnixNano())
	var wg sync.WaitGroup
	for _, way := range [][2]*net.TCPConn{{a, b}, {b, a}} {
		wg.Go(func() {
			if err := copyOneWay(way[1], way[0], idle, &last); err != nil {
				reset(a)
				reset(b)
				return
			}
			_ = way[1].CloseWrite()
		})
	}
	wg.Wait()
}

func copyOneWay(dst, src *net.TCPConn, idle time.Duration, last *atomic.Int64) error {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	for {
		if err := src.SetReadDeadline(time.Unix(0, last.Load()).Add(idle)); err != nil {
			return err
		}
		n, err := src.Read(*buffer)
		if n > 0 {
			last.Store(time.Now().UnixNano())
			if err := dst.SetWriteDeadline(time.Now().Add(idle)); err != nil {
				return err
			}
			if _, err := dst.Write((*buffer)[:n]); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded) && time.Since(time.Unix(0, last.Load())) < idle:
			// The other direction was not idle.
		default:
			return err
		}
	}
}
