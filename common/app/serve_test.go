// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/util/cert"
	"k8s.io/client-go/util/keyutil"
	componentconfig "k8s.io/component-base/config"
)

// TestAccess asks for endpoints as different clients.
func TestAccess(t *testing.T) {
	api := newFakeAPI(t)
	api.tokens = map[string]string{"t-reader": "reader", "t-other": "other"}
	api.readers = map[string][]string{"reader": {"/metrics", "/statusz", "/configz", "/debug/flags/v"}}
	kubeconfig := api.kubeconfig(t)
	for _, c := range []struct {
		why, path, token string
		delegated        bool
		ready            bool
		want             int
		body             string
	}{
		{why: "health is for everybody", path: "/healthz", delegated: true, ready: true, want: 200, body: "ok"},
		{why: "health asks nobody, whatever the token", path: "/healthz", token: "wrong", delegated: true, ready: true, want: 200},
		{why: "health is served before the lookup", path: "/readyz", delegated: true, want: 200},
		{why: "metrics are not served before the lookup", path: "/metrics", token: "t-reader", delegated: true, want: 503},
		{why: "an anonymous client may not read metrics", path: "/metrics", delegated: true, ready: true, want: 403, body: `User \"system:anonymous\" cannot get path \"/metrics\"`},
		{why: "a wrong token is nobody", path: "/metrics", token: "wrong", delegated: true, ready: true, want: 401, body: "Unauthorized"},
		{why: "a reader may read", path: "/metrics", token: "t-reader", delegated: true, ready: true, want: 200, body: "kubernetes_build_info"},
		{why: "another user may not", path: "/metrics", token: "t-other", delegated: true, ready: true, want: 403, body: `User \"other\"`},
		{why: "status", path: "/statusz", token: "t-reader", delegated: true, ready: true, want: 200, body: "worker: off: not in --controllers"},
		{why: "configuration", path: "/configz", token: "t-reader", delegated: true, ready: true, want: 200},
		{why: "sub-paths of health are not always allowed", path: "/healthz/ping", delegated: true, ready: true, want: 403},
		{why: "verbosity wants PUT", path: "/debug/flags/v", token: "t-reader", delegated: true, ready: true, want: 405},
		{why: "without an API server to ask everybody is anonymous", path: "/metrics", token: "t-reader", ready: true, want: 403},
	} {
		t.Run(c.why, func(t *testing.T) {
			n, z := newAuthenticationOptions(), newAuthorizationOptions()
			n.skipLookup = true
			if c.delegated {
				n.kubeconfig, z.kubeconfig = kubeconfig, kubeconfig
			}
			a, err := newAccess(&n, &z)
			if err != nil {
				t.Fatal(err)
			}
			st := newStates()
			st.set("worker", stateOff, "not in --controllers")
			var ready atomic.Bool
			ready.Store(c.ready)
			handler := recovered(guard(a, &ready, newEndpoints(st).mux(componentconfig.DebuggingConfiguration{EnableProfiling: true})))
			r := httptest.NewRequest(http.MethodGet, c.path, nil)
			if c.token != "" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != c.want || !strings.Contains(w.Body.String(), c.body) {
				t.Errorf("got %d %.300s, want %d %s", w.Code, w.Body.String(), c.want, c.body)
			}
		})
	}
}

func TestReviewsAreRemembered(t *testing.T) {
	api := newFakeAPI(t)
	api.tokens = map[string]string{"t-reader": "reader"}
	n, z := newAuthenticationOptions(), newAuthorizationOptions()
	n.skipLookup, n.kubeconfig = true, api.kubeconfig(t)
	z.kubeconfig = n.kubeconfig
	a, err := newAccess(&n, &z)
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Authorization", "Bearer t-reader")
		if code, _ := a.check(r); code != http.StatusForbidden {
			t.Fatalf("got %d", code)
		}
	}
	if api.reviewed != 2 {
		t.Errorf("%d reviews, want one of the token and one of the access", api.reviewed)
	}
}

