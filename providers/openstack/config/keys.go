// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"strings"

	"sigs.k8s.io/cloud-providers/common/cloudconfig/ini"
)

func key(name, kind, fallback, doc string) ini.Key {
	return ini.Key{Name: name, Kind: kind, Default: fallback, Doc: doc}
}

const noEffect = "Of the in-tree provider; accepted without effect."

var sections = []ini.Section{
	{Name: "Global", Keys: []ini.Key{
		key("auth-url", "URL", "", "Keystone. `/v3` at its end may be left out. Required, unless clouds.yaml has it."),
		key("user-id", "text", "", "ID of the user. Excludes `username` and the keys of the user's domain."),
		key("username", "text", "", "Name of the user. The domain of the user has to be known, too."),
		key("password", "text", "", "Password of the user."),
		key("tenant-id", "text", "", "ID of the project."),
		key("tenant-name", "text", "", "Name of the project. The domain of the project has to be known, too."),
		key("tenant-domain-id", "text", "", "ID of the project's domain."),
		key("tenant-domain-name", "text", "", "Name of the project's domain."),
		key("user-domain-id", "text", "", "ID of the user's domain."),
		key("user-domain-name", "text", "", "Name of the user's domain. One of ID and name, also where `domain-id` or `domain-name` stand in."),
		key("domain-id", "text", "", "ID of the domain of user and project, where they have none of their own. Without a project the token is for this domain."),
		key("domain-name", "text", "", "The same by name."),
		key("application-credential-id", "text", "", "ID of an application credential. Beside `application-credential-secret` nothing else is needed; it is for one project."),
		key("application-credential-name", "text", "", "Name of an application credential. The user has to be known, too, but no password."),
		key("application-credential-secret", "text", "", "Secret of the application credential."),
		key("trust-id", "text", "", "ID of a trust. The user is its trustee, and the project that of the trust."),
		key("trustee-id", "text", "", "ID of the trustee, in place of `user-id` and `username`."),
		key("trustee-password", "text", "", "Password of the trustee, in place of `password`."),
		key("token", "text", "", "A token that somebody else has got, in place of all credentials. It is not renewed: whoever gives it has to replace it here in time."),
		key("region", "text", "", "Region of all endpoints, and of the label of Nodes. Without it the first endpoint of a service is taken, and Nodes have no such label."),
		key("regions", "list", "", "Further regions in which Nodes are. Repeat the key for each. Load balancers and routes are in `region`."),
		key("os-endpoint-type", "choice", "public", "`public`, `internal` or `admin`; also `publicURL` and so on."),
		key("ca-file", "path", "", "File of certificates in PEM that are trusted in place of the system's."),
		key("cafilecontents", "text", "", "The same as text. It is taken if `ca-file` is empty."),
		key("cert-file", "path", "", "Certificate of the client, in PEM. It counts together with `key-file`."),
		key("key-file", "path", "", "Key of that certificate, in PEM."),
		key("tls-insecure", "boolean", "false", "Exactly `true` accepts any certificate."),
		key("use-clouds", "boolean", "false", "Take what is empty here from clouds.yaml; see below."),
		key("clouds-file", "path", "", "Path of clouds.yaml. If there is no such file, it is searched as without this key."),
		key("cloud", "text", "", "Name of the entry in clouds.yaml; without it `OS_CLOUD`, or the only entry. Without `use-clouds` it has no effect."),
		key("secret-name", "text", "", noEffect),
		key("secret-namespace", "text", "", noEffect),
		key("kubeconfig-path", "text", "", noEffect),
	}},
	{Name: "LoadBalancer", Keys: []ini.Key{
		key("enabled", "boolean", "true", "Offer load balancers."),
		key("lb-version", "choice", "v2", "Nothing but `v2`."),
		key("lb-provider", "text", "amphora", "Octavia provider of new load balancers: `amphora`, `octavia`, `amphorav2`, `ovn`, `f5`, or another."),
		key("lb-method", "choice", "ROUND_ROBIN", "`ROUND_ROBIN`, `LEAST_CONNECTIONS`, `SOURCE_IP`; with provider ovn `SOURCE_IP_PORT`, which is its default."),
		key("subnet-id", "text", "", "Subnet of the address, and of members unless `member-subnet-id` says otherwise."),
		key("network-id", "text", "", "Network of the address."),
		key("member-subnet-id", "text", "", "Subnet of the members."),
		key("floating-network-id", "text", "", "External network of floating IPs; found by itself if empty."),
		key("floating-subnet-id", "text", "", "Subnet of floating IPs."),
		key("floating-subnet", "pattern", "", "Pattern of the name of that subnet: a glob, with `~` before it a regular expression for the whole name, with `!` before either the opposite. `floating-subnet-id` goes before it."),
		key("floating-subnet-tags", "expression", "", "Tags of that subnet, in a comma-separated list: one of them; all with `&` before it; none with `!`; not all with `!&`. `floating-subnet-id` goes before it."),
		key("create-monitor", "boolean", "false", "Health monitors for all Services."),
		key("monitor-delay", "duration", "5s", "Time between two checks, in whole seconds, rounded down; at least one."),
		key("monitor-timeout", "duration", "3s", "Time after which a check has failed, in whole seconds, rounded down; at least one."),
		key("monitor-max-retries", "number", "1", "Checks that make a member healthy, 1 to 10."),
		key("monitor-max-retries-down", "number", "3", "Checks that make a member unhealthy, 1 to 10."),
		key("manage-security-groups", "boolean", "false", "One security group for each Service, on the ports of its members."),
		key("internal-lb", "boolean", "false", "All load balancers are internal."),
		key("node-selector", "list", "", "Labels that members have, `label=value` or `label`."),
		key("cascade-delete", "boolean", "true", "Delete a load balancer with all its parts in one call."),
		key("flavor-id", "text", "", "Octavia flavor."),
		key("availability-zone", "text", "", "Octavia availability zone."),
		key("enable-ingress-hostname", "boolean", "false", "Publish a host name where the PROXY protocol is on."),
		key("ingress-hostname-suffix", "text", "nip.io", "End of that host name."),
		key("max-shared-lb", "number", "2", "Most Services that share a load balancer."),
		key("container-store", "choice", "barbican", "`barbican` checks that a TLS reference exists, `external` does not."),
		key("default-tls-container-ref", "text", "", "TLS reference of all Services."),
		key("provider-requires-serial-api-calls", "boolean", "false", "Make the parts of a load balancer one after the other."),
		key("use-octavia", "boolean", "", noEffect),
	}},
	{Name: "LoadBalancerClass", Labelled: true, Keys: []ini.Key{
		key("floating-network-id", "text", "", "As in [LoadBalancer]."), key("floating-subnet-id", "text", "", "As in [LoadBalancer]."),
		key("floating-subnet", "pattern", "", "As in [LoadBalancer]."), key("floating-subnet-tags", "expression", "", "As in [LoadBalancer]."),
		key("network-id", "text", "", "As in [LoadBalancer]."), key("subnet-id", "text", "", "As in [LoadBalancer]."),
		key("member-subnet-id", "text", "", "As in [LoadBalancer]."),
	}},
	{Name: "Networking", Keys: []ini.Key{
		key("ipv6-support-disabled", "boolean", "false", "Drop IPv6 addresses of Nodes."),
		key("public-network-name", "list", "", "Networks whose addresses are external. Repeat the key for each."),
		key("internal-network-name", "list", "", "If set, only these networks give internal addresses."),
		key("address-sort-order", "networks", "", "Order of the addresses of a Node: a comma-separated list of networks such as `10.0.0.0/8`; addresses in none of them come last."),
	}},
	{Name: "Route", Keys: []ini.Key{key("router-id", "text", "", "Router that carries the routes to pods.")}},
	{Name: "Metadata", Keys: []ini.Key{
		key("search-order", "list", "configDrive,metadataService", "One or both of `configDrive` and `metadataService`. It is checked and has no effect."),
		key("request-timeout", "duration", "60s", "Time limit of each request to OpenStack."),
	}},
	{Name: "BlockStorage", Foreign: true},
	{Name: "Router", Foreign: true},
}

