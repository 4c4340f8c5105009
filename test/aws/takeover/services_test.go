// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"fmt"
	"strings"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
)

const prefix = "service.beta.kubernetes.io/aws-load-balancer-"

type edit func(*ground, *v1.Service)

// classic and network make a Service of a kind with one port, as the API server has it.
func classic(name string, edits ...edit) func(*ground) *v1.Service { return service(name, "", edits) }

func network(name string, edits ...edit) func(*ground) *v1.Service {
	return service(name, "nlb", edits)
}

func service(name, kind string, edits []edit) func(*ground) *v1.Service {
	return func(g *ground) *v1.Service {
		s := &v1.Service{
			TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Service"},
			ObjectMeta: metav1.ObjectMeta{Namespace: "shop-eu", Name: name, UID: uid(name), ResourceVersion: "1", Annotations: map[string]string{},
				Finalizers: []string{"service.kubernetes.io/load-balancer-cleanup"}},
			Spec: v1.ServiceSpec{
				Type: v1.ServiceTypeLoadBalancer, SessionAffinity: v1.ServiceAffinityNone, ExternalTrafficPolicy: v1.ServiceExternalTrafficPolicyCluster,
				Ports: []v1.ServicePort{{Name: "http", Protocol: v1.ProtocolTCP, Port: 80, NodePort: nodePort(name, 0)}},
			},
		}
		if kind != "" {
			s.Annotations[prefix+"type"] = kind
		}
		for _, e := range edits {
			e(g, s)
		}
		return s
	}
}

// uid makes a UID of a name, the same in every run.
func uid(name string) types.UID {
	h := fmt.Sprintf("%x", name+strings.Repeat("~", 16))[:32]
	return types.UID(fmt.Sprintf("%s-%s-%s-%s-%s", h[:8], h[8:12], h[12:16], h[16:20], h[20:]))
}

// nodePort gives each Service ports of its own.
func nodePort(name string, n int) int32 { return int32(30000 + 100*(int(name[0])-'a') + n) }

func annotate(pairs ...string) edit {
	return func(_ *ground, s *v1.Service) {
		for i := 0; i < len(pairs); i += 2 {
			s.Annotations[prefix+pairs[i]] = pairs[i+1]
		}
	}
}

// annotateWith is for values that depend on what the operator has.
func annotateWith(key string, value func(*ground) string) edit {
	return func(g *ground, s *v1.Service) { s.Annotations[prefix+key] = value(g) }
}

// ports replaces the ports; node ports follow from the Service's name.
func ports(protocol v1.Protocol, list ...int32) edit {
	return func(_ *ground, s *v1.Service) {
		s.Spec.Ports = nil
		for i, p := range list {
			s.Spec.Ports = append(s.Spec.Ports, v1.ServicePort{Name: fmt.Sprintf("p%d", p), Protocol: protocol, Port: p, NodePort: nodePort(s.Name, i)})
		}
	}
}

func ranges(list ...string) edit {
	return func(_ *ground, s *v1.Service) { s.Spec.LoadBalancerSourceRanges = list }
}

func rangesAnnotation(text string) edit {
	return func(_ *ground, s *v1.Service) {
		s.Annotations["service.beta.kubernetes.io/load-balancer-source-ranges"] = text
	}
}

func local() edit {
	return func(_ *ground, s *v1.Service) {
		s.Spec.ExternalTrafficPolicy, s.Spec.HealthCheckNodePort = v1.ServiceExternalTrafficPolicyLocal, nodePort(s.Name, 99)
	}
}

func dualStack() edit {
	return func(_ *ground, s *v1.Service) {
		s.Spec.IPFamilies, s.Spec.IPFamilyPolicy = []v1.IPFamily{v1.IPv4Protocol, v1.IPv6Protocol}, ptr.To(v1.IPFamilyPolicyPreferDualStack)
	}
}
