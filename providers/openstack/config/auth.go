// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"net/url"
	"strings"
)

// Auth says how to reach and authenticate with Keystone. What clouds.yaml has is in it.
type Auth struct {
	AuthURL                                                                         string
	UserID, Username, Password                                                      string
	TenantID, TenantName, TenantDomainID, TenantDomainName                          string
	UserDomainID, UserDomainName, DomainID, DomainName                              string
	ApplicationCredentialID, ApplicationCredentialName, ApplicationCredentialSecret string
	TrustID, TrusteeID, TrusteePassword, Token, Region                              string
	// Endpoint is "public", "internal" or "admin".
	Endpoint                                  string
	CAFile, CAFileContents, CertFile, KeyFile string
	Insecure                                  bool
	UseClouds                                 bool
	CloudsFile, Cloud                         string

	insecureGiven bool // the file says whether Insecure
}

// Method is a way to authenticate.
type Method string

// The ways to authenticate. Where there is more than one, the first in this list is used.
const (
	Token                 Method = "token"
	Trust                 Method = "trust"
	ApplicationCredential Method = "application credential"
	Password              Method = "password"
)

// Method is the way that is used; empty without any.
func (a *Auth) Method() Method {
	switch {
	case a.Token != "":
		return Token
	case a.TrustID != "":
		return Trust
	case a.ApplicationCredentialID+a.ApplicationCredentialName+a.ApplicationCredentialSecret != "":
		return ApplicationCredential
	case a.Password != "":
		return Password
	}
	return ""
}

// Domain is one by ID or by name, or none.
type Domain struct{ ID, Name string }

// User is who authenticates with a password, or who made an application credential that is known by name.
func (a *Auth) User() (id, name, password string) {
	if a.TrustID != "" && a.TrusteeID != "" {
		return a.TrusteeID, "", cmp.Or(a.TrusteePassword, a.Password)
	}
	if a.TrustID != "" {
		return a.UserID, a.Username, cmp.Or(a.TrusteePassword, a.Password)
	}
	return a.UserID, a.Username, a.Password
}

// UserDomain is that of the user.
func (a *Auth) UserDomain() Domain {
	if !a.scoped() {
		return Domain{a.UserDomainID, a.UserDomainName}
	}
	return Domain{cmp.Or(a.UserDomainID, a.DomainID), cmp.Or(a.UserDomainName, a.DomainName)}
}

// ProjectDomain is that of the project.
func (a *Auth) ProjectDomain() Domain {
	return Domain{cmp.Or(a.TenantDomainID, a.DomainID), cmp.Or(a.TenantDomainName, a.DomainName)}
}

// scoped reports whether the token is for a project that the configuration names, or that comes with the
// application credential. Otherwise DomainID and DomainName are its scope, rather than defaults.
func (a *Auth) scoped() bool {
	return a.TenantID != "" || a.TenantName != "" || a.Method() == ApplicationCredential
}

// problem is a mistake, or something without effect, in a key of [Global].
type problem struct{ key, text string }

// problems are what gophercloud and Keystone would refuse for certain.
func (a *Auth) problems() []problem {
	found := a.addressProblems()
	switch method := a.Method(); method {
	case Token:
	case ApplicationCredential:
		if a.ApplicationCredentialSecret == "" {
			found = append(found, problem{"application-credential-secret", "is missing"})
		}
		switch {
		case a.ApplicationCredentialID != "":
		case a.ApplicationCredentialName == "":
			found = append(found, problem{"application-credential-id", "is missing; application-credential-name together with the user will do, too"})
		case a.UserID == "":
			found = append(found, a.userProblems()...)
		}
	case Password, Trust:
		found = append(found, a.userProblems()...)
		if method == Password && a.TenantID == "" && a.TenantName != "" && a.ProjectDomain() == (Domain{}) {
			found = append(found, problem{"tenant-name", "needs tenant-domain-id, tenant-domain-name, domain-id or domain-name"})
		}
	default:
		found = append(found, problem{"password", "is missing, and so is any other way to authenticate: application-credential-id and application-credential-secret, trust-id, or token"})
	}
	return found
}

func (a *Auth) addressProblems() []problem {
	u, err := url.Parse(a.AuthURL)
	switch {
	case a.AuthURL == "":
		return []problem{{"auth-url", "is missing; it is the URL of Keystone, such as https://keystone.example.com/v3"}}
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return []problem{{"auth-url", "is not a URL such as https://keystone.example.com/v3"}}
	case u.User != nil:
		return []problem{{"auth-url", "contains credentials; they have keys of their own"}}
	case strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/v2.0"):
		return []problem{{"auth-url", "is that of Keystone's version 2.0, which is no more; end it in /v3"}}
	}
	return nil
}

// userProblems are those of a user who is to be found with a password, or as the owner of a credential.
func (a *Auth) userProblems() (found []problem) {
	id, name, password := a.User()
	domain := a.UserDomain()
	if password == "" && a.Method() != ApplicationCredential {
		found = append(found, problem{"password", "is missing"})
	}
	switch {
	case id == "" && name == "":
		return append(found, problem{"username", "is missing; user-id will do, too"})
	case id != "" && name != "":
		return append(found, problem{"username", "and user-id exclude each other; remove one"})
	case id != "" && a.TrustID != "" && a.TrusteeID != "": // domains are those of the user that it replaces
	case id != "" && domain != (Domain{}):
		found = append(found, problem{firstOf(a.userDomainKeys()), "gives the user a domain, which user-id excludes; give the domain of the project as tenant-domain-id or tenant-domain-name, or not at all with tenant-id"})
	case name != "" && domain == (Domain{}):
		found = append(found, problem{"username", "needs user-domain-id or user-domain-name; domain-id and domain-name will do if a project is given"})
	case domain.ID != "" && domain.Name != "":
		found = append(found, problem{firstOf(a.userDomainKeys()), "gives the domain of the user, which " + lastOf(a.userDomainKeys()) + " gives as well; leave one"})
	}
	return found
}

// userDomainKeys are the keys that the domain of the user comes from.
func (a *Auth) userDomainKeys() (keys []string) {
	for _, k := range []struct{ own, ownKey, fallback, fallbackKey string }{
		{a.UserDomainID, "user-domain-id", a.DomainID, "domain-id"}, {a.UserDomainName, "user-domain-name", a.DomainName, "domain-name"},
	} {
		switch {
		case k.own != "":
			keys = append(keys, k.ownKey)
		case k.fallback != "" && a.scoped():
			keys = append(keys, k.fallbackKey)
		}
	}
	return keys
}

func firstOf(keys []string) string { return keys[0] }
func lastOf(keys []string) string  { return keys[len(keys)-1] }

// unused are credentials without effect, because there are others that go before them.
func (a *Auth) unused() (found []problem) {
	used := a.Method()
	for _, other := range []struct {
		method Method
		key    string
		set    bool
	}{
		{Trust, "trust-id", a.TrustID != ""},
		{ApplicationCredential, "application-credential-secret", a.ApplicationCredentialSecret != ""},
		{Password, "password", a.Password != "" && used != Trust},
	} {
		if other.set && other.method != used && used != "" {
			found = append(found, problem{other.key, "has no effect beside " + string(used)})
		}
	}
	return found
}
