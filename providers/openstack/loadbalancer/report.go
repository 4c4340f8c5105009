// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// tooLong is when a change that goes on is worth telling.
const tooLong = 10 * time.Minute

// mostRounds is how many passes may change something, one after the other, before it is time to go slow:
// somebody else may be undoing what we do.
const mostRounds = 200

// Report implements provider.LoadBalancers.
func (l *LoadBalancers) Report(w Wanted, a Actual) provider.LoadBalancerReport {
	r := report(w, a)
	l.memory.edit(types.UID(a.UID), func(m *remembered) {
		switch {
		case r.RetryAfter > 0 && m.rounds > mostRounds:
			r.RetryAfter = max(r.RetryAfter, time.Minute)
		case r.RetryAfter == 0 && a.Balancer != nil && a.Balancer.Status == active:
			m.rounds, m.failures = 0, 0
		}
	})
	return r
}

// report decides what to publish, and when to go on.
func report(w Wanted, a Actual) provider.LoadBalancerReport {
	r := provider.LoadBalancerReport{Problem: strings.Join(w.Warnings, "; "), Notices: notices(w, a)}
	b := a.Balancer
	switch {
	case b.busy():
		r.RetryAfter = max(a.Poll, poll(0))
		if a.Pending > tooLong {
			r.Problem = strings.TrimPrefix(r.Problem+fmt.Sprintf("; Octavia has been at work on load balancer %s (%s) for more than %s; ask its operator", b.ID, b.Status, tooLong), "; ")
		}
		return r
	case a.Wait > 0:
		r.RetryAfter = a.Wait
		return r
	}
	if left, err := diff(w, a); err == nil && len(left) > 0 {
		r.RetryAfter = time.Millisecond
	}
	if b == nil || b.Status != active {
		return r
	}
	r.Annotations = map[string]string{balancerID.Key(): b.ID}
	shown := b.Address
	if a.Floating != nil && !w.Internal {
		shown = a.Floating.Address
	} else if takesFloating(w, a) && a.owned() && (needsFloating(w, a) && a.Place.Floating != "" || reusable(w, a) != nil) {
		return r // it is on its way
	}
	r.Annotations[address.Key()] = shown
	r.Status = status(w, a, shown)
	return r
}

func status(w Wanted, a Actual, shown string) *v1.LoadBalancerStatus {
	p := w.Publish
	switch {
	case p.Hostname != "":
		return &v1.LoadBalancerStatus{Ingress: []v1.LoadBalancerIngress{{Hostname: p.Hostname}}}
	case p.Suffix != "":
		return &v1.LoadBalancerStatus{Ingress: []v1.LoadBalancerIngress{{Hostname: shown + "." + p.Suffix}}}
	}
	mode := v1.LoadBalancerIPModeVIP
	if p.Proxy {
		mode = v1.LoadBalancerIPModeProxy
	}
	s := &v1.LoadBalancerStatus{Ingress: []v1.LoadBalancerIngress{{IP: shown, IPMode: &mode}}}
	if w.VIP.Both {
		for _, ip := range a.Balancer.Additional {
			s.Ingress = append(s.Ingress, v1.LoadBalancerIngress{IP: ip, IPMode: &mode})
		}
	}
	return s
}

// notices are what users should know although nothing failed, with upstream's reasons.
func notices(w Wanted, a Actual) []provider.Notice {
	var all []provider.Notice
	tell := func(reason, format string, args ...any) {
		all = append(all, provider.Notice{Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
	f := featuresFor(w, a)
	if w.RangesAsked && !f.cidrs && (w.Provider != ovn || w.Group == nil) {
		tell(noticeRanges, "The source ranges have no effect: Octavia %s with provider %s has no allowed CIDRs", a.Octavia, w.Provider)
	}
	if w.Zone != "" && !f.zones {
		tell(noticeZones, "The availability zone %q has no effect: Octavia %s with provider %s has none", w.Zone, a.Octavia, w.Provider)
	}
	if w.MethodRefused != "" {
		tell(noticeMethod, "annotation %s: the algorithm %q is not known; the configured one is used", method.Key(), w.MethodRefused)
	}
	if a.Renamed {
		tell(noticeRename, "The load balancer %s got the name %s, since the cluster has another name", a.Balancer.ID, a.Name)
	}
	if a.Failures > 0 && (a.Balancer == nil || a.Balancer.Status != active) {
		tell(noticeFailed, "Octavia could not make the load balancer, for the %s time; it was deleted and is made anew", ordinal(a.Failures))
	}
	if w.VIP.Both && a.Balancer != nil && len(a.Balancer.Additional) == 0 {
		tell(noticeSecond, "The load balancer has one VIP only: there was no subnet of the second IP family, or it was made before annotation %s was set", dualStack.Key())
	}
	return append(all, floatingNotices(w, a)...)
}

func floatingNotices(w Wanted, a Actual) []provider.Notice {
	if w.Internal || a.Balancer == nil || a.Balancer.Status != active {
		return nil
	}
	one := func(reason, format string, args ...any) []provider.Notice {
		return []provider.Notice{{Reason: reason, Message: fmt.Sprintf(format, args...)}}
	}
	switch f := a.Floating; {
	case !isIPv4(a.Balancer.Address):
		return one(noticeSkipped, "No floating IP: the load balancer's address %s is IPv6, which is reachable without", a.Balancer.Address)
	case f != nil && w.Floating.Address != "" && w.Floating.Address != f.Address:
		return one(noticeAddress, "spec.loadBalancerIP %s has no effect: the load balancer has floating IP %s already; detach that from it to get the other", w.Floating.Address, f.Address)
	case f != nil || reusable(w, a) != nil || !a.owned():
		return nil
	case w.Floating.None:
		return one(noticeInternal, "No floating IP: annotation %s is empty, so that the load balancer is internal", floatingNetwork.Key())
	case a.Place.SearchFailed != "":
		return append(one(noticeSearch, "No external network: %s", a.Place.SearchFailed),
			one(noticeInternal, "No floating IP: no external network is known, so that the load balancer is internal; set floating-network-id in the cloud-config, or annotation %s", floatingNetwork.Key())...)
	}
	return nil
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "first"
	case 2:
		return "second"
	case 3:
		return "third"
	}
	return fmt.Sprintf("%dth", n)
}
