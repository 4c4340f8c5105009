// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
	"sigs.k8s.io/cloud-providers/providers/aws/securitygroup"
)

// step is what a change carries: the call that makes it. It leaves in the executor what is there afterwards.
type step interface {
	do(ctx context.Context, e *executor, done *plan.Outputs) error
}

// maker is a step that makes something to which later ones refer: it returns its ID.
type maker interface {
	make(ctx context.Context, e *executor, done *plan.Outputs) (string, error)
}

// executor makes the changes of one load balancer's plan.
type executor struct {
	*LoadBalancers
	mu     sync.Mutex
	actual Actual
	// made: a security group was made just now, which ELB may not see yet.
	made bool
}

func (e *executor) Execute(ctx context.Context, change plan.Change, done *plan.Outputs) (plan.Output, error) {
	if m, ok := change.Spec.(maker); ok {
		id, err := m.make(ctx, e, done)
		return id, e.advise(err)
	}
	return nil, e.advise(change.Spec.(step).do(ctx, e, done))
}

// set changes what is known to exist; changes run beside each other.
func (e *executor) set(edit func(*Actual)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	edit(&e.actual)
}

// Apply makes the changes. What is there afterwards is remembered only after a complete success: anything
// else is read again.
func (l *LoadBalancers) Apply(ctx context.Context, actual Actual, p *plan.Plan, opts plan.Options) (Actual, error) {
	e := &executor{LoadBalancers: l, actual: actual.clone()}
	if actual.TargetsAt.IsZero() {
		e.actual.TargetsAt = l.vpc.Now()
	}
	_, err := plan.Run(ctx, p, e, opts)
	if err != nil || actual.Removing {
		l.memory.drop(types.UID(actual.UID))
		if client.HasCode(err, "InvalidGroup.NotFound", "InvalidPermission.NotFound", "SubnetNotFound", "InvalidSubnet", "InvalidSubnetID.NotFound") {
			l.vpc.Forget()
		}
	}
	return e.actual, err
}

// advice says what a user can do about a refusal; the load balancer is tried again after a while, or when
// another one has gone.
var advice = map[string]string{
	"CertificateNotFound":                "name an existing certificate of this region in annotation " + Prefix + "ssl-cert",
	"SSLPolicyNotFound":                  "name a predefined TLS policy in annotation " + Prefix + "ssl-negotiation-policy",
	"PolicyTypeNotFound":                 "name a predefined TLS policy in annotation " + Prefix + "ssl-negotiation-policy",
	"AllocationIdNotFound":               "name existing Elastic IP addresses of this region in annotation " + Prefix + "eip-allocations",
	"InvalidAllocationID.NotFound":       "name existing Elastic IP addresses of this region in annotation " + Prefix + "eip-allocations",
	"TooManyLoadBalancers":               "delete a load balancer, or ask AWS for a higher quota",
	"TooManyListeners":                   "use fewer ports, or ask AWS for a higher quota",
	"TooManyTargetGroups":                "delete target groups, or ask AWS for a higher quota",
	"TooManyTargets":                     "choose fewer Nodes with annotation " + Prefix + "target-node-labels, or ask AWS for a higher quota",
	"TooManyRegistrationsForTargetId":    "use fewer load balancers for one Node, or ask AWS for a higher quota",
	"RulesPerSecurityGroupLimitExceeded": "merge source ranges or use fewer ports, or ask AWS for a higher quota of rules in a security group",
	"SecurityGroupLimitExceeded":         "delete security groups, or ask AWS for a higher quota",
	"InvalidSecurityGroup":               "name security groups of the cluster's VPC",
	"InvalidGroup.NotFound":              "name security groups of the cluster's VPC",
	"InvalidGroupId.Malformed":           "name security groups by their IDs",
	"InvalidSubnet":                      "an internet-facing load balancer needs subnets with a route to an internet gateway, all in one VPC",
	"SubnetNotFound":                     "name existing subnets in annotation " + Prefix + "subnets",
	"InvalidConfigurationRequest":        "AWS cannot make this change to a load balancer that exists, or not with these subnets",
	"OperationNotPermitted":              "the load balancer may be protected from deletion: turn the protection off",
	"ValidationError":                    "correct the Service's annotations",
	"InvalidScheme":                      "correct the annotation " + Prefix + "internal",
	"S3BucketNotFound":                   "name an existing bucket that the load balancer may write to in annotation " + Prefix + "access-log-s3-bucket-name",
	"InvalidParameterValue":              "correct the Service's ports or source ranges",
}

