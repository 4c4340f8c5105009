// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/system"
)

// TestOrphans leaves load balancers in the cloud that no Service owns: one of this cluster, one of another.
func TestOrphans(t *testing.T) {
	e := newEnv(t)
	report := func() (int, string) {
		t.Helper()
		m, err := e.StartManager(e.ctx, "report", system.ManagerOptions{NoWait: true, Args: []string{"--report-orphans", "--cluster-name=mine"}})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-m.Exited():
		case <-time.After(30 * time.Second):
			_ = m.Kill()
			t.Fatal("it still runs")
		}
		return m.ExitCode(), m.LogTail(5)
	}
	e.manager("manager", "--orphan-report-period=0s", "--cluster-name=mine")
	e.nodes("n1")
	e.service("owned")
	e.address("owned")
	if code, out := report(); code != 0 {
		t.Errorf("without orphans it ends with %d: %s", code, out)
	}
	for cluster, name := range map[string]string{"mine": "left-behind", "other": "of-another-cluster"} {
		_, err := e.Cloud.CreateLoadBalancer(e.ctx, api.CreateLoadBalancerRequest{
			Name: name, Owner: api.Owner{Cluster: cluster, Namespace: "default", Service: "gone", UID: "0000"},
			Spec: api.LoadBalancerSpec{Addressing: api.Addressing{Families: []api.Family{api.IPv4}}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if code, out := report(); code != 2 || !strings.Contains(out, "left-behind") || strings.Contains(out, "of-another-cluster") || strings.Contains(out, "owned") {
		t.Errorf("with an orphan it ends with %d: %s", code, out)
	}
	e.manager("manager-b", "--leader-elect=false", "--orphan-report-period=500ms", "--delete-orphans", "--cluster-name=mine", "--controllers=cloud-orphan-controller")
	e.eventually("the orphan is deleted, and nothing else", func() error {
		var names []string
		for _, lb := range e.state().LoadBalancers {
			names = append(names, lb.Name)
		}
		all := strings.Join(names, " ")
		if !strings.Contains(all, "of-another-cluster") || len(names) < 2 {
			t.Fatalf("what is not an orphan was deleted; left are %s", all)
		}
		if strings.Contains(all, "left-behind") {
			return errors.New("it is still there")
		}
		return nil
	})
}
