// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// volatile are the fields that time and chance decide.
var volatile = []string{
	"id", "created_at", "updated_at", "revision_number", "mac_address", "vip_address", "vip_port_id", "floating_ip_address", "fixed_ip_address", "fixed_ips",
	"operating_status", "createdAt", "updatedAt",
}

// state is all load balancers with their parts, floating IPs, security groups and ports, with a line for
// each; IDs are replaced by names, so that two ways to the same state give the same text.
func (w *world) state() string {
	w.t.Helper()
	w.cloud.Octavia.Settle()
	all := w.cloud.State()
	n := &normaliser{t: w.t}
	n.add("load balancer", all.Octavia.LoadBalancers)
	n.add("listener", all.Octavia.Listeners)
	n.add("pool", all.Octavia.Pools)
	n.add("member", all.Octavia.Members)
	n.add("monitor", all.Octavia.Monitors)
	n.add("floating IP", all.Neutron.FloatingIPs)
	n.add("security group", all.Neutron.SecurityGroups)
	n.add("rule", all.Neutron.SecurityGroupRules)
	n.add("port", all.Neutron.Ports)
	return n.text()
}

type object struct {
	kind   string
	fields map[string]any
}

type normaliser struct {
	t       *testing.T
	objects []object
}

func (n *normaliser) add(kind string, list any) {
	data, err := json.Marshal(list)
	if err != nil {
		n.t.Fatal(err)
	}
	var all []map[string]any
	if err := json.Unmarshal(data, &all); err != nil {
		n.t.Fatal(err)
	}
	for _, o := range all {
		n.objects = append(n.objects, object{kind, o})
	}
}

func (n *normaliser) text() string {
	var names []string
	for _, o := range n.objects {
		id, _ := o.fields["id"].(string)
		name := fmt.Sprint(o.fields["name"])
		if o.kind == "port" && (strings.HasPrefix(name, "octavia-lb-") || strings.HasPrefix(name, "ovn-lb-vip-")) {
			name = "VIP"
		}
		names = append(names, id, "<"+o.kind+" "+name+">")
	}
	replace := strings.NewReplacer(names...)
	var lines []string
	for _, o := range n.objects {
		for _, key := range volatile {
			delete(o.fields, key)
		}
		for key, value := range o.fields {
			if list, ok := value.([]any); ok {
				o.fields[key] = sorted(n.t, list, replace)
			}
		}
		data, err := json.Marshal(o.fields)
		if err != nil {
			n.t.Fatal(err)
		}
		lines = append(lines, o.kind+" "+replace.Replace(string(data)))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// sorted brings a list whose order is of no importance into one.
func sorted(t *testing.T, list []any, replace *strings.Replacer) []string {
	var texts []string
	for _, v := range list {
		data, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, replace.Replace(string(data)))
	}
	slices.Sort(texts)
	return texts
}

var index = regexp.MustCompile(`(listener|pool)_\d+_`)

// reindexed leaves out the place of a port in the Service, by which parts are named when they are made.
func reindexed(state string) string {
	lines := strings.Split(index.ReplaceAllString(state, "${1}_"), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
