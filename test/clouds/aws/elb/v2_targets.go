// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"cmp"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type targetInput struct {
	ID   string  `query:"Id,required"`
	Port *int32  `query:"Port"`
	Zone *string `query:"AvailabilityZone"`
}

type targetsInput struct {
	ARN     string        `query:"TargetGroupArn,required"`
	Targets []targetInput `query:"Targets,required"`
}

func compareTargets(a, b Target) int { return cmp.Or(strings.Compare(a.ID, b.ID), int(a.Port-b.Port)) }

// live returns the targets that are registered or still draining.
func live(targets []Target, now time.Time) []Target {
	return slices.DeleteFunc(slices.Clone(targets), func(t Target) bool { return t.GoneAt != nil && !now.Before(*t.GoneAt) })
}

func (s *Service) registerTargets(in *targetsInput) (any, error) {
	tg, err := s.group(in.ARN)
	if err != nil {
		return nil, err
	}
	if len(in.Targets) == 0 {
		return nil, invalid("At least one target must be specified")
	}
	added, err := s.resolve(tg, in.Targets)
	if err != nil {
		return nil, err
	}
	tg.Targets = merge(live(tg.Targets, s.Now()), added)
	if err := s.checkTargetQuotas(tg, s.balancerOf(tg.ARN), nil); err != nil {
		return nil, err
	}
	s.groups.Put(tg.ARN, tg)
	return nil, nil
}

// merge adds sorted targets to sorted targets. One that is registered keeps its time; one that drains is
// registered anew.
func merge(old, added []Target) []Target {
	out := make([]Target, 0, len(old)+len(added))
	for len(old) > 0 && len(added) > 0 {
		switch c := compareTargets(old[0], added[0]); {
		case c < 0:
			out, old = append(out, old[0]), old[1:]
		case c > 0:
			out, added = append(out, added[0]), added[1:]
		default:
			t := old[0]
			if t.GoneAt != nil {
				t = added[0]
			}
			out, old, added = append(out, t), old[1:], added[1:]
		}
	}
	return append(append(out, old...), added...)
}

// instanceIDs have 8 digits if they are old, 17 if not.
var instanceIDs = regexp.MustCompile(`^i-([0-9a-f]{8}|[0-9a-f]{17})$`)

// resolve returns the targets of a request sorted, or refuses them all.
func (s *Service) resolve(tg *TargetGroup, list []targetInput) ([]Target, error) {
	var out []Target
	var stopped, elsewhere, missing []string
	for _, in := range list {
		t := Target{ID: in.ID, Port: tg.Port, At: s.Now()}
		override(&t.Port, in.Port)
		if err := within("targets.member.port", t.Port, 1, 65535); err != nil {
			return nil, err
		}
		if tg.TargetType == "ip" {
			ip, err := netip.ParseAddr(in.ID)
			if err != nil || ip.Is4() != (tg.IPAddressType == ipv4) {
				return nil, invalid("The IP address '%s' is not a valid %s address", in.ID, map[string]string{ipv4: "IPv4", ipv6: "IPv6"}[tg.IPAddressType])
			}
			t.Zone = value(in.Zone)
			out = append(out, t)
			continue
		}
		if !instanceIDs.MatchString(in.ID) {
			return nil, invalid("Instance ID '%s' is not valid", in.ID)
		}
		instance, ok := s.opts.Network.Instance(in.ID)
		switch {
		case !ok:
			missing = append(missing, "'"+in.ID+"'")
		case instance.State != "running":
			stopped = append(stopped, "'"+in.ID+"'")
		case instance.VPCID != tg.VPCID:
			elsewhere = append(elsewhere, "'"+in.ID+"'")
		}
		t.Zone = instance.Zone
		out = append(out, t)
	}
	switch {
	case len(missing) > 0:
		return nil, wire.Errorf("InvalidTarget", "The following targets do not exist: %s", join(missing))
	case len(stopped) > 0:
		return nil, wire.Errorf("InvalidTarget", "The following targets are not in a running state and cannot be registered: %s", join(stopped))
	case len(elsewhere) > 0:
		return nil, wire.Errorf("InvalidTarget", "The following targets are not in the target group VPC '%s': %s", tg.VPCID, join(elsewhere))
	}
	slices.SortFunc(out, compareTargets)
	return slices.CompactFunc(out, func(a, b Target) bool { return compareTargets(a, b) == 0 }), nil
}

// deregisterTargets ignores targets that are not registered. In a group that no load balancer uses there
// are no connections to wait for.
func (s *Service) deregisterTargets(in *targetsInput) (any, error) {
	tg, err := s.group(in.ARN)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	seconds, _ := strconv.Atoi(get(tg.Attributes, deregistrationDelay))
	goneAt := now.Add(time.Duration(seconds) * time.Second)
	if s.balancerOf(tg.ARN) == nil {
		goneAt = now
	}
	tg.Targets = slices.Clone(tg.Targets)
	for _, x := range in.Targets {
		t := Target{ID: x.ID, Port: tg.Port}
		override(&t.Port, x.Port)
		if i, ok := slices.BinarySearchFunc(tg.Targets, t, compareTargets); ok && tg.Targets[i].GoneAt == nil {
			tg.Targets[i].GoneAt = &goneAt
		}
	}
	tg.Targets = live(tg.Targets, now)
	s.groups.Put(tg.ARN, tg)
	return nil, nil
}

// checkTargetQuotas checks what a load balancer would have with tg, which may be changed already, and
// without the old version of a listener that changes, if one does. Targets that drain do not count.
func (s *Service) checkTargetQuotas(tg *TargetGroup, lb *LoadBalancer, changing *Listener) error {
	tooMany := func(format string, args ...any) error { return wire.Errorf("TooManyTargets", format, args...) }
	zones := map[string]int{}
	total := countTargets(tg, zones)
	if total > s.quotas.TargetsPerGroup {
		return tooMany("The maximum number of targets per target group has been reached: '%d'", s.quotas.TargetsPerGroup)
	}
	if lb == nil || lb.Type != network {
		return nil
	}
	counted := map[string]bool{tg.ARN: true}
	for _, l := range s.listenersOf(lb.ARN) {
		arn := l.Action.TargetGroupARN
		if counted[arn] || changing != nil && l.ARN == changing.ARN {
			continue
		}
		counted[arn] = true
		if other := s.groups.Get(arn); other != nil {
			total += countTargets(other, zones)
		}
	}
	if total > s.quotas.Targets {
		return tooMany("The maximum number of targets per load balancer has been reached: '%d'", s.quotas.Targets)
	}
	if get(lb.Attributes, crossZone) == "true" {
		return nil
	}
	for zone, n := range zones {
		if n > s.quotas.TargetsPerZone {
			return tooMany("The maximum number of targets per Availability Zone has been reached in '%s': '%d'", zone, s.quotas.TargetsPerZone)
		}
	}
	return nil
}

func countTargets(tg *TargetGroup, zones map[string]int) int {
	n := 0
	for i := range tg.Targets {
		if t := &tg.Targets[i]; t.GoneAt == nil {
			n++
			zones[t.Zone]++
		}
	}
	return n
}
