// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

type tagInput struct {
	Key   string  `query:"Key"`
	Value *string `query:"Value"`
}

// tagSpecification tags what a call creates.
type tagSpecification struct {
	ResourceType string     `query:"ResourceType"`
	Tags         []tagInput `query:"Tag"`
}

// maxTagResources is how many resources one call may tag.
const maxTagResources = 1000

type tagsInput struct {
	Resources []string   `query:"ResourceId,required"`
	Tags      []tagInput `query:"Tag"`
}

func (s *Service) createTags(in *tagsInput) (any, error) {
	if len(in.Tags) == 0 {
		return nil, wire.Errorf("MissingParameter", "The request must contain the parameter Tag")
	}
	resources, err := s.taggedResources(in.Resources)
	if err != nil {
		return nil, err
	}
	wanted, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	changed := make([]Tags, len(resources))
	for i, r := range resources {
		changed[i] = maps.Clone(r.in.tagsOf(r.id))
		if changed[i] == nil {
			changed[i] = Tags{}
		}
		maps.Copy(changed[i], wanted)
		if err := s.checkTagCount(changed[i]); err != nil {
			return nil, err
		}
	}
	for i, r := range resources {
		if !maps.Equal(changed[i], r.in.tagsOf(r.id)) {
			r.in.setTags(r.id, changed[i])
		}
	}
	return done{true}, nil
}

// deleteTags removes keys; with a value, even an empty one, only where the tag has that value. Without
// tags it removes all that are the user's.
func (s *Service) deleteTags(in *tagsInput) (any, error) {
	resources, err := s.taggedResources(in.Resources)
	if err != nil {
		return nil, err
	}
	for _, r := range resources {
		left := maps.Clone(r.in.tagsOf(r.id))
		for _, t := range in.Tags {
			if value, ok := left[t.Key]; ok && (t.Value == nil || *t.Value == value) {
				delete(left, t.Key)
			}
		}
		if len(in.Tags) == 0 {
			maps.DeleteFunc(left, func(k, _ string) bool { return !strings.HasPrefix(k, "aws:") })
		}
		if !maps.Equal(left, r.in.tagsOf(r.id)) {
			r.in.setTags(r.id, left)
		}
	}
	return done{true}, nil
}

type taggedResource struct {
	in tagged
	id string
}

// taggedResources finds resources of any kind. One that is not there fails all.
func (s *Service) taggedResources(ids []string) ([]taggedResource, error) {
	if len(ids) > maxTagResources {
		return nil, wire.Errorf("InvalidParameterValue", "The maximum number of resources specified on a single call is %d", maxTagResources)
	}
	missing := map[tagged][]string{}
	var out []taggedResource
	for _, id := range unique(ids) {
		i := slices.IndexFunc(s.taggable, func(c tagged) bool { return c.prefixed(id) })
		if i < 0 || !wellFormed(id, id[:strings.LastIndexByte(id, '-')]) {
			return nil, wire.Errorf("InvalidID", "The ID '%s' is not valid", id)
		}
		c := s.taggable[i]
		if c.exists(id) != nil {
			missing[c] = append(missing[c], id)
			continue
		}
		out = append(out, taggedResource{c, id})
	}
	for _, c := range s.taggable {
		if ids := missing[c]; len(ids) > 0 {
			return nil, c.missing(ids)
		}
	}
	return out, nil
}

// newTags checks tags as EC2 does.
func newTags(in []tagInput) (Tags, error) {
	out := Tags{}
	for _, t := range in {
		value := ""
		if t.Value != nil {
			value = *t.Value
		}
		_, twice := out[t.Key]
		switch {
		case t.Key == "":
			return nil, wire.Errorf("InvalidParameterValue", "Tag key cannot be null or empty, or exceed 128 characters")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return nil, wire.Errorf("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case len([]rune(t.Key)) > 128:
			return nil, wire.Errorf("InvalidParameterValue", "Tag key exceeds the maximum length of 128 characters")
		case len([]rune(value)) > 256:
			return nil, wire.Errorf("InvalidParameterValue", "Tag value exceeds the maximum length of 256 characters")
		case twice:
			return nil, wire.Errorf("InvalidParameterValue", "Duplicate tag key '%s' specified.", t.Key)
		}
		out[t.Key] = value
	}
	return out, nil
}

func (s *Service) checkTagCount(tags Tags) error {
	if len(tags) > s.quotas.TagsPerResource {
		return wire.Errorf("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
	}
	return nil
}

// tagsFor returns the tags for what a call creates, by resource type; types it does not create are refused.
func (s *Service) tagsFor(specs []tagSpecification, kinds ...string) (map[string]Tags, error) {
	out := map[string]Tags{}
	for _, spec := range specs {
		if !slices.Contains(kinds, spec.ResourceType) {
			return nil, wire.Errorf("InvalidParameterValue", "'%s' is not a valid taggable resource type for this operation.", spec.ResourceType)
		}
		if out[spec.ResourceType] != nil {
			return nil, wire.Errorf("InvalidParameterValue", "Tag specification resource type must be unique")
		}
		tags, err := newTags(spec.Tags)
		if err != nil {
			return nil, err
		}
		if err := s.checkTagCount(tags); err != nil {
			return nil, err
		}
		out[spec.ResourceType] = tags
	}
	return out, nil
}

type tagDescription struct {
	ResourceID   string `xml:"resourceId"`
	ResourceType string `xml:"resourceType"`
	Key          string `xml:"key"`
	Value        string `xml:"value"`
}

type describeTagsOutput struct {
	Tags wire.Items[tagDescription] `xml:"tagSet"`
	Next string                     `xml:"nextToken,omitempty"`
}

// describeTags lists tags of all resources, which it numbers one after the other for its pages.
func (s *Service) describeTags(in *page) (any, error) {
	match, err := matchTags(in.Filters)
	if err != nil {
		return nil, err
	}
	size, after, err := in.position(false, limits{min: 5, max: 1000})
	if err != nil {
		return nil, err
	}
	out := describeTagsOutput{}
	var place int64
	for _, c := range s.taggable {
		for id, tags := range c.allSeen() {
			for _, t := range tags.sorted() {
				d := tagDescription{id, c.resourceKind(), t.Key, t.Value}
				if place++; place <= after || !match(d) {
					continue
				}
				if len(out.Tags) == size {
					out.Next = token(place - 1)
					return out, nil
				}
				out.Tags = append(out.Tags, d)
			}
		}
	}
	return out, nil
}

func matchTags(filters []filter) (func(tagDescription) bool, error) {
	tags := &collection[tagDescription]{filters: map[string]func(*tagDescription) []string{
		"key":           func(t *tagDescription) []string { return []string{t.Key} },
		"value":         func(t *tagDescription) []string { return []string{t.Value} },
		"resource-id":   get(func(t *tagDescription) string { return t.ResourceID }),
		"resource-type": get(func(t *tagDescription) string { return t.ResourceType }),
	}}
	for _, f := range filters {
		if key, ok := strings.CutPrefix(f.Name, "tag:"); ok {
			tags.filters[f.Name] = func(t *tagDescription) []string {
				if t.Key != key {
					return nil
				}
				return []string{t.Value}
			}
		}
	}
	match, err := tags.compile(filters)
	return func(t tagDescription) bool { return match(&t) }, err
}