// advise makes a user's error of AWS's refusals that the Service's owner, or the account's, can do something
// about.
func (e *executor) advise(err error) error {
	if err == nil || provider.IsUserError(err) {
		return err
	}
	e.mu.Lock()
	lagging := e.made && client.HasCode(err, "InvalidSecurityGroup", "InvalidGroup.NotFound")
	e.mu.Unlock()
	if lagging {
		return err // tried again soon
	}
	if text, ok := advice[client.Code(err)]; ok {
		return &provider.UserError{Problems: []string{fmt.Sprintf("%v; %s", err, text)}, Cause: err}
	}
	return err
}

// optional lets a change be left out that the cluster's role does not allow: upstream does not make it, so
// that roles lack it on the day of the swap.
func (e *executor) optional(err error) error {
	if !client.Denied(err) {
		return err
	}
	e.set(func(a *Actual) { a.LeftOut = append(a.LeftOut, err.Error()) })
	return &plan.Skipped{Err: err}
}

// resolve returns the ID of something that exists or was made by an earlier change of the plan.
func (r groupRef) resolve(done *plan.Outputs) (string, error) {
	if r.id != "" {
		return r.id, nil
	}
	out, ok := done.Get(r.change)
	if id, is := out.(string); ok && is && id != "" {
		return id, nil
	}
	return "", fmt.Errorf("the change %q left no ID", r.change)
}

func resolveAll(groups []groupRef, done *plan.Outputs) ([]string, error) {
	ids := make([]string, 0, len(groups))
	for _, g := range groups {
		id, err := g.resolve(done)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

// createGroup makes the security group of a load balancer.
type createGroup struct{ group ManagedGroup }

func (s createGroup) make(ctx context.Context, e *executor, _ *plan.Outputs) (string, error) {
	g, err := e.vpc.CreateGroup(ctx, s.group.Name, s.group.Description, s.group.Tags)
	if err != nil {
		return "", err
	}
	e.mu.Lock()
	e.made = true
	e.mu.Unlock()
	if e.settings.Cluster.Foreign(g.Tags) {
		return "", provider.UserErrorf("security group %s (%s) is tagged as another cluster's; delete it, or its tags, if it is not", g.Name, g.ID)
	}
	if !e.settings.Cluster.Belongs(g.Tags) { // it was there already
		if err := e.vpc.TagGroup(ctx, g, e.settings.Cluster.Tags()); err != nil {
			return "", err
		}
	}
	return g.ID, nil
}

// tagGroup sets and removes tags of a security group.
type tagGroup struct {
	group  securitygroup.Group
	set    map[string]string
	remove []string
}

func (s tagGroup) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	if len(s.set) > 0 {
		if err := e.vpc.TagGroup(ctx, s.group, s.set); err != nil {
			return err
		}
	}
	if len(s.remove) > 0 {
		return e.optional(e.vpc.UntagGroup(ctx, s.group, s.remove))
	}
	return nil
}

// authorize adds ingress rules to a security group.
type authorize struct {
	group groupRef
	known securitygroup.Group
	rules []securitygroup.Rule
}

func (s authorize) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	id, err := s.group.resolve(done)
	if err != nil {
		return err
	}
	g := s.known
	g.ID = id
	return e.vpc.Authorize(ctx, g, s.rules)
}

// authorizeGroup lets all traffic of one security group into another.
type authorizeGroup struct {
	group  securitygroup.Group
	source groupRef
}

