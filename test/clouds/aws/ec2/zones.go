// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type zoneItem struct {
	Name        string               `xml:"zoneName"`
	ID          string               `xml:"zoneId"`
	State       string               `xml:"zoneState"`
	Region      string               `xml:"regionName"`
	Messages    wire.Items[struct{}] `xml:"messageSet"`
	OptIn       string               `xml:"optInStatus"`
	Group       string               `xml:"groupName"`
	BorderGroup string               `xml:"networkBorderGroup"`
	Type        string               `xml:"zoneType"`
}

type describeZonesInput struct {
	Names   []string `query:"ZoneName"`
	IDs     []string `query:"ZoneId"`
	Filters []filter `query:"Filter"`
}

type describeZonesOutput struct {
	Zones wire.Items[zoneItem] `xml:"availabilityZoneInfo"`
}

var zoneFilters = &collection[zoneItem]{filters: map[string]func(*zoneItem) []string{
	"zone-name":     get(func(v *zoneItem) string { return v.Name }),
	"zone-id":       get(func(v *zoneItem) string { return v.ID }),
	"zone-type":     get(func(v *zoneItem) string { return v.Type }),
	"state":         get(func(v *zoneItem) string { return v.State }),
	"region-name":   get(func(v *zoneItem) string { return v.Region }),
	"group-name":    get(func(v *zoneItem) string { return v.Group }),
	"opt-in-status": get(func(v *zoneItem) string { return v.OptIn }),
}}

func (s *Service) describeZones(in *describeZonesInput) (any, error) {
	match, err := zoneFilters.compile(in.Filters)
	if err != nil {
		return nil, err
	}
	for _, name := range in.Names {
		if _, ok := s.zoneNamed(name); !ok {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone: [%s]", name)
		}
	}
	for _, id := range in.IDs {
		if !slices.ContainsFunc(s.opts.Zones, func(z Zone) bool { return z.ID == id }) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid availability zone-id: [%s]", id)
		}
	}
	out := describeZonesOutput{}
	for _, z := range s.opts.Zones {
		if len(in.Names)+len(in.IDs) > 0 && !slices.Contains(in.Names, z.Name) && !slices.Contains(in.IDs, z.ID) {
			continue
		}
		item := zoneItem{Name: z.Name, ID: z.ID, State: "available", Region: s.opts.Region, OptIn: "opt-in-not-required",
			Group: s.opts.Region, BorderGroup: s.opts.Region, Type: "availability-zone"}
		if match(&item) {
			out.Zones = append(out.Zones, item)
		}
	}
	return out, nil
}

// zoneIDPrefix abbreviates a region as zone IDs do: us-west-2 is usw2, ap-southeast-1 is apse1.
func zoneIDPrefix(region string) string {
	var out strings.Builder
	for i, part := range strings.Split(region, "-") {
		switch direction := map[string]string{"southeast": "se", "southwest": "sw", "northeast": "ne", "northwest": "nw"}[part]; {
		case i == 0 || part[0] <= '9':
			out.WriteString(part)
		case direction != "":
			out.WriteString(direction)
		default:
			out.WriteByte(part[0])
		}
	}
	return out.String()
}

type regionItem struct {
	Name     string `xml:"regionName"`
	Endpoint string `xml:"regionEndpoint"`
	OptIn    string `xml:"optInStatus"`
}

type describeRegionsInput struct {
	Names   []string `query:"RegionName"`
	Filters []filter `query:"Filter"`
}

type describeRegionsOutput struct {
	Regions wire.Items[regionItem] `xml:"regionInfo"`
}

var regionFilters = &collection[regionItem]{filters: map[string]func(*regionItem) []string{
	"region-name":   get(func(v *regionItem) string { return v.Name }),
	"endpoint":      get(func(v *regionItem) string { return v.Endpoint }),
	"opt-in-status": get(func(v *regionItem) string { return v.OptIn }),
}}

// regions are those that every account of the partition aws has without opting in.
var regions = []string{
	"ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ca-central-1",
	"eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3", "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
}

