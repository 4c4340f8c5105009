// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"strings"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

const (
	globalName   = "Global"
	overrideName = "ServiceOverride"
)

var globalSection = ini.Section{Name: globalName, Keys: []ini.Key{
	key("Zone", "text", "", "Availability zone. The region is derived from it: `us-west-2a` and the local zone `us-west-2-lax-1a` both give `us-west-2`. It goes before `Region` and before what the instance metadata service says."),
	key("Region", "text", "", "Region in which the cluster is. Without `Zone` and `Region` it is the region of the instance on which the manager runs; where the metadata service cannot be reached, `AWS_REGION`."),
	key("VPC", "text", "", "VPC of a cluster whose control plane is elsewhere. With `SubnetID` or `RoleARN`, and `KubernetesClusterID` or `KubernetesClusterTag`, nothing is looked up about the instance on which the manager runs. Otherwise it has no effect: the VPC is the instance's."),
	key("SubnetID", "text", "", "Last resort for the subnet of load balancers, for a control plane elsewhere; see `VPC`. Otherwise it has no effect: the last resort is the instance's subnet."),
	key("RouteTableID", "text", "", "Route table in which the cluster's routes are. Without it, the tables that carry the cluster's tag."),
	key("RoleARN", "text", "", "Role that is assumed for every call to EC2 and Elastic Load Balancing."),
	key("SourceARN", "text", "", "Value of the header `x-amz-source-arn` of the call that assumes `RoleARN`, against confused deputies."),
	key("KubernetesClusterTag", "text", "", "Cluster ID of a cluster that uses the old tag `KubernetesCluster`. That tag is then written on what is created, beside `kubernetes.io/cluster/<ID>`."),
	key("KubernetesClusterID", "text", "", "Cluster ID: what follows `kubernetes.io/cluster/` in the tags of the cluster's resources. Without it and `KubernetesClusterTag`, the tags of the manager's instance say it."),
	key("DisableSecurityGroupIngress", "boolean", "false", "Never add or remove rules in the security groups of Nodes, neither for Classic nor for network load balancers, also not when a Service is deleted."),
	key("ElbSecurityGroup", "text", "", "ID of a security group that every Classic load balancer gets in place of one of its own, unless the Service names others. Its rules are never changed, and it is never deleted."),
	key("NodeIPFamilies", "list", "ipv4", "Families of the addresses of Nodes, in this order: `ipv4`, `ipv6`. The key is repeated for each; a comma-separated list works too."),
	key("ClusterServiceLoadBalancerHealthProbeMode", "choice", "ServiceNodePort", "How Nodes are checked for Services with `externalTrafficPolicy: Cluster`: `ServiceNodePort` checks the port to which traffic is sent, `Shared` checks kube-proxy."),
	key("ClusterServiceSharedLoadBalancerHealthProbePort", "number", fmt.Sprint(defaultProbePort), "Port of kube-proxy's health check, for `Shared`."),
	key("ClusterServiceSharedLoadBalancerHealthProbePath", "text", defaultProbePath, "Path of kube-proxy's health check, for `Shared`."),
	key("SupportedTopologyInstanceTypePattern", "regular expression", defaultTopologyPattern, "Instance types whose network topology must be known before their Node is initialised. In the file, a backslash has to be in double quotes and written twice."),
	key("NLBSecurityGroupMode", "choice", "", "`Managed` gives each network load balancer a security group that the provider creates and owns."),
	key("DisableStrictZoneCheck", "boolean", "false", "Of the in-tree provider; accepted without effect."),
}}

var overrideSection = ini.Section{Name: overrideName, Labelled: true, Keys: []ini.Key{
	key("Service", "text", "", "Which service; see below. Required."),
	key("Region", "text", "", "The override is in effect when this is the region in use. Required."),
	key("URL", "text", "", "Endpoint, with its scheme. Required."),
	key("SigningRegion", "text", "", "Region in the signature of requests. Required."),
	key("SigningName", "text", "", "Service name in the signature of requests; without it the service's own."),
	key("SigningMethod", "text", "", "Accepted without effect: requests are signed with version 4."),
}}

func key(name, kind, fallback, doc string) ini.Key {
	return ini.Key{Name: name, Kind: kind, Default: fallback, Doc: doc}
}

// Markdown is the reference page.
func Markdown() string {
	var b strings.Builder
	b.WriteString(pageStart)
	globalSection.Table(&b)
	b.WriteString(pageOverrides)
	overrideSection.Table(&b)
	b.WriteString("\n| `Service` | means |\n|---|---|\n")
	for _, s := range services {
		fmt.Fprintf(&b, "| `%s` | %s |\n", strings.Join(s.names, "`, `"), s.doc)
	}
	b.WriteString(pageEnd)
	return b.String()
}

const pageStart = `# The cloud-config file of the AWS provider

<!-- Written by ` + "`go test ./config -update`" + `; change the declarations in config/keys.go instead. -->

` + "`--cloud-config`" + ` names a file in the INI form of git's configuration. Without the flag all defaults apply.
Mistakes end the process at its start, all of them in one message; sections and keys that are unknown are
ignored, and logged with what was probably meant.

` + "```ini" + `
[Global]
Region = eu-west-1
KubernetesClusterID = prod-1
NodeIPFamilies = ipv6
NodeIPFamilies = ipv4
NLBSecurityGroupMode = Managed

[ServiceOverride "1"]
Service = ec2
Region = eu-west-1
URL = https://ec2.vpce.internal
SigningRegion = eu-west-1
` + "```" + `

Names of sections and keys may be in any case. Booleans are ` + "`true`, `yes`, `on`, `1`, `false`, `no`, `off`, `0`" + `;
a key alone in its line means true. Numbers are decimal, or hexadecimal with ` + "`0x`" + `. Lists repeat the key. ` + "`;` and `#`" + `
begin comments outside double quotes; a backslash is allowed only in double quotes, as ` + "`\\\\`, `\\\"`, `\\n`, `\\t`" + `.
When a key is there twice, the last one counts.

## [Global]
`

const pageOverrides = `
## [ServiceOverride "label"]: custom endpoints

Any number of sections, each with a label of its own, which only serves messages.
`

const pageEnd = `
Case and blanks do not matter in the name of a service. Where several spellings of one service have entries
for one region, the one of the SDK (the first in the table) counts.

The variables ` + "`AWS_ENDPOINT_URL` and `AWS_ENDPOINT_URL_<SERVICE>`" + ` work too; this file goes before them.
`
