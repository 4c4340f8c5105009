// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type addResourceTagsInput struct {
	ARNs []string `query:"ResourceArns,required"`
	Tags []tag    `query:"Tags,required"`
}

func (s *Service) addResourceTags(in *addResourceTagsInput) (any, error) {
	return s.changeTags(in.ARNs, func(old []Tag) ([]Tag, error) { return s.addTags(old, in.Tags) })
}

type removeResourceTagsInput struct {
	ARNs []string `query:"ResourceArns,required"`
	Keys []string `query:"TagKeys,required"`
}

func (s *Service) removeResourceTags(in *removeResourceTagsInput) (any, error) {
	return s.changeTags(in.ARNs, func(old []Tag) ([]Tag, error) { return removeTags(old, in.Keys), nil })
}

// changeTags changes the tags of all resources or of none.
func (s *Service) changeTags(arns []string, change func([]Tag) ([]Tag, error)) (any, error) {
	if len(arns) == 0 {
		return nil, invalid("At least one resource ARN must be specified")
	}
	var apply []func()
	for _, arn := range unique(arns) {
		var err error
		var commit func()
		switch kindOf(arn) {
		case "loadbalancer":
			var lb *LoadBalancer
			if lb, err = s.balancer(arn); err == nil {
				lb.Tags, err = change(lb.Tags)
				commit = func() { s.balancers.Put(arn, lb) }
			}
		case "targetgroup":
			var tg *TargetGroup
			if tg, err = s.group(arn); err == nil {
				tg.Tags, err = change(tg.Tags)
				commit = func() { s.groups.Put(arn, tg) }
			}
		case "listener":
			var l *Listener
			if l, err = s.v2Listener(arn); err == nil {
				l.Tags, err = change(l.Tags)
				commit = func() { s.listeners.Put(arn, l) }
			}
		default:
			err = invalid("'%s' is not a valid resource ARN", arn)
		}
		if err != nil {
			return nil, err
		}
		apply = append(apply, commit)
	}
	for _, commit := range apply {
		commit()
	}
	return nil, nil
}

// kindOf returns what an ARN is of.
func kindOf(arn string) string {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) < 6 {
		return ""
	}
	kind, _, _ := strings.Cut(parts[5], "/")
	return kind
}

type describeResourceTagsInput struct {
	ARNs []string `query:"ResourceArns,required"`
}

type tagDescription struct {
	ResourceArn string
	Tags        wire.Members[tag]
}

type describeResourceTagsOutput struct {
	TagDescriptions wire.Members[tagDescription]
}

func (s *Service) describeResourceTags(in *describeResourceTagsInput) (any, error) {
	if len(in.ARNs) > maxDescribed {
		return nil, invalid("Cannot have more than %d resources described", maxDescribed)
	}
	out := &describeResourceTagsOutput{}
	for _, arn := range unique(in.ARNs) {
		tags, err := s.tagsSeen(arn)
		if err != nil {
			return nil, err
		}
		out.TagDescriptions = append(out.TagDescriptions, tagDescription{arn, fromTags(tags)})
	}
	return out, nil
}

func (s *Service) tagsSeen(arn string) ([]Tag, error) {
	switch kindOf(arn) {
	case "loadbalancer":
		lb, err := foundBalancer(s.balancers.Seen(arn), arn)
		if err != nil {
			return nil, err
		}
		return lb.Tags, nil
	case "targetgroup":
		tg, err := foundGroup(s.groups.Seen(arn), arn)
		if err != nil {
			return nil, err
		}
		return tg.Tags, nil
	case "listener":
		l, err := foundListener(s.listeners.Seen(arn), arn)
		if err != nil {
			return nil, err
		}
		return l.Tags, nil
	}
	return nil, invalid("'%s' is not a valid resource ARN", arn)
}
