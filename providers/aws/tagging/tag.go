// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package tagging

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	v1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/providers/aws/client"
)

// grace is how young a Node must be for EC2 not to know its instance yet.
const grace = 5 * time.Minute

// tagger makes the calls.
type tagger struct {
	client *ec2.Client
	tags   map[string]string
}

func (t tagger) list() []ec2types.Tag {
	var list []ec2types.Tag
	for _, k := range slices.Sorted(maps.Keys(t.tags)) {
		list = append(list, ec2types.Tag{Key: aws.String(k), Value: aws.String(t.tags[k])})
	}
	return list
}

func (t tagger) add(ctx context.Context, ids []string) error {
	if _, err := t.client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: ids, Tags: t.list()}); err != nil {
		return fmt.Errorf("tag %d instances: %w", len(ids), err)
	}
	klog.FromContext(ctx).Info("Tagged instances", "instances", len(ids), "first", ids[0])
	return nil
}

func (t tagger) remove(ctx context.Context, ids []string) error {
	if _, err := t.client.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: ids, Tags: t.list()}); err != nil {
		return fmt.Errorf("remove tags from %d instances: %w", len(ids), err)
	}
	klog.FromContext(ctx).Info("Removed tags from instances", "instances", len(ids), "first", ids[0])
	return nil
}

// mark records on the Node that its instance is tagged.
func (c *controller) mark(ctx context.Context, node *v1.Node) error {
	_, before := node.Labels[Label]
	patch := nodes.Patch{Labels: map[string]*string{Label: &c.label}}
	if _, err := patch.Apply(ctx, c.deps.Client, node); err != nil {
		return fmt.Errorf("label node %s: %w", node.Name, err)
	}
	if !before {
		taggingDelay.Observe(c.deps.Clock.Since(node.CreationTimestamp.Time).Seconds())
	}
	return nil
}

// named finds instance IDs in an error's text.
var named = regexp.MustCompile(`\bi-[^\s,'"\])]+`)

// each calls f for all IDs together and returns the result of each. One ID that EC2 does not know fails a
// call as a whole: it is left out if the error names it, else the call is made for halves. Nothing else is
// split, since that would multiply calls when EC2 is weakest.
func each(ids []string, f func([]string) error) map[string]error {
	results := map[string]error{}
	for len(ids) > 0 {
		err := f(ids)
		if err == nil || len(ids) == 1 || !badID(err) {
			for _, id := range ids {
				results[id] = err
			}
			break
		}
		bad := named.FindAllString(err.Error(), -1)
		rest := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return slices.Contains(bad, id) })
		if len(rest) == len(ids) {
			half := len(ids) / 2
			maps.Copy(results, each(ids[:half], f))
			maps.Copy(results, each(ids[half:], f))
			break
		}
		for _, id := range ids {
			if !slices.Contains(rest, id) {
				results[id] = err
			}
		}
		ids = rest
	}
	return results
}

func badID(err error) bool { return notFound(err) || malformed(err) }

func notFound(err error) bool { return client.HasCode(err, "InvalidInstanceID.NotFound") }

func malformed(err error) bool {
	return client.HasCode(err, "InvalidID", "InvalidInstanceID.Malformed", "InvalidInstanceId.Malformed")
}

// outcome is how an action ended.
type outcome int

const (
	done     outcome = iota
	again            // retry
	hopeless         // there is nothing to tag, and there will not be
)

// judge decides what an error means. age is the Node's.
func judge(remove bool, err error, age time.Duration) outcome {
	switch {
	case err == nil, remove && notFound(err):
		return done
	case malformed(err), notFound(err) && age >= grace:
		return hopeless
	}
	return again
}
