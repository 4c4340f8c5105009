// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package tagging is the tagging controller: it puts the tags of --tags on the instances of Nodes, and takes
// them off when the Node is deleted.
package tagging

import (
	"context"
	"crypto/md5" //nolint:gosec // upstream's label has it; nothing depends on its strength
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/spf13/pflag"
	v1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cpconfig "k8s.io/cloud-provider/config"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/plan"
	"sigs.k8s.io/cloud-providers/providers/aws/ids"
)

const (
	// Name is the controller's canonical name, and the only one that upstream's --controllers knows.
	Name = "tagging"
	// Label on a Node says by its value with which tags its instance is tagged.
	Label = "k8s.io/cloud-provider-aws"

	// instanceResource is the only kind of resource that can be tagged.
	instanceResource = "instance"
)

// Options are the controller's own flags.
type Options struct {
	Tags      map[string]string
	Resources []string
	// RateLimit and Burst, when both are positive, hold down how many Nodes are taken up per second.
	RateLimit float64
	Burst     int
	// Concurrency is how many calls may be in flight.
	Concurrency int
	// Batching was a choice upstream; here Nodes always share calls.
	Batching bool
}

func (o *Options) addFlags(fs *pflag.FlagSet) {
	fs.StringToStringVar(&o.Tags, "tags", nil, "Tags for the instances of Nodes, as a comma-separated list of key=value pairs. Required by the tagging controller.")
	fs.StringArrayVar(&o.Resources, "resources", nil, "Kind of resource to tag; only \"instance\" is supported. Required by the tagging controller.")
	fs.Float64Var(&o.RateLimit, "tagging-controller-rate-limit", 0, "Nodes per second that the tagging controller takes up; with --tagging-controller-burst-limit. 0 sets no limit beyond the usual one.")
	fs.IntVar(&o.Burst, "tagging-controller-burst-limit", 0, "Nodes that the tagging controller takes up at once; with --tagging-controller-rate-limit. 0 sets no limit beyond the usual one.")
	fs.IntVar(&o.Concurrency, "tagging-controller-concurrent-node-syncs", 1, "How many calls of the tagging controller may be in flight.")
	fs.BoolVar(&o.Batching, "tagging-controller-enable-batching", false, "Has no effect: Nodes that arrive together always share a call.")
}

// validate checks the flags if the controller is enabled. It is off by default, and the first entry of
// --controllers that names it wins.
func (o *Options) validate(c *cpconfig.CloudControllerManagerConfiguration) []error {
	for _, entry := range c.Generic.Controllers {
		switch entry {
		case Name:
			return o.mistakes()
		case "-" + Name:
			return nil
		}
	}
	return nil
}

func (o *Options) mistakes() []error {
	var errs []error
	if len(o.Tags) == 0 {
		errs = append(errs, errors.New("tags cannot be empty: the tagging controller is enabled"))
	}
	if len(o.Resources) == 0 {
		errs = append(errs, errors.New("resources cannot be empty: the tagging controller is enabled; give --resources=instance"))
	}
	for _, r := range o.Resources {
		if r != instanceResource {
			errs = append(errs, fmt.Errorf("resources: %q cannot be tagged, only %q can", r, instanceResource))
		}
	}
	if o.RateLimit < 0 {
		errs = append(errs, fmt.Errorf("tagging-controller-rate-limit cannot be negative, but is %g", o.RateLimit))
	}
	if o.Burst < 0 {
		errs = append(errs, fmt.Errorf("tagging-controller-burst-limit cannot be negative, but is %d", o.Burst))
	}
	if o.Concurrency < 1 {
		errs = append(errs, fmt.Errorf("tagging-controller-concurrent-node-syncs must be at least 1, but is %d", o.Concurrency))
	}
	return errs
}

// Controller describes the controller to the manager.
func Controller() app.Controller {
	o := &Options{}
	return app.Controller{
		Name: Name, ClientName: "tagging-controller", MetricsName: Name, EventSource: "tagging-controller",
		DisabledByDefault: true,
		Rules: []rbacv1.PolicyRule{
			{APIGroups: []string{""}, Resources: []string{"nodes"}, Verbs: []string{"get", "list", "watch", "patch"}},
		},
		AddFlags: o.addFlags,
		Validate: o.validate,
		New:      func(_ context.Context, d app.Deps) (app.Runnable, error) { return newController(d, *o) },
		Plan:     func(ctx context.Context, d app.Deps) ([]*plan.Plan, error) { return planTags(ctx, d, *o) },
	}
}

// cloud is what the controller needs of the provider.
type cloud interface{ EC2() *ec2.Client }

// labelValue is upstream's: a digest of the tags in order.
func labelValue(tags map[string]string) string {
	var pairs []string
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		pairs = append(pairs, k+"="+tags[k])
	}
	digest := md5.Sum([]byte(strings.Join(pairs, ","))) //nolint:gosec // see the import
	return hex.EncodeToString(digest[:])
}

// instanceOf returns the instance to tag for a Node: none for Fargate nodes, those of other providers and
// regions, and before the Node is initialised.
func instanceOf(node *v1.Node, region string) (string, bool) {
	id, err := ids.Parse(node.Spec.ProviderID)
	if err != nil || id.Instance == "" || id.Elsewhere(region) {
		return "", false
	}
	return id.Instance, true
}

// planTags returns the tagging of each Node that lacks it.
func planTags(ctx context.Context, d app.Deps, o Options) ([]*plan.Plan, error) {
	provider, ok := d.Cloud.Interface.(cloud)
	if !ok {
		return nil, &app.NotApplicable{Reason: "the provider has no EC2"}
	}
	list, err := d.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	wanted := labelValue(o.Tags)
	var plans []*plan.Plan
	for n := range list.Items {
		node := &list.Items[n]
		id, ok := instanceOf(node, provider.EC2().Options().Region)
		if !ok || node.Labels[Label] == wanted {
			continue
		}
		p := &plan.Plan{Subject: plan.Subject{Kind: "Node", Name: node.Name}}
		change := plan.Change{ID: "tag " + id, Operation: plan.Update, Object: plan.Object{Kind: "instance", Name: node.Name, ID: id}, Reason: "the node does not have the label of the current --tags"}
		for _, k := range slices.Sorted(maps.Keys(o.Tags)) {
			change.Fields = append(change.Fields, plan.Field{Path: "tags." + k, To: o.Tags[k]})
		}
		plans = append(plans, p.Add(change))
	}
	return plans, nil
}
