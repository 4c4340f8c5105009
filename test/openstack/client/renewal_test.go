// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/client"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/clouds/sim"
)

func TestOneTokenForAllWhoNeedANewOne(t *testing.T) {
	cloud := start(t, openstack.Options{})
	cloud.SetLatency(5 * time.Millisecond)
	c := prepare(t, provider.Setup{}, text(cloud))
	if err := use(t, c); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		cloud.Keystone.RevokeTokens()
		cloud.Calls.Reset()
		var all sync.WaitGroup
		errs := make([]error, 40)
		for i := range errs {
			all.Go(func() { errs[i] = use(t, c) })
		}
		all.Wait()
		if err := errors.Join(errs...); err != nil {
			t.Error(err)
		}
		if n := cloud.Calls.Counts()["keystone:CreateToken"]; n != 1 {
			t.Errorf("%d new tokens, want 1", n)
		}
	}
}

// TestNotFoundAfterRenewal is defect D-27 of upstream.
func TestNotFoundAfterRenewal(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud))
	for range 2 {
		if err := get(t, c.Default(), "networks/none"); !client.NotFound(err) {
			t.Errorf("got %v", err)
		}
		cloud.Keystone.RevokeTokens()
	}
}

func TestATokenIsNotRenewed(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud, "token = "+cloud.Clients("demo").Network.Token()))
	if err := use(t, c); err != nil {
		t.Fatal(err)
	}
	cloud.Keystone.RevokeTokens()
	cloud.Calls.Reset()
	if err := use(t, c); client.Status(err) != 401 || !strings.Contains(err.Error(), "the token of the cloud-config has expired") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, cloud, map[string]int{"neutron:ListNetworks": 1})
}

func TestAccessRulesDoNotMakeALoop(t *testing.T) {
	cloud := start(t, openstack.Options{})
	a := cloud.Keystone.AddApplicationCredential(keystone.ApplicationCredential{
		Name: "narrow", Secret: "secret", UserID: cloud.Application.UserID, ProjectID: cloud.Project.ID,
		AccessRules: []keystone.AccessRule{{Service: "compute", Method: "GET", Path: "/v2.1/**"}},
	})
	c := prepare(t, provider.Setup{}, text(cloud, "application-credential-id = "+a.ID, "application-credential-secret = secret"))
	if err := use(t, c); !client.Denied(err) || !strings.Contains(err.Error(), "access rules") {
		t.Errorf("got %v", err)
	}
	wantCalls(t, cloud, map[string]int{"keystone:CreateToken": 2, "neutron:ListNetworks": 2})
}

func TestAFailedRenewalSaysNothingAboutTheObject(t *testing.T) {
	cloud := start(t, openstack.Options{})
	c := prepare(t, provider.Setup{}, text(cloud))
	if err := use(t, c); err != nil {
		t.Fatal(err)
	}
	for status, want := range map[int]string{404: "no new one: gone (HTTP 404)", 503: "no new one: gone (HTTP 503)", 401: "no new one: gone (HTTP 401)"} {
		cloud.Faults.Clear()
		fault(t, cloud, sim.Fault{Service: "keystone", Status: status, Message: "gone"})
		cloud.Keystone.RevokeTokens()
		if err := use(t, c); err == nil || client.Status(err) != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("%d: status %d, %v", status, client.Status(err), err)
		}
	}
	cloud.Faults.Clear()
	fault(t, cloud, sim.Fault{Service: "keystone", Status: 429})
	if _, is := provider.Throttled(use(t, c)); !is {
		t.Error("that Keystone throttles is not told")
	}
	cloud.Faults.Clear()
	if err := use(t, c); err != nil {
		t.Errorf("Keystone is back: %v", err)
	}
}

// reloading is a connection whose cloud-config is a file.
type reloading struct {
	*client.Connection
	t     *testing.T
	cloud *openstacktest.Cloud
	clock hasty
	path  string
	log   *log
	to    klog.Logger
}

func newReloading(t *testing.T) *reloading {
	t.Helper()
	r := &reloading{t: t, cloud: start(t, openstack.Options{}), clock: newClock(), path: filepath.Join(t.TempDir(), "cloud.conf")}
	content := text(r.cloud)
	write(t, r.path, content)
	r.Connection = prepare(t, provider.Setup{ConfigPath: r.path}, content, client.WithClock(r.clock))
	r.log, r.to = watch(t, 0)
	r.mustUse()
	return r
}

// use asks for something, and returns who asked as OpenStack sees it.
func (r *reloading) use() (string, error) {
	r.t.Helper()
	ctx := klog.NewContext(r.t.Context(), r.to)
	s, err := r.Default().Network(ctx)
	if err == nil {
		_, err = s.Get(ctx, s.ServiceURL("networks"), &struct{}{}, nil)
	}
	calls := r.cloud.Calls.All()
	return calls[len(calls)-1].UserID, err
}

