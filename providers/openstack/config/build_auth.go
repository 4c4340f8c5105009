// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"os"
	"strings"
)

func (b *builder) auth() Auth {
	g := b.Global
	a := Auth{
		AuthURL: g.AuthURL, UserID: g.UserID, Username: g.Username, Password: g.Password,
		TenantID: g.TenantID, TenantName: g.TenantName, TenantDomainID: g.TenantDomainID, TenantDomainName: g.TenantDomainName,
		UserDomainID: g.UserDomainID, UserDomainName: g.UserDomainName, DomainID: g.DomainID, DomainName: g.DomainName,
		ApplicationCredentialID: g.ApplicationCredentialID, ApplicationCredentialName: g.ApplicationCredentialName,
		ApplicationCredentialSecret: g.ApplicationCredentialSecret,
		TrustID:                     g.TrustID, TrusteeID: g.TrusteeID, TrusteePassword: g.TrusteePassword, Token: g.Token, Region: g.Region,
		Endpoint: g.EndpointType, CAFile: g.CAFile, CAFileContents: g.CAFileContents, CertFile: g.CertFile, KeyFile: g.KeyFile,
		Insecure: g.TLSInsecure == "true", UseClouds: g.UseClouds, CloudsFile: g.CloudsFile, Cloud: g.Cloud,
		insecureGiven: g.TLSInsecure != "",
	}
	b.credentials(&a)
	switch a.Endpoint = strings.TrimSuffix(a.Endpoint, "URL"); a.Endpoint {
	case "":
		a.Endpoint = "public"
	case "public", "internal", "admin":
	default:
		b.wrong("Global", "os-endpoint-type", "%q is none of public, internal and admin", a.Endpoint)
	}
	if g.TLSInsecure != "" && g.TLSInsecure != "true" && g.TLSInsecure != "false" {
		b.doubtful("Global", "tls-insecure", "%q has no effect; only \"true\" switches verification off", g.TLSInsecure)
	}
	if (a.CertFile == "") != (a.KeyFile == "") {
		b.doubtful("Global", "cert-file", "and key-file count only together")
	}
	if a.CAFile != "" && a.CAFileContents != "" {
		b.doubtful("Global", "cafilecontents", "has no effect beside ca-file")
	}
	for _, key := range []string{"secret-name", "secret-namespace", "kubeconfig-path"} {
		if b.Line("Global", "", key) > 0 {
			b.doubtful("Global", key, "has no effect: the in-tree provider read credentials from a Secret, which is to be mounted as this file instead")
		}
	}
	return a
}

// credentials adds what clouds.yaml has, and checks the whole.
func (b *builder) credentials(a *Auth) {
	if a.UseClouds {
		if path, err := a.withClouds(); err != nil {
			b.wrong("Global", "use-clouds", "%s: %v", cmp.Or(path, "clouds.yaml"), err)
			return
		}
	}
	if a.Cloud != "" && !a.UseClouds {
		b.doubtful("Global", "cloud", "has no effect without use-clouds")
	}
	if a.CloudsFile != "" && !a.UseClouds {
		b.doubtful("Global", "clouds-file", "has no effect without use-clouds")
	}
	for _, p := range a.problems() {
		b.wrong("Global", p.key, "%s", p.text)
	}
	for _, p := range a.unused() {
		b.doubtful("Global", p.key, "%s", p.text)
	}
}

// environment reads the variables that are no credentials.
func (b *builder) environment(c *Config) {
	regional := os.Getenv("OS_CCM_REGIONAL")
	c.Regional = regional == "true"
	if regional != "" && regional != "true" && regional != "false" {
		b.warnings = append(b.warnings, fmt.Sprintf("the variable OS_CCM_REGIONAL is %q and has no effect; only \"true\" puts the region into provider IDs", regional))
	}
	if os.Getenv("OCCM_WAIT_LB_ACTIVE_STEPS") != "" {
		b.warnings = append(b.warnings, "the variable OCCM_WAIT_LB_ACTIVE_STEPS has no effect: nothing waits for load balancers here, each is looked at again until it is ready")
	}
}
