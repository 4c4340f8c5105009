// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	stdlog "log"
	"path/filepath"
	"strings"
	"testing"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

func pemOf(der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

func TestWaysToAuthenticate(t *testing.T) {
	cloud := start(t, openstack.Options{})
	project, secret, application := "tenant-id = "+cloud.Project.ID, "password = secret", cloud.Application
	demo := application.UserID
	trustee := cloud.Keystone.AddUser(keystone.User{Name: "trustee", Password: "other"})
	trust := cloud.Keystone.AddTrust(keystone.Trust{TrustorUserID: demo, TrusteeUserID: trustee.ID, ProjectID: cloud.Project.ID})
	token := cloud.Clients("demo").Network.Token()
	for name, lines := range map[string][]string{
		"user by name":                               {"username = demo", secret, project, "domain-name = Default"},
		"user by name, domain by ID":                 {"username = demo", secret, project, "user-domain-id = default"},
		"user by ID":                                 {"user-id = " + demo, secret, project},
		"project by name":                            {"username = demo", secret, "tenant-name = demo", "domain-id = default"},
		"project by name, domains apart":             {"user-id = " + demo, secret, "tenant-name = demo", "tenant-domain-name = Default"},
		"application credential":                     {"application-credential-id = " + application.ID, "application-credential-secret = secret"},
		"application credential with a project":      {"application-credential-id = " + application.ID, "application-credential-secret = secret", project},
		"application credential by name":             {"application-credential-name = ccm", "application-credential-secret = secret", "username = demo", "user-domain-name = Default"},
		"application credential by name, user by ID": {"application-credential-name = ccm", "application-credential-secret = secret", "user-id = " + demo},
		"trust":                {"user-id = " + trustee.ID, "password = other", "trust-id = " + trust.ID},
		"trustee":              {"username = nobody", "domain-name = Default", "password = wrong", "trust-id = " + trust.ID, "trustee-id = " + trustee.ID, "trustee-password = other"},
		"token":                {"token = " + token},
		"token with a project": {"token = " + token, project, "username = demo"},
	} {
		t.Run(name, func(t *testing.T) {
			c := prepare(t, provider.Setup{}, text(cloud, lines...))
			cloud.Calls.Reset()
			if err := c.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n := len(cloud.Calls.All()); n != 1 {
				t.Errorf("%d calls, want one for the token", n)
			}
			if err := use(t, c); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAVersionInTheAddressOfKeystoneIsNotNeeded(t *testing.T) {
	cloud := start(t, openstack.Options{})
	for _, end := range []string{"", "/", "/v3/"} {
		c := prepare(t, provider.Setup{}, strings.Replace(text(cloud), "/v3", end, 1))
		if err := use(t, c); err != nil {
			t.Errorf("%q: %v", end, err)
		}
	}
	wantCalls(t, cloud, map[string]int{"keystone:CreateToken": 3, "neutron:ListNetworks": 3})
}

func TestADomainIsAScope(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud, "user-id = "+cloud.Application.UserID, "password = secret", "domain-name = Default"))
	if err := c.Probe(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestRefusedCredentialsEndTheProcess(t *testing.T) {
	cloud := start(t, openstack.Options{})
	probe := func(lines ...string) error {
		return prepare(t, provider.Setup{}, text(cloud, lines...)).Probe(t.Context())
	}
	var final *provider.ConfigError
	for _, err := range []error{
		probe("username = demo", "password = wrong", "domain-name = Default", "tenant-name = demo"),
		probe("application-credential-id = "+cloud.Application.ID, "application-credential-secret = wrong"),
		probe("token = gone", "tenant-name = demo", "domain-name = Default"),
		probe("user-id = "+cloud.Application.UserID, "password = secret", "trust-id = none"),
	} {
		if !errors.As(err, &final) || !strings.Contains(err.Error(), "authenticate with Keystone at "+cloud.AuthURL+"/v3/: ") || !strings.Contains(err.Error(), "(HTTP 40") {
			t.Errorf("got %v", err)
		}
	}
	fault(t, cloud, sim.Fault{Service: "keystone", Status: 503, Message: "down"})
	if err := probe(); err == nil || errors.As(err, &final) || !strings.Contains(err.Error(), "down (HTTP 503)") {
		t.Errorf("Keystone is down: %v", err)
	}
	cloud.Faults.Clear()
	fault(t, cloud, sim.Fault{Service: "keystone", Calls: 2, Kind: sim.Drop})
	if err := probe(); err != nil {
		t.Errorf("Keystone is back soon: %v", err)
	}
}

func TestCertificates(t *testing.T) {
	cloud, server, ca := secure(t)
	server.Config.ErrorLog = stdlog.New(io.Discard, "", 0)
	lines := fmt.Sprintf("[Global]\nauth-url=%s/identity\nuser-id=%s\npassword=secret\ntenant-id=%s\n", server.URL, cloud.Application.UserID, cloud.Project.ID)
	for more, want := range map[string]string{
		"":                   "certificate signed by unknown authority",
		"tls-insecure=false": "certificate signed by unknown authority",
		"tls-insecure=true":  "",
		"ca-file=" + ca:      "",
		"cafilecontents=\"" + strings.ReplaceAll(pemOf(server.Certificate().Raw), "\n", `\n`) + "\"": "",
	} {
		c := prepare(t, provider.Setup{}, lines+more)
		if err := c.Probe(t.Context()); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", more, err, want)
		}
	}
}

func TestCloudsYAML(t *testing.T) {
	cloud := start(t, openstack.Options{})
	path := filepath.Join(t.TempDir(), "mine.yaml")
	write(t, path, fmt.Sprintf("clouds:\n  one:\n    auth:\n      auth_url: %s\n      username: demo\n      password: wrong\n      project_name: demo\n      domain_name: Default\n    region_name: %s\n", cloud.AuthURL, cloud.Region()))
	global := "[Global]\nuse-clouds\nclouds-file=" + path + "\ncloud=one\n"
	if err := prepare(t, provider.Setup{}, global).Probe(t.Context()); err == nil {
		t.Error("the wrong password works")
	}
	c := prepare(t, provider.Setup{}, global+"password=secret\n") // the cloud-config goes first
	if err := use(t, c); err != nil || c.Default().Name != cloud.Region() {
		t.Errorf("region %q, %v", c.Default().Name, err)
	}
}

func TestUserAgent(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{UserAgent: "c/d a/b program/v1"}, text(cloud))
	if err := use(t, c); err != nil {
		t.Fatal(err)
	}
	cloud.Keystone.RevokeTokens()
	if err := use(t, c); err != nil {
		t.Fatal(err)
	}
	for _, call := range cloud.Calls.All() {
		if !strings.HasPrefix(call.UserAgent, "c/d a/b program/v1 gophercloud/v2") {
			t.Errorf("%s has %q", call.Operation, call.UserAgent)
		}
	}
}

func TestWhoeverHasGoneWaitsForNobody(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Default().Network(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if err := use(t, c); err != nil {
		t.Errorf("the next one: %v", err)
	}
}
