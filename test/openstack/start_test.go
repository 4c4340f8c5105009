// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package openstack

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
	"sigs.k8s.io/cloud-providers/test/cluster"
)

func TestStart(t *testing.T) {
	for _, test := range []struct {
		name   string
		change [2]string // of the cloud-config
		faults []sim.Fault
		err    string
		final  bool
	}{
		{"as it should be", [2]string{}, nil, "", false},
		{"a wrong password", [2]string{"password = secret", "password = wrong"}, nil, "equires authentication", true},
		{"Keystone is down", [2]string{}, []sim.Fault{{Service: "keystone", Status: 503}}, "503", false},
		{"Neutron is down", [2]string{}, []sim.Fault{{Service: "neutron", Status: 503}}, "", false},
		{"Octavia is down", [2]string{}, []sim.Fault{{Service: "octavia", Status: 503}}, "", false},
		{"no such region", [2]string{"region = RegionOne", "region = Elsewhere"}, nil, "Elsewhere", true},
		{"lb-version v1", [2]string{"\n\n", "\n[LoadBalancer]\nlb-version = v1\n"}, nil, "lb-version", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSite(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 1})
			if err := s.Faults.Add(test.faults...); err != nil {
				t.Fatal(err)
			}
			config := strings.Replace(s.config("demo"), test.change[0], test.change[1], 1)
			cloud, err := start(t.Context(), config)
			if (err != nil) != (test.err != "") || err != nil && !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, want %q", err, test.err)
			}
			var final *provider.ConfigError
			if errors.As(err, &final) != test.final {
				t.Errorf("ends the process: %t (%v)", !test.final, err)
			}
			if err == nil {
				if _, ok := cloud.(provider.InstancesProvider).BatchInstances(); !ok {
					t.Error("no instances")
				}
			}
		})
	}
}

// TestNoConfiguration ends the process: OpenStack cannot be found without one.
func TestNoConfiguration(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{}, cluster.Options{})
	spec := e.spec("")
	spec.Args = slices.DeleteFunc(spec.Args, func(arg string) bool { return strings.HasPrefix(arg, "--cloud-config=") })
	p, err := e.Group.Start(spec)
	if err != nil {
		t.Fatal(err)
	}
	e.ends(p.Exited())
	if log := e.Log(2000); p.ExitCode() != 1 || !strings.Contains(log, "auth-url") {
		t.Errorf("exit code %d, and the log ends: %s", p.ExitCode(), log)
	}
}

// TestRefusedCredentials end the process, with the reason in the last line that is its own: what serves requests
// may log its end beside it.
func TestRefusedCredentials(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{}, cluster.Options{})
	p := e.manager(e.user("not it"))
	e.ends(p.Exited())
	last := ""
	for line := range strings.Lines(e.Log(1 << 20)) {
		if strings.HasPrefix(line, programName+": ") {
			last = line
		}
	}
	if p.ExitCode() != 1 || !strings.Contains(last, "requires authentication") || strings.Contains(e.Log(1<<20), "not it") {
		t.Errorf("exit code %d, and the log ends: %s", p.ExitCode(), last)
	}
}

// ends waits for a process to end.
func (e *env) ends(exited <-chan struct{}) {
	e.T.Helper()
	select {
	case <-exited:
	case <-time.After(time.Minute):
		e.T.Fatal("the process has not ended within a minute")
	}
}

// TestCredentialsAreReloaded: the file is written anew with an application credential, and the user's token
// and password end.
func TestCredentialsAreReloaded(t *testing.T) {
	e := newEnv(t, openstack.Options{}, openstack.ClusterOptions{Nodes: 2}, cluster.Options{})
	e.manager(e.user("secret"), quick...)
	e.joinAll(e.servers.Servers[:1])
	e.Initialised(e.servers.Servers[0].Name)
	e.configure(strings.Join([]string{
		"[Global]", "auth-url = " + e.cloud.AuthURL + "/v3", "application-credential-id = " + e.cloud.Application.ID,
		"application-credential-secret = " + e.cloud.Application.Secret, "region = " + e.cloud.Region(),
	}, "\n") + "\n")
	e.cloud.Calls.Reset()
	e.Eventually("a token of the new credential", func() error {
		if e.calls("keystone:CreateToken") == 0 {
			return errors.New("there is none")
		}
		return nil
	})
	e.joinAll(e.servers.Servers[1:])
	e.Initialised(e.servers.Servers[1].Name)
}
