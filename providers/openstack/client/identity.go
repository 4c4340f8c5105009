// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// identity is all that decides who we are for OpenStack, and whom we trust. Two of them can be compared
// with ==.
type identity struct {
	auth          config.Auth
	ca, cert, key string // content, in PEM
}

// identify reads the files that the configuration names.
func identify(auth config.Auth, read func(string) ([]byte, error)) (identity, error) {
	auth.Region = "" // a change of it needs a restart
	i := identity{auth: auth, ca: auth.CAFileContents}
	for _, f := range []struct {
		key, path string
		into      *string
	}{{"ca-file", auth.CAFile, &i.ca}, {"cert-file", auth.CertFile, &i.cert}, {"key-file", auth.KeyFile, &i.key}} {
		if f.path == "" {
			continue
		}
		data, err := read(f.path)
		if err != nil {
			return i, fmt.Errorf("%s of the cloud-config: %w", f.key, err)
		}
		*f.into = string(data)
	}
	return i, nil
}

// tls is how connections are made.
func (i identity) tls() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: i.auth.Insecure} //nolint:gosec // the operator asks for it
	if i.ca != "" {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM([]byte(i.ca)) {
			return nil, fmt.Errorf("ca-file %s of the cloud-config has no certificate in PEM", i.auth.CAFile)
		}
	}
	if i.cert != "" || i.key != "" {
		pair, err := tls.X509KeyPair([]byte(i.cert), []byte(i.key))
		if err != nil {
			return nil, fmt.Errorf("cert-file %s and key-file %s of the cloud-config: %w", i.auth.CertFile, i.auth.KeyFile, err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// keystone is the address of Keystone's version 3, which every Keystone since 2018 has alone. Asking for its
// versions would cost a call, and would fail where the answer has addresses behind a proxy.
func (i identity) keystone() string {
	base := strings.TrimRight(i.auth.AuthURL, "/")
	for _, version := range []string{"/v3", "/v2.0"} {
		base = strings.TrimSuffix(base, version)
	}
	return base + "/v3/"
}

// options are the credentials in gophercloud's words: those of one way to authenticate, since it refuses some
// that it would not use. The configuration was checked.
func (i identity) options() gophercloud.AuthOptions {
	a := i.auth
	o := gophercloud.AuthOptions{IdentityEndpoint: i.keystone(), AllowReauth: true}
	id, name, password := a.User()
	domain := a.UserDomain()
	switch a.Method() {
	case config.Token:
		o.TokenID, o.AllowReauth = a.Token, false
	case config.ApplicationCredential:
		o.ApplicationCredentialID, o.ApplicationCredentialName = a.ApplicationCredentialID, a.ApplicationCredentialName
		o.ApplicationCredentialSecret = a.ApplicationCredentialSecret
		if id != "" { // which has no domain
			o.UserID = id
		} else {
			o.Username, o.DomainID, o.DomainName = name, domain.ID, domain.Name
		}
		o.Scope = &gophercloud.AuthScope{} // Keystone accepts none beside an application credential
		return o
	default:
		o.UserID, o.Username, o.Password = id, name, password
		if name != "" {
			o.DomainID, o.DomainName = domain.ID, domain.Name
		}
	}
	o.Scope = scope(a)
	return o
}

// scope is what the token is to be for: the first that is known of a trust, a project and a domain.
func scope(a config.Auth) *gophercloud.AuthScope {
	domain := a.ProjectDomain()
	switch {
	case a.TrustID != "":
		return &gophercloud.AuthScope{TrustID: a.TrustID}
	case a.TenantID != "":
		return &gophercloud.AuthScope{ProjectID: a.TenantID}
	case a.TenantName != "" && domain.ID != "":
		return &gophercloud.AuthScope{ProjectName: a.TenantName, DomainID: domain.ID}
	case a.TenantName != "":
		return &gophercloud.AuthScope{ProjectName: a.TenantName, DomainName: domain.Name}
	case a.DomainID != "":
		return &gophercloud.AuthScope{DomainID: a.DomainID}
	}
	return &gophercloud.AuthScope{DomainName: a.DomainName}
}
