// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

// request asks an address over HTTP from a local address; "" leaves that to the system.
func request(ctx context.Context, from, to string) (kubelets.Answer, error) {
	dialer := &net.Dialer{Timeout: time.Second}
	if from != "" {
		dialer.LocalAddr = &net.TCPAddr{IP: net.ParseIP(from)}
	}
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, DialContext: dialer.DialContext}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+to+"/", nil)
	if err != nil {
		return kubelets.Answer{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return kubelets.Answer{}, err
	}
	defer resp.Body.Close()
	var answer kubelets.Answer
	return answer, json.NewDecoder(resp.Body).Decode(&answer)
}

// answersFrom asks until exactly these nodes' pods have answered, and nobody else.
func (e *env) answersFrom(to string, want ...string) {
	e.t.Helper()
	slices.Sort(want)
	e.eventually(fmt.Sprintf("%s answers from %v", to, want), func() error {
		got := map[string]bool{}
		for range 8 * len(want) {
			a, err := request(e.ctx, "", to)
			if err != nil {
				return err
			}
			got[a.Node] = true
		}
		var names []string
		for n := range got {
			names = append(names, n)
		}
		slices.Sort(names)
		if !slices.Equal(names, want) {
			return fmt.Errorf("it answers from %v", names)
		}
		return nil
	})
}

func askUDP(to string) error {
	conn, err := net.Dial("udp", to)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err != nil {
		return err
	}
	if _, err := conn.Write([]byte("hello")); err != nil {
		return err
	}
	buf := make([]byte, 1500)
	n, err := conn.Read(buf)
	if err == nil && !strings.Contains(string(buf[:n]), "hello") {
		err = fmt.Errorf("answer %q", buf[:n])
	}
	return err
}