func (s authorizeGroup) do(ctx context.Context, e *executor, done *plan.Outputs) error {
	source, err := s.source.resolve(done)
	if err != nil {
		return err
	}
	return e.vpc.Authorize(ctx, s.group, []securitygroup.Rule{{Key: securitygroup.Key{Protocol: securitygroup.All, Group: source}}})
}

// revoke takes ingress rules from a security group.
type revoke struct {
	group securitygroup.Group
	rules []securitygroup.Rule
}

func (s revoke) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	err := e.vpc.Revoke(ctx, s.group, s.rules)
	if err == nil {
		e.set(func(a *Actual) { a.editGroup(s.group.ID, s.rules, nil) })
	}
	return err
}

// nodeRules takes rules of this load balancer from a node's security group, or gives them to another one that
// needs them. Who does is looked up again: Services have come and gone since the plan was made, and the one
// that finds a rule in its place does not make it.
type nodeRules struct {
	group securitygroup.Group
	rules []securitygroup.Rule
}

func (s nodeRules) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	keep, drop := e.needs().split(s.rules, e.actual.UID)
	if len(keep) > 0 {
		err := e.vpc.Describe(ctx, s.group, keep)
		if client.Denied(err) { // upstream's role has no such permission: the same in two calls
			if err = e.vpc.Revoke(ctx, s.group, keep); err == nil {
				err = e.vpc.Authorize(ctx, s.group, keep)
			}
		}
		if err != nil {
			return err
		}
		e.set(func(a *Actual) { a.editGroup(s.group.ID, keep, keep) })
	}
	if len(drop) == 0 {
		return nil
	}
	return revoke{s.group, drop}.do(ctx, e, nil)
}

// mtuRulesGone takes rules for MTU discovery from a node's security group, but for networks that have become
// clients since the plan was made.
type mtuRulesGone struct {
	group securitygroup.Group
	rules []securitygroup.Rule
}

func (s mtuRulesGone) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	needs := e.needs()
	rules := slices.DeleteFunc(slices.Clone(s.rules), func(r securitygroup.Rule) bool { return needs.discovers(r.CIDR, e.actual.UID) })
	if len(rules) == 0 {
		return nil
	}
	return revoke{s.group, rules}.do(ctx, e, nil)
}

// fail is a change that cannot be made.
type fail struct{ err error }

func (s fail) do(context.Context, *executor, *plan.Outputs) error { return s.err }

// editGroup notes that rules of a security group were taken away and others added.
func (a *Actual) editGroup(id string, remove, add []securitygroup.Rule) {
	g, ok := a.Groups[id]
	if !ok {
		return
	}
	g.Ingress = append(securitygroup.Without(g.Ingress, securitygroup.Keys(remove)), add...)
	a.ownGroups()[id] = g
}

// ownGroups returns the groups in a map that is not shared with other observations.
func (a *Actual) ownGroups() map[string]securitygroup.Group {
	groups := make(map[string]securitygroup.Group, len(a.Groups))
	for id, g := range a.Groups {
		groups[id] = g
	}
	a.Groups = groups
	return groups
}

// deleteGroup deletes a security group that was made for the load balancer. As long as AWS keeps the network
// interfaces of one that is gone, it refuses: then the group stays, to be tried again.
type deleteGroup struct {
	group     securitygroup.Group
	referrers []string
}

func (s deleteGroup) do(ctx context.Context, e *executor, _ *plan.Outputs) error {
	err := e.vpc.DeleteGroup(ctx, s.group)
	if client.HasCode(err, "DependencyViolation") {
		if len(s.referrers) > 0 {
			return &provider.UserError{Cause: err, Problems: []string{fmt.Sprintf("security group %s (%s) cannot be deleted while rules of %s refer to it; delete those rules",
				s.group.ID, s.group.Name, some(s.referrers))}}
		}
		return fmt.Errorf("security group %s (%s) is still in use by network interfaces of the load balancer: %w", s.group.ID, s.group.Name, err)
	}
	if err == nil {
		e.set(func(a *Actual) { delete(a.ownGroups(), s.group.ID) })
	}
	return err
}
