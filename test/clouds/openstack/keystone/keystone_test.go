// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package keystone_test

import (
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/networks"
	"github.com/gophercloud/gophercloud/v2/openstack/networking/v2/ports"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/keystone"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
)

func TestAccessRules(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	user := cloud.Keystone.State().Users[0]
	credential := cloud.Keystone.AddApplicationCredential(keystone.ApplicationCredential{
		Name: "narrow", Secret: "s", UserID: user.ID, ProjectID: cloud.Project.ID,
		AccessRules: []keystone.AccessRule{
			{Service: "network", Method: "GET", Path: "/v2.0/networks"}, {Service: "network", Method: "GET", Path: "/"},
		},
	})
	provider, err := cloud.Provider(gophercloud.AuthOptions{
		IdentityEndpoint: cloud.AuthURL, ApplicationCredentialID: credential.ID, ApplicationCredentialSecret: "s", AllowReauth: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	client, err := sdk.NewNetworkV2(provider, gophercloud.EndpointOpts{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := networks.List(client, nil).AllPages(t.Context()); err != nil {
		t.Error(err)
	}
	before := cloud.Calls.Counts()["keystone:CreateToken"]
	if _, err := ports.List(client, nil).AllPages(t.Context()); err == nil {
		t.Error("a call outside the rules is allowed")
	}
	if got := cloud.Calls.Counts()["keystone:CreateToken"] - before; got != 1 {
		t.Errorf("%d renewals, want 1", got)
	}
	cloud.Keystone.RemoveApplicationCredential(credential.ID)
	if _, err := networks.List(client, nil).AllPages(t.Context()); err == nil {
		t.Error("a credential that is gone is good")
	}
}

func TestScopes(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{})
	foreign := cloud.Keystone.AddProject("foreign")
	users := cloud.Keystone.State().Users
	trust := cloud.Keystone.AddTrust(keystone.Trust{TrustorUserID: users[1].ID, TrusteeUserID: users[0].ID, ProjectID: foreign.ID})
	for _, c := range []struct {
		what string
		opts func(*gophercloud.AuthOptions)
		good bool
	}{
		{"the project by name", func(o *gophercloud.AuthOptions) { o.TenantID, o.TenantName = "", "demo" }, true},
		{"a project without role", func(o *gophercloud.AuthOptions) { o.TenantID = foreign.ID }, false},
		{"the user's own project", func(o *gophercloud.AuthOptions) { o.TenantID = "" }, true},
		{"the domain", func(o *gophercloud.AuthOptions) {
			o.TenantID, o.Scope = "", &gophercloud.AuthScope{DomainID: "default"}
		}, true},
		{"a trust", func(o *gophercloud.AuthOptions) { o.TenantID, o.Scope = "", &gophercloud.AuthScope{TrustID: trust.ID} }, true},
	} {
		opts := cloud.User("demo")
		c.opts(&opts)
		provider, err := cloud.Provider(opts)
		if (err == nil) != c.good {
			t.Errorf("%s: %v", c.what, err)
		}
		if c.what != "a trust" || err != nil {
			continue
		}
		if token := cloud.Keystone.Check(provider.Token()); token.ProjectID != foreign.ID || token.UserID != users[1].ID {
			t.Errorf("the trust's token is %+v", token)
		}
	}
}

func TestExchangedTokensEndWithTheFirst(t *testing.T) {
	cloud := openstacktest.Start(t, openstack.Options{TokenLifetime: time.Hour})
	first, err := cloud.Provider(cloud.User("demo"))
	if err != nil {
		t.Fatal(err)
	}
	cloud.Clock.Advance(40 * time.Minute)
	second, err := cloud.Provider(gophercloud.AuthOptions{IdentityEndpoint: cloud.AuthURL, TokenID: first.Token(), TenantID: cloud.Project.ID})
	if err != nil {
		t.Fatal(err)
	}
	if cloud.Keystone.Check(second.Token()) == nil {
		t.Error("the new token is not good")
	}
	cloud.Clock.Advance(30 * time.Minute)
	if cloud.Keystone.Check(second.Token()) != nil {
		t.Error("the new token outlives the first")
	}
}