// Markdown is the reference page.
func Markdown() string {
	var b strings.Builder
	b.WriteString(pageStart)
	for _, s := range sections {
		if s.Foreign {
			continue
		}
		title := "[" + s.Name + "]"
		if s.Labelled {
			title = "[" + s.Name + " \"name\"]"
		}
		b.WriteString("\n## " + title + "\n")
		s.Table(&b)
	}
	b.WriteString(pageEnd)
	return b.String()
}

const pageStart = `# The cloud-config file of the OpenStack provider

<!-- Written by ` + "`go test ./config -update`" + `; change the declarations in config/keys.go instead. -->

` + "`--cloud-config`" + ` names a file in the INI form of git's configuration. Mistakes end the process at its start,
all of them in one message; sections and keys that are unknown are ignored, and logged with what was probably
meant.

` + "```ini" + `
[Global]
auth-url = https://keystone.example.com/v3
application-credential-id = 21dced0fd20347869b93710d2b98aae0
application-credential-secret = "a#secret"
region = RegionOne

[LoadBalancer]
floating-network-id = 3b6a5f1c-9ccd-44b4-8ff6-9cdd0c0d94c9
subnet-id = 6ab9a2f4-97e6-4a8f-a1d7-fb5bb2cd8c9d

[LoadBalancerClass "internal"]
subnet-id = 0d5c0d0e-3b0f-4f0c-8d55-d1f5fe9ac6e7
` + "```" + `

Names of sections and keys may be in any case; names of classes may not. Booleans are
` + "`true`, `yes`, `on`, `1`, `false`, `no`, `off`, `0`" + `; a key alone in its line means true. Numbers are decimal, or
hexadecimal with ` + "`0x`" + `. Durations have a unit (` + "`5s`, `1m`" + `). Lists repeat the key. ` + "`;` and `#`" + ` begin comments outside
double quotes; a backslash is allowed only in double quotes, as ` + "`\\\\`, `\\\"`, `\\n`, `\\t`" + `. When a key is there twice, the
last one counts.
`