func (r *reloading) mustUse() string {
	r.t.Helper()
	user, err := r.use()
	if err != nil {
		r.t.Fatal(err)
	}
	return user
}

func (r *reloading) application(secret string) string {
	return text(r.cloud, "application-credential-id = "+r.cloud.Application.ID, "application-credential-secret = "+secret)
}

func TestNewCredentialsAreUsedWithoutARestart(t *testing.T) {
	r := newReloading(t)
	other := r.cloud.Keystone.AddUser(keystone.User{Name: "other", Password: "secret", Projects: []string{r.cloud.Project.ID}})
	before := r.mustUse()
	write(t, r.path, text(r.cloud, "user-id = "+other.ID, "password = secret", "tenant-id = "+r.cloud.Project.ID))
	r.cloud.Calls.Reset()
	if r.mustUse() != before {
		t.Error("the file is read at each use")
	}
	r.clock.Step(11 * time.Second)
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { _, _ = r.use() })
	}
	all.Wait()
	if r.mustUse() != other.ID {
		t.Error("the new user is not used")
	}
	if n := r.cloud.Calls.Counts()["keystone:CreateToken"]; n != 1 {
		t.Errorf("%d tokens, want 1", n)
	}
	if lines := r.log.take(); len(lines) != 1 || !strings.Contains(lines[0], "the new ones are in use") {
		t.Errorf("the log has %q", lines)
	}
}

func TestOldCredentialsStayInUseWhereNewOnesDoNotWork(t *testing.T) {
	r := newReloading(t)
	for _, test := range []struct{ content, said string }{
		{r.application("wrong"), "(HTTP 401)"},
		{"[Global]\nauth-url = x\n", "auth-url"},
		{"[Global", "cloud.conf:1"},
	} {
		write(t, r.path, test.content)
		r.cloud.Calls.Reset()
		for range 12 { // two minutes
			r.clock.Step(10 * time.Second)
			r.mustUse()
		}
		if n := r.cloud.Calls.Counts()["keystone:CreateToken"]; n > 1 {
			t.Errorf("%s: %d attempts in two minutes", test.said, n)
		}
		lines := r.log.take()
		lines = without(lines, "OpenStack refused")
		if len(lines) != 1 || !strings.Contains(lines[0], test.said) || strings.Contains(lines[0], "wrong") {
			t.Errorf("the log has %q, want %s", lines, test.said)
		}
	}
	write(t, r.path, r.application("secret"))
	r.clock.Step(10 * time.Second)
	r.mustUse()
	if lines := r.log.take(); len(lines) != 1 || !strings.Contains(lines[0], "the new ones are in use") {
		t.Errorf("the log has %q", lines)
	}
}

func without(lines []string, text string) []string {
	var others []string
	for _, l := range lines {
		if !strings.Contains(l, text) {
			others = append(others, l)
		}
	}
	return others
}

func TestKeystoneMayBeDownWhenCredentialsChange(t *testing.T) {
	r := newReloading(t)
	write(t, r.path, r.application("secret"))
	fault(t, r.cloud, sim.Fault{Service: "keystone", Status: 500})
	for range 5 {
		r.clock.Step(10 * time.Second)
		r.mustUse()
	}
	if lines := without(r.log.take(), "OpenStack refused"); len(lines) != 1 {
		t.Errorf("the log has %q", lines)
	}
	r.cloud.Faults.Clear()
	r.clock.Step(10 * time.Second)
	r.mustUse()
	if lines := r.log.take(); len(lines) != 1 || !strings.Contains(lines[0], "the new ones are in use") {
		t.Errorf("the log has %q", lines)
	}
}

func TestRevokedCredentialsAreLookedForAtOnce(t *testing.T) {
	r := newReloading(t)
	write(t, r.path, r.application("secret"))
	r.cloud.Keystone.RevokeTokens()
	fault(t, r.cloud, sim.Fault{Service: "keystone", Calls: 1, Status: 401})
	if _, err := r.use(); err == nil {
		t.Error("the old user is accepted")
	}
	r.mustUse()
}

func TestOtherSettingsNeedARestart(t *testing.T) {
	r := newReloading(t)
	r.cloud.Calls.Reset()
	write(t, r.path, text(r.cloud)+"[LoadBalancer]\nlb-provider = ovn\n")
	for range 3 {
		r.clock.Step(10 * time.Second)
		r.mustUse()
	}
	wantCalls(t, r.cloud, map[string]int{"neutron:ListNetworks": 3})
	if lines := r.log.take(); len(lines) != 1 || !strings.Contains(lines[0], "needs a restart") {
		t.Errorf("the log has %q", lines)
	}
}
