// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package securitygroup

import (
	"reflect"
	"testing"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func tcp(port int32, cidr string) Rule {
	return Rule{Key: Key{Protocol: "tcp", From: port, To: port, CIDR: cidr}}
}

func TestRulesSurviveTheWayThroughEC2(t *testing.T) {
	rules := Sorted([]Rule{
		tcp(80, "10.0.0.0/8"), tcp(80, "::/0"), tcp(443, "10.0.0.0/8"),
		{Key: Key{Protocol: All, Group: "sg-1"}, Description: "all"},
		{Key: Key{Protocol: "icmp", From: 3, To: 4, CIDR: "0.0.0.0/0"}},
		{Key: Key{Protocol: "tcp", From: 80, To: 80, PrefixList: "pl-1"}},
	})
	permissions := ToEC2(rules)
	if len(permissions) != 4 {
		t.Errorf("%d permissions", len(permissions))
	}
	if got := FromEC2(ec2types.SecurityGroup{IpPermissions: permissions}).Ingress; !reflect.DeepEqual(Sorted(got), rules) {
		t.Errorf("%v", got)
	}
}

func TestExact(t *testing.T) {
	wanted := []Rule{tcp(80, "10.0.0.0/8"), tcp(443, "10.0.0.0/8")}
	actual := []Rule{
		tcp(80, "10.0.0.0/8"), tcp(22, "0.0.0.0/0"), tcp(80, "192.168.0.0/16"),
		tcp(80, "2001:db8::/32"), // an operator's addition to a wanted port
		{Key: Key{Protocol: "tcp", From: 80, To: 80, PrefixList: "pl-1"}},
		{Key: Key{Protocol: "tcp", From: 22, To: 22, PrefixList: "pl-1"}},
	}
	add, remove := Exact(wanted, actual)
	if !reflect.DeepEqual(add, []Rule{tcp(443, "10.0.0.0/8")}) {
		t.Errorf("add %v", add)
	}
	want := Sorted([]Rule{tcp(22, "0.0.0.0/0"), tcp(80, "192.168.0.0/16"), {Key: Key{Protocol: "tcp", From: 22, To: 22, PrefixList: "pl-1"}}})
	if !reflect.DeepEqual(remove, want) {
		t.Errorf("remove %v", remove)
	}
}
