// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"
	"testing"
)

// TestCredentials: what gophercloud would refuse is refused at once, and nothing else.
func TestCredentials(t *testing.T) {
	tests := []struct {
		name, keys string
		method     Method
		wrong      []string
	}{
		{"user by ID, project by ID", "user-id=u|password=p|tenant-id=t", Password, nil},
		{"user by name, project by name, one domain", "username=u|password=p|tenant-name=t|domain-name=d", Password, nil},
		{"domains of their own", "username=u|password=p|tenant-name=t|user-domain-id=d|tenant-domain-name=e", Password, nil},
		{"for a domain", "username=u|password=p|user-domain-name=d|domain-id=e", Password, nil},
		{"for a domain, the user by ID", "user-id=u|password=p|domain-id=e", Password, nil},
		{"user by ID, the project's domain", "user-id=u|password=p|tenant-name=t|tenant-domain-id=e", Password, nil},
		{"no scope: the user's default project", "user-id=u|password=p", Password, nil},
		{"credential by ID", "application-credential-id=a|application-credential-secret=s", ApplicationCredential, nil},
		{"credential by ID goes before a password", "application-credential-id=a|application-credential-secret=s|username=u|password=p", ApplicationCredential, nil},
		{"credential by name, user by ID", "application-credential-name=a|application-credential-secret=s|user-id=u|domain-name=d", ApplicationCredential, nil},
		{"credential by name, user by name", "application-credential-name=a|application-credential-secret=s|username=u|domain-name=d", ApplicationCredential, nil},
		{"trust", "user-id=u|password=p|trust-id=t", Trust, nil},
		{"trust with a trustee", "username=x|domain-name=d|tenant-id=y|password=p|trust-id=t|trustee-id=u|trustee-password=q", Trust, nil},
		{"token", "token=t", Token, nil},
		{"token with a scope", "token=t|tenant-id=t|username=u", Token, nil},

		{"nothing", "", "", []string{"password: is missing, and so is any other way"}},
		{"no password", "username=u|domain-id=d", "", []string{"password: is missing"}},
		{"no user", "password=p", Password, []string{"username: is missing"}},
		{"two users", "username=u|user-id=i|password=p|tenant-id=t", Password, []string{"username: and user-id exclude each other"}},
		{"no user domain", "username=u|password=p|tenant-id=t", Password, []string{"username: needs user-domain-id"}},
		{"no user domain for a domain", "username=u|password=p|domain-id=e", Password, []string{"username: needs user-domain-id"}},
		{"user ID with its domain", "user-id=u|password=p|user-domain-id=d", Password, []string{"user-domain-id: gives the user a domain, which user-id excludes"}},
		{"user ID with the domain of both", "user-id=u|password=p|tenant-name=t|domain-name=d", Password, []string{"domain-name: gives the user a domain"}},
		{"user domain twice", "username=u|password=p|user-domain-id=d|user-domain-name=d", Password, []string{"user-domain-id: gives the domain of the user, which user-domain-name gives as well"}},
		{"user domain twice, once by default", "username=u|password=p|tenant-id=t|user-domain-name=d|domain-id=d", Password, []string{"domain-id: gives the domain of the user, which user-domain-name"}},
		{"project without a domain", "user-id=u|password=p|tenant-name=t", Password, []string{"tenant-name: needs tenant-domain-id"}},
		{"two mistakes", "username=u|password=p|tenant-name=t", Password, []string{"username: needs user-domain-id", "tenant-name: needs tenant-domain-id"}},
		{"credential without a secret", "application-credential-id=a", ApplicationCredential, []string{"application-credential-secret: is missing"}},
		{"secret without a credential", "application-credential-secret=a", ApplicationCredential, []string{"application-credential-id: is missing"}},
		{"credential by name without a user", "application-credential-name=a|application-credential-secret=s", ApplicationCredential, []string{"username: is missing"}},
		{"credential by name without the domain", "application-credential-name=a|application-credential-secret=s|username=u", ApplicationCredential, []string{"username: needs user-domain-id"}},
		{"trust without a password", "user-id=u|trust-id=t", Trust, []string{"password: is missing"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, err := read(t, "[Global]\nauth-url=https://k/v3\n"+strings.ReplaceAll(test.keys, "|", "\n"))
			if len(test.wrong) == 0 {
				if err != nil || c.Auth.Method() != test.method {
					t.Errorf("%v, method %q", err, c.Auth.Method())
				}
				return
			}
			for _, want := range test.wrong {
				if err == nil || !strings.Contains(err.Error(), want) || strings.Count(err.Error(), "\n") != len(test.wrong)-1 {
					t.Errorf("%v, want %q", err, want)
				}
			}
		})
	}
}

func TestAddressOfKeystone(t *testing.T) {
	for address, want := range map[string]string{
		"https://k:5000/v3/": "", "http://[2001:db8::1]/identity": "",
		"": "is missing", "keystone": "is not a URL", "https://": "is not a URL", "\"https://u:secret@k/v3\"": "contains credentials",
		"https://k/v2.0": "version 2.0", "https://k/identity/v2.0/": "version 2.0",
	} {
		_, err := read(t, "[Global]\ntoken=t\nauth-url="+address)
		if (err != nil) != (want != "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

func TestTheTrusteeReplacesTheUser(t *testing.T) {
	a := Auth{UserID: "i", Username: "n", Password: "p", TrustID: "t", TrusteeID: "trustee"}
	if id, name, password := a.User(); id != "trustee" || name != "" || password != "p" {
		t.Errorf("%q, %q, %q", id, name, password)
	}
	a.TrusteeID, a.TrusteePassword = "", "q"
	if id, name, password := a.User(); id != "i" || name != "n" || password != "q" {
		t.Errorf("%q, %q, %q", id, name, password)
	}
	a.TrustID = ""
	if _, _, password := a.User(); password != "p" {
		t.Errorf("without a trust: %q", password)
	}
}