func (s *Service) describeRegions(in *describeRegionsInput) (any, error) {
	match, err := regionFilters.compile(in.Filters)
	if err != nil {
		return nil, err
	}
	all := regions
	if !slices.Contains(all, s.opts.Region) {
		all = append(slices.Clone(all), s.opts.Region)
	}
	for _, name := range in.Names {
		if !slices.Contains(all, name) {
			return nil, wire.Errorf("InvalidParameterValue", "Invalid region names: '%s'", name)
		}
	}
	out := describeRegionsOutput{}
	for _, name := range all {
		item := regionItem{name, "ec2." + name + ".amazonaws.com", "opt-in-not-required"}
		if match(&item) && (len(in.Names) == 0 || slices.Contains(in.Names, name)) {
			out.Regions = append(out.Regions, item)
		}
	}
	return out, nil
}

type topologyItem struct {
	ID     string             `xml:"instanceId"`
	Type   string             `xml:"instanceType"`
	Nodes  wire.Items[string] `xml:"networkNodeSet"`
	Zone   string             `xml:"availabilityZone"`
	ZoneID string             `xml:"zoneId"`
}

type describeTopologyInput struct {
	IDs []string `query:"InstanceId"`
	page
}

type describeTopologyOutput struct {
	Instances wire.Items[topologyItem] `xml:"instanceSet"`
	Next      string                   `xml:"nextToken,omitempty"`
}

// topologyTypes are families of which AWS documents that they have a topology.
var topologyTypes = []string{"g6.", "g6e.", "gr6.", "hpc6a.", "hpc6id.", "hpc7a.", "hpc7g.", "hpc8a.", "p3dn.", "p4d.", "p4de.",
	"p5.", "p5e.", "p5en.", "p6-b200.", "p6e-gb200.", "trn1.", "trn1n.", "trn2.", "trn2u."}

// maxTopologyIDs is how many instances a call may name.
const maxTopologyIDs = 100

// describeTopology lists running instances of the types that have a topology; others are left out, even
// if they are named.
func (s *Service) describeTopology(in *describeTopologyInput) (any, error) {
	if len(in.IDs) > maxTopologyIDs {
		return nil, wire.Errorf("InvalidParameterValue", "The maximum number of instance IDs specified on a single call is %d", maxTopologyIDs)
	}
	for _, f := range in.Filters {
		if !slices.Contains([]string{"availability-zone", "instance-type", "zone-id"}, f.Name) {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
	}
	eligible := *s.instances
	eligible.filters = map[string]func(*Instance) []string{
		"availability-zone": eligible.filters["availability-zone"],
		"instance-type":     eligible.filters["instance-type"],
		"zone-id":           eligible.filters["availability-zone-id"],
		"eligible":          get(func(v *Instance) string { return fmt.Sprint(v.hasTopology()) }),
	}
	in.Filters = append(in.Filters, filter{"eligible", []string{"true"}})
	found, next, err := eligible.describe(in.IDs, in.page, limits{min: 1, max: 100, byDefault: 20, list: "instanceIds"})
	if err != nil {
		return nil, err
	}
	out := describeTopologyOutput{Next: next}
	for _, v := range found {
		out.Instances = append(out.Instances, topologyItem{v.ID, v.Type, v.networkNodes(), v.Zone, s.zoneID(v.Zone)})
	}
	return out, nil
}

func (i *Instance) hasTopology() bool {
	supported := slices.ContainsFunc(topologyTypes, func(family string) bool { return strings.HasPrefix(i.Type, family) })
	return i.State == "running" && (supported || len(i.NetworkNodes) > 0)
}

// networkNodes are the layers above an instance, the lowest one last: one at the top for each zone, and
// then sixteen and sixteen times sixteen below it, to which instances fall by their ID.
func (i *Instance) networkNodes() []string {
	if len(i.NetworkNodes) > 0 {
		return i.NetworkNodes
	}
	tail := i.ID[len(i.ID)-2:]
	node := func(of string) string {
		var h uint64
		for _, b := range []byte(of) {
			h = mix(h ^ uint64(b))
		}
		return fmt.Sprintf("nn-0%016x", h)
	}
	return []string{node(i.Zone), node(i.Zone + tail[:1]), node(i.Zone + tail)}
}
