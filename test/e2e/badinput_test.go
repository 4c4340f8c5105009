// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"errors"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/test/system"
)

// TestMistakesOfUsers are reported once where the user sees them, and nothing else suffers.
func TestMistakesOfUsers(t *testing.T) {
	t.Parallel()
	e := newEnv(t, func(o *system.Options) { o.Cloud.Addresses = 1 })
	e.manager("manager")
	e.nodes("n1")

	e.run("wrong annotations", func(e *env) {
		e.service("wrong", func(s *v1.Service) {
			s.Annotations = map[string]string{
				"local.cloud-provider.sigs.k8s.io/proxy-protocol":        "v3",
				"local.cloud-provider.sigs.k8s.io/health-check-interval": "soon",
			}
		})
		message := e.event("Service", "wrong", "SyncLoadBalancerFailed")
		for _, want := range []string{"proxy-protocol", "v3", "v1", "health-check-interval", "soon"} {
			if !strings.Contains(message, want) {
				e.t.Errorf("the event does not mention %q: %s", want, message)
			}
		}
		e.always(12*time.Second, "no half-made load balancer, one event, no hot retry", func() error {
			if e.balancer("wrong") != nil {
				return errors.New("there is a load balancer")
			}
			for _, ev := range e.events(e.Client, "Service", "wrong") {
				if ev.Reason == "SyncLoadBalancerFailed" && ev.Count > 1 {
					return errors.New("it was retried")
				}
			}
			return nil
		})
		e.update("wrong", func(s *v1.Service) { s.Annotations = nil })
		e.address("wrong")
	})

	e.run("pool exhausted", func(e *env) { // "wrong" has the only address
		e.service("second")
		if message := e.event("Service", "second", "SyncLoadBalancerFailed"); !strings.Contains(message, "pool") {
			e.t.Errorf("the event does not name the pool: %s", message)
		}
		e.deleteService("wrong")
		e.gone("wrong")
		e.address("second") // at once, not after the slow retry
	})
}

// TestMistakesOfOperators end the process at once with one line, or are retried when they are none.
func TestMistakesOfOperators(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	run := func(config string, args ...string) (int, string) {
		t.Helper()
		m, err := e.StartManager(e.ctx, "manager", system.ManagerOptions{NoWait: true, CloudConfig: config, Args: args})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-m.Exited():
		case <-time.After(20 * time.Second):
			_ = m.Kill()
			t.Fatalf("it still runs with %v", args)
		}
		return m.ExitCode(), lastWords(e.t, m)
	}
	good := "endpoint: " + e.Cloud.URL + "\n"
	for name, tc := range map[string]struct {
		config string
		args   []string
		want   []string
	}{
		"an unknown key":            {"endpoint: x\nenpoint: y\n", nil, []string{"cloud.yaml:2", "enpoint", "endpoint"}},
		"a value of the wrong type": {good + "requestTimeout: soon\n", nil, []string{"cloud.yaml:2", "requestTimeout", "soon"}},
		"no provider":               {good, []string{"--cloud-provider="}, []string{"--cloud-provider cannot be empty"}},
		"another provider":          {good, []string{"--cloud-provider=aws"}, []string{"aws", "local"}},
		"an unknown controller":     {good, []string{"--controllers=nodes"}, []string{`"nodes" is not in the list of known controllers`}},
		"no workers":                {good, []string{"--concurrent-service-syncs=0"}, []string{"concurrent-service-syncs", "0"}},
		"an unknown flag":           {good, []string{"--cluster-cidrs=x"}, []string{"--cluster-cidrs"}},
		"an unknown capability":     {good, []string{"--capabilities=lb=-"}, []string{"lb", "load-balancer"}},
		"routes without a CIDR":     {good, []string{"--cluster-cidr="}, []string{"--cluster-cidr"}},
		"no such kubeconfig":        {good, []string{"--kubeconfig=/does/not/exist"}, []string{"/does/not/exist"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, line := run(tc.config, tc.args...)
			if code != 1 {
				t.Errorf("exit code %d, want 1", code)
			}
			for _, want := range tc.want {
				if !strings.Contains(line, want) {
					t.Errorf("it does not mention %q: %s", want, line)
				}
			}
			if strings.Contains(line, "goroutine ") {
				t.Errorf("a stack: %s", line)
			}
		})
	}
}

// lastWords returns the one line by which a manager says why it ends. Goroutines that end with it may log
// after that.
func lastWords(t *testing.T, m *system.Manager) string {
	t.Helper()
	var said []string
	for line := range strings.Lines(m.LogTail(1000)) {
		if strings.HasPrefix(line, managerAgent+": ") {
			said = append(said, line)
		}
	}
	if len(said) == 0 {
		t.Errorf("the manager does not say why it ends; its log ends\n%s", m.LogTail(20))
		return ""
	}
	return said[len(said)-1] // managers of one directory share a log
}
