// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"slices"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// defaultSSLPolicy is that of a listener that was given none, for both versions.
const defaultSSLPolicy = "ELBSecurityPolicy-2016-08"

// sslPolicy is one of AWS's predefined security policies.
type sslPolicy struct {
	name      string
	protocols []string
	ciphers   []string
}

// Groups of ciphers of which AWS's policies are made.
var (
	tls13      = []string{"TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"}
	ecdheGCM   = []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"}
	ecdheCBC   = []string{"ECDHE-ECDSA-AES128-SHA256", "ECDHE-RSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384", "ECDHE-RSA-AES256-SHA384"}
	ecdheSHA1  = []string{"ECDHE-ECDSA-AES128-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA", "ECDHE-ECDSA-AES256-SHA"}
	rsaSHA2    = []string{"AES128-GCM-SHA256", "AES128-SHA256", "AES256-GCM-SHA384", "AES256-SHA256"}
	rsaSHA1    = []string{"AES128-SHA", "AES256-SHA"}
	tripleDES  = []string{"DES-CBC3-SHA"}
	forward    = slices.Concat(ecdheGCM, ecdheCBC, ecdheSHA1)
	compatible = slices.Concat(forward, rsaSHA2, rsaSHA1)
	strong     = slices.Concat(ecdheGCM, ecdheCBC, rsaSHA2)
	from10     = []string{"TLSv1", "TLSv1.1", "TLSv1.2"}
	from11     = []string{"TLSv1.1", "TLSv1.2"}
	only12     = []string{"TLSv1.2"}
)

// sslPolicies are what listeners of version 2 may use.
var sslPolicies = []sslPolicy{
	{"ELBSecurityPolicy-2016-08", from10, compatible},
	{"ELBSecurityPolicy-TLS13-1-2-2021-06", []string{"TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, ecdheGCM, ecdheCBC)},
	{"ELBSecurityPolicy-TLS13-1-2-Res-2021-06", []string{"TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, ecdheGCM)},
	{"ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06", []string{"TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, strong)},
	{"ELBSecurityPolicy-TLS13-1-2-Ext2-2021-06", []string{"TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, compatible)},
	{"ELBSecurityPolicy-TLS13-1-1-2021-06", []string{"TLSv1.1", "TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, compatible)},
	{"ELBSecurityPolicy-TLS13-1-0-2021-06", []string{"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}, slices.Concat(tls13, compatible)},
	{"ELBSecurityPolicy-TLS13-1-3-2021-06", []string{"TLSv1.3"}, tls13},
	{"ELBSecurityPolicy-TLS-1-2-2017-01", only12, strong},
	{"ELBSecurityPolicy-TLS-1-1-2017-01", from11, compatible},
	{"ELBSecurityPolicy-TLS-1-2-Ext-2018-06", only12, compatible},
	{"ELBSecurityPolicy-FS-2018-06", from10, forward},
	{"ELBSecurityPolicy-FS-1-1-2019-08", from11, forward},
	{"ELBSecurityPolicy-FS-1-2-2019-08", only12, forward},
	{"ELBSecurityPolicy-FS-1-2-Res-2019-08", only12, slices.Concat(ecdheGCM, ecdheCBC)},
	{"ELBSecurityPolicy-FS-1-2-Res-2020-10", only12, ecdheGCM},
	{"ELBSecurityPolicy-2015-05", from10, compatible},
	{"ELBSecurityPolicy-TLS-1-0-2015-04", from10, slices.Concat(compatible, tripleDES)},
}

// classicSSLPolicies are what policies of Classic Load Balancers may refer to. There are older ones, which
// AWS advises against.
var classicSSLPolicies = []sslPolicy{
	{"ELBSecurityPolicy-2016-08", from10, compatible},
	{"ELBSecurityPolicy-TLS-1-2-2017-01", only12, strong},
	{"ELBSecurityPolicy-TLS-1-1-2017-01", from11, compatible},
	{"ELBSecurityPolicy-2015-05", from10, slices.Concat(compatible, tripleDES)},
}

func findSSLPolicy(list []sslPolicy, name string) (sslPolicy, bool) {
	i := slices.IndexFunc(list, func(p sslPolicy) bool { return p.name == name })
	if i < 0 {
		return sslPolicy{}, false
	}
	return list[i], true
}

type describeSSLPoliciesInput struct {
	Names []string `query:"Names"`
	Type  *string  `query:"LoadBalancerType"`
}

type cipherOut struct {
	Name     string
	Priority int
}

type sslPolicyOut struct {
	Name                       string
	SslProtocols               wire.Members[string]
	Ciphers                    wire.Members[cipherOut]
	SupportedLoadBalancerTypes wire.Members[string]
}

type describeSSLPoliciesOutput struct {
	SslPolicies wire.Members[sslPolicyOut]
}

// describeSSLPolicies answers in one page: there are fewer policies than a page may have.
func (s *Service) describeSSLPolicies(in *describeSSLPoliciesInput) (any, error) {
	if in.Type != nil {
		if err := oneOf("loadBalancerType", *in.Type, "network", "gateway", "application"); err != nil {
			return nil, err
		}
	}
	for _, name := range in.Names {
		if _, ok := findSSLPolicy(sslPolicies, name); !ok {
			return nil, wire.Errorf("SSLPolicyNotFound", "One or more of the specified SSL policies do not exist")
		}
	}
	out := &describeSSLPoliciesOutput{}
	for _, p := range sslPolicies {
		if len(in.Names) > 0 && !slices.Contains(in.Names, p.name) {
			continue
		}
		o := sslPolicyOut{Name: p.name, SslProtocols: p.protocols, SupportedLoadBalancerTypes: wire.Members[string]{"application", "network"}}
		for i, c := range p.ciphers {
			o.Ciphers = append(o.Ciphers, cipherOut{Name: c, Priority: i + 1})
		}
		out.SslPolicies = append(out.SslPolicies, o)
	}
	return out, nil
}