func TestHealthChecks(t *testing.T) {
	c := &checks{kind: "healthz"}
	c.add(ping("ping"), check{"broken", func(*http.Request) error { return errors.New("a secret") }})
	explained := &checks{kind: "readyz", explain: true, all: c.all}
	for _, x := range []struct {
		checks       *checks
		target, want string
		code         int
	}{
		{c, "/healthz", "[+]ping ok\n[-]broken failed: reason withheld\nhealthz check failed\n", 500},
		{c, "/healthz/ping", "ok", 200},
		{c, "/healthz/broken", "[-]broken failed: reason withheld\nhealthz check failed\n", 500},
		{c, "/healthz/absent", "404 page not found\n", 404},
		{c, "/healthz?exclude=broken", "ok", 200},
		{c, "/healthz?verbose&exclude=broken", "[+]ping ok\n[+]broken excluded: ok\nhealthz check passed\n", 200},
		{explained, "/readyz", "[+]ping ok\n[-]broken failed: a secret\nreadyz check failed\n", 500},
	} {
		w := httptest.NewRecorder()
		x.checks.ServeHTTP(w, httptest.NewRequest(http.MethodGet, x.target, nil))
		if w.Code != x.code || w.Body.String() != x.want {
			t.Errorf("%s: got %d %q, want %d %q", x.target, w.Code, w.Body.String(), x.code, x.want)
		}
	}
}

// freePort returns a port that nobody listens on at the moment.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

var insecure = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}

// eventually asks until the answer is as wanted.
func eventually(t *testing.T, url string, code int, part string) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	last := ""
	for time.Now().Before(deadline) {
		resp, err := insecure.Get(url)
		if err == nil {
			body, _ := io.ReadAll(resp.Body)
			resp.Body.Close()
			if last = fmt.Sprintf("%d %s", resp.StatusCode, body); resp.StatusCode == code && strings.Contains(string(body), part) {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("%s: last answer %s, want %d with %q", url, last, code, part)
}

func TestHealthAndReadinessWhileTheAPIServerIsAway(t *testing.T) {
	api := newFakeAPI(t)
	api.setDown(true)
	port := freePort(t)
	base := fmt.Sprintf("https://127.0.0.1:%d", port)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	worker := Controller{Name: "worker-controller", ClientName: "worker", New: func(_ context.Context, deps Deps) (Runnable, error) {
		deps.Informers.Core().V1().Nodes().Informer()
		return RunnableFunc(func(accept, _ context.Context) error { <-accept.Done(); return nil }), nil
	}}
	go func() {
		done <- Run(ctx, sampleProgram(&nothing{}, worker), sampleArgs(t, api, fmt.Sprintf("--secure-port=%d", port), "--bind-address=127.0.0.1"), io.Discard, io.Discard)
	}()
	eventually(t, base+"/healthz", 200, "ok")
	eventually(t, base+"/readyz", 500, "kube-apiserver failed: ")
	api.setDown(false)
	eventually(t, base+"/readyz?verbose", 200, "[+]caches ok")
	cancel()
	if code := <-done; code != 0 {
		t.Errorf("exit code %d", code)
	}
}

func TestCertificateFollowsItsFile(t *testing.T) {
	dir := t.TempDir()
	o := newServingOptions(freePort(t), "x")
	o.bindAddress = net.IPv4(127, 0, 0, 1)
	o.certFile, o.keyFile = filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write := func(host string) {
		certPEM, keyPEM, err := cert.GenerateSelfSignedCertKey(host, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(cert.WriteCert(o.certFile, certPEM), keyutil.WriteKey(o.keyFile, keyPEM)); err != nil {
			t.Fatal(err)
		}
	}
	write("first.example")
	ctx, cancel := context.WithCancel(t.Context())
	s, err := newServer(ctx, &o, nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.run(ctx, http.NotFoundHandler()) }()
	awaitName := func(want string) {
		t.Helper()
		for range 1000 {
			conn, err := tls.Dial("tcp", s.listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
			if err == nil {
				name := conn.ConnectionState().PeerCertificates[0].DNSNames[0]
				conn.Close()
				if name == want {
					return
				}
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatalf("the certificate for %s is not served", want)
	}
	awaitName("first.example")
	write("second.example")
	awaitName("second.example")
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
