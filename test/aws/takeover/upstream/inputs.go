// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package upstream

import (
	"cmp"
	"crypto/sha1" //nolint:gosec // the names of target groups are made of it
	"crypto/sha256"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"
)

// loadBalancerName is the same for both kinds.
func loadBalancerName(service *v1.Service) string {
	name := "a" + strings.ReplaceAll(string(service.UID), "-", "")
	return name[:min(len(name), 32)]
}

// networkGroupName is the name of the security group of a network load balancer.
func (b *balancer) networkGroupName() string {
	s := b.service
	sum := sha256.Sum256([]byte(b.ClusterName + s.Name + s.Namespace + string(s.UID)))
	return fmt.Sprintf("k8s-%s-%s-%.10s", eight(s.Namespace), eight(s.Name), fmt.Sprintf("%x", sum))
}

// targetGroupName hashes what makes a target group different from others.
func (b *balancer) targetGroupName(port v1.ServicePort, protocol string, h health) string {
	s := b.service
	text := b.ClusterID + s.Namespace + s.Name + strconv.Itoa(int(port.Port)) + strconv.Itoa(int(port.NodePort)) +
		protocol + "instance" + h.protocol + strconv.Itoa(int(h.interval))
	return fmt.Sprintf("k8s-%s-%s-%.10s", eight(s.Namespace), eight(s.Name), fmt.Sprintf("%x", sha1.Sum([]byte(text)))) //nolint:gosec // as above
}

// eight are the first letters and digits of a name.
func eight(text string) string {
	var out []rune
	for _, r := range text {
		if r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			out = append(out, r)
		}
	}
	return string(out[:min(len(out), 8)])
}

// list cuts at commas, trims, and leaves out what is empty.
func list(text string) []string {
	var out []string
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			out = append(out, item)
		}
	}
	return out
}

// keyValues reads the syntax of tags: what follows a second "=" is dropped.
func keyValues(text string) map[string]string {
	out := map[string]string{}
	for _, piece := range strings.Split(text, ",") {
		parts := strings.Split(strings.TrimSpace(piece), "=")
		if parts[0] != "" {
			out[parts[0]] = append(parts, "")[1]
		}
	}
	return out
}

func isTrue(text string) bool {
	yes, _ := strconv.ParseBool(text)
	return yes
}

// number returns an annotation's number, or nil.
func (b *balancer) number(key string) *int32 {
	n, err := strconv.ParseInt(b.annotation(key), 10, 32)
	if err != nil {
		return nil
	}
	return aws.Int32(int32(n))
}

func (b *balancer) numberOr(key string, fallback int32) int32 {
	if n := b.number(key); n != nil {
		return *n
	}
	return fallback
}

// sourceRanges are the networks that may connect, in order, each once.
func (b *balancer) sourceRanges() []string {
	given := b.service.Spec.LoadBalancerSourceRanges
	if len(given) == 0 {
		given = list(b.service.Annotations["service.beta.kubernetes.io/load-balancer-source-ranges"])
	}
	var ranges []string
	for _, text := range given {
		if p, err := netip.ParsePrefix(strings.TrimSpace(text)); err == nil {
			ranges = append(ranges, p.Masked().String())
		}
	}
	if len(ranges) == 0 {
		return []string{"0.0.0.0/0"}
	}
	slices.Sort(ranges)
	return slices.Compact(ranges)
}

// secure reports whether the certificate is for a port.
func (b *balancer) secure(port v1.ServicePort) bool {
	if b.annotation("ssl-cert") == "" {
		return false
	}
	ports := b.annotation("ssl-ports")
	return ports == "" || ports == "*" || slices.ContainsFunc(strings.Split(ports, ","), func(item string) bool {
		return item == strconv.Itoa(int(port.Port)) || item == port.Name
	})
}

// tags of load balancers, listeners and target groups.
func (b *balancer) tags() map[string]string {
	tags := b.groupTags()
	tags["kubernetes.io/service-name"] = b.service.Namespace + "/" + b.service.Name
	return tags
}

// groupTags are those of security groups, which do not say for which Service they are.
func (b *balancer) groupTags() map[string]string {
	tags := keyValues(b.annotation("additional-resource-tags"))
	maps.Copy(tags, b.clusterTags())
	return tags
}

func (p *Provider) clusterTags() map[string]string {
	tags := map[string]string{"kubernetes.io/cluster/" + p.ClusterID: "owned"}
	if p.LegacyTag {
		tags["KubernetesCluster"] = p.ClusterID
	}
	return tags
}

func tag(tags []ec2types.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func hasTag(tags []ec2types.Tag, key string) bool {
	return slices.ContainsFunc(tags, func(t ec2types.Tag) bool { return aws.ToString(t.Key) == key })
}

func (p *Provider) belongs(tags []ec2types.Tag) bool {
	return hasTag(tags, "kubernetes.io/cluster/"+p.ClusterID) || tag(tags, "KubernetesCluster") == p.ClusterID
}

func (p *Provider) foreign(tags []ec2types.Tag) bool {
	return !p.belongs(tags) && slices.ContainsFunc(tags, func(t ec2types.Tag) bool { return strings.HasPrefix(aws.ToString(t.Key), "kubernetes.io/cluster/") })
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}

// health is the health check of a target group.
type health struct {
	protocol, port, path         string
	interval, healthy, unhealthy int32
}

// health works out the health check of a network load balancer: defaults, annotations, the shared probes
// over them, and the numbers.
func (b *balancer) health() health {
	h := health{"TCP", "traffic-port", "", 30, 3, 3}
	if b.local() {
		h = health{"HTTP", strconv.Itoa(int(b.service.Spec.HealthCheckNodePort)), "/healthz", 10, 2, 2}
	}
	h.protocol = cmp.Or(strings.ToUpper(b.annotation("healthcheck-protocol")), h.protocol)
	if h.protocol == "TCP" {
		h.path = ""
	} else {
		h.path = cmp.Or(b.annotation("healthcheck-path"), h.path, "/")
	}
	h.port = cmp.Or(b.annotation("healthcheck-port"), h.port)
	if b.SharedProbes && b.service.Spec.ExternalTrafficPolicy != v1.ServiceExternalTrafficPolicyLocal {
		h.protocol, h.port, h.path = "HTTP", "10256", "/healthz"
	}
	h.interval = b.numberOr("healthcheck-interval", h.interval)
	h.healthy = b.numberOr("healthcheck-healthy-threshold", h.healthy)
	h.unhealthy = b.numberOr("healthcheck-unhealthy-threshold", h.unhealthy)
	return h
}