const pageEnd = `
## Credentials

One way to authenticate is used: ` + "`token`" + ` if it is set, else ` + "`trust-id`" + `, else the application credential, else the user with
a password.

With ` + "`use-clouds`" + `, what is empty in the file comes from clouds.yaml. What excludes each other (a user's ID and name)
counts as one, and so do ways to authenticate: where the file has an application credential, clouds.yaml's password is
not taken. Read are ` + "`clouds-file`" + `, or what ` + "`OS_CLIENT_CONFIG_FILE`" + ` names, or else ` + "`clouds.yaml` or `clouds.yml`" + ` in the working
directory, in ` + "`~/.config/openstack`" + ` or in ` + "`/etc/openstack`" + `; from these three places also ` + "`secure.yaml`" + `, which goes before
clouds.yaml, and ` + "`clouds-public.yaml`" + ` for the ` + "`profile`" + ` of the entry. Taken are ` + "`auth_url`, `user_id`, `username`," + `
` + "`password`, `project_id`, `project_name`, `domain_*`, `project_domain_*`, `user_domain_*`, `application_credential_*`," + `
` + "`token`, `region_name`, `interface` or `endpoint_type`, `cacert`, `cert`, `key` and `verify`" + `, and what ` + "`regions`" + ` says about the
region. Other variables of the environment (` + "`OS_…`" + `) have no effect.

## Changes while the process runs

What says how to authenticate is read again, at most every 10 seconds: the keys of ` + "`[Global]`" + ` but ` + "`region` and `regions`" + `,
clouds.yaml with its companions, and the files of certificates. If the new credentials work, they are used from then
on; if not, the old ones stay in use, and the log says why. All other keys are read when the process starts.

## Environment

| variable | meaning |
|---|---|
| ` + "`OS_CCM_REGIONAL`" + ` | exactly ` + "`true`" + ` puts the region into provider IDs |
| ` + "`OS_CLIENT_CONFIG_FILE`, `OS_CLOUD`" + ` | with ` + "`use-clouds`" + `, where ` + "`clouds-file` and `cloud`" + ` are empty |
| ` + "`OCCM_WAIT_LB_ACTIVE_STEPS`" + ` | of other versions; no effect: nothing waits in this one |
| ` + "`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`" + ` | proxy of all requests |
`
