// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// newID returns an ID that the region has not had. IDs follow from a counter, so that a test that does
// the same gets the same, but look as if they did not.
func (s *Service) newID(prefix string) string {
	s.lastID++
	return fmt.Sprintf("%s-0%016x", prefix, mix(s.lastID))
}

// mix is the finalizer of SplitMix64, which maps different numbers to different numbers.
func mix(x uint64) uint64 {
	x *= 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// wellFormed says whether id is one of a kind: the prefix, and 8 or 17 hexadecimal digits.
func wellFormed(id, prefix string) bool {
	digits, ok := strings.CutPrefix(id, prefix+"-")
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}

// collection is all resources of a kind, and what EC2 says of the kind.
type collection[T any] struct {
	*eventual.Map[T]
	// kind is the resource type in tags: "security-group".
	kind string
	// prefix of IDs, without the hyphen.
	prefix string
	// label is what messages call an ID: "subnet ID", "security group"; labels is the plural.
	label, labels string
	// notFound and malformed are error codes.
	notFound, malformed string
	filters             map[string]func(*T) []string
	tags                func(*T) *Tags
}

func (c *collection[T]) isMalformed(id string) *wire.Error {
	switch {
	case wellFormed(id, c.prefix):
		return nil
	case strings.HasPrefix(id, c.prefix+"-"):
		return wire.Errorf(c.malformed, "Invalid id: \"%s\"", id)
	default:
		return wire.Errorf(c.malformed, "Invalid id: \"%s\" (expecting \"%s-...\")", id, c.prefix)
	}
}

func (c *collection[T]) missing(ids []string) *wire.Error {
	if len(ids) == 1 {
		return wire.Errorf(c.notFound, "The %s '%s' does not exist", c.label, ids[0])
	}
	return wire.Errorf(c.notFound, "The %s '%s' do not exist", c.labels, strings.Join(ids, ", "))
}

// find returns the newest values of IDs, for changes. One bad ID fails all.
func (c *collection[T]) find(ids ...string) ([]*T, error) { return c.lookUp(ids, c.Get) }

// one returns the newest value of an ID.
func (c *collection[T]) one(id string) (*T, error) {
	v, err := c.find(id)
	if err != nil {
		return nil, err
	}
	return v[0], nil
}

// findSeen returns the values of IDs that readers see. One bad ID fails all.
func (c *collection[T]) findSeen(ids []string) ([]*T, error) { return c.lookUp(ids, c.Seen) }

func (c *collection[T]) lookUp(ids []string, get func(string) *T) ([]*T, error) {
	var missing []string
	out := make([]*T, 0, len(ids))
	for _, id := range ids {
		if err := c.isMalformed(id); err != nil {
			return nil, err
		}
		if v := get(id); v != nil {
			out = append(out, v)
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		return nil, c.missing(missing)
	}
	return out, nil
}

// change puts a copy of the newest value, changed by f.
func (c *collection[T]) change(id string, f func(*T)) {
	v := c.Get(id)
	if v == nil {
		return
	}
	changed := *v
	f(&changed)
	c.Put(id, &changed)
}

// tagged is a collection whatever its resources are.
type tagged interface {
	resourceKind() string
	// prefixed says whether an ID is, or would be, one of the collection.
	prefixed(id string) bool
	// exists fails as EC2 does if there is no resource with the ID.
	exists(id string) error
	tagsOf(id string) Tags
	setTags(id string, tags Tags)
	// allSeen yields the tags that readers see, by ID.
	allSeen() iter.Seq2[string, Tags]
	missing(ids []string) *wire.Error
}

func (c *collection[T]) resourceKind() string    { return c.kind }
func (c *collection[T]) prefixed(id string) bool { return strings.HasPrefix(id, c.prefix+"-") }

func (c *collection[T]) exists(id string) error {
	_, err := c.one(id)
	return err
}

func (c *collection[T]) tagsOf(id string) Tags { return *c.tags(c.Get(id)) }

func (c *collection[T]) setTags(id string, tags Tags) {
	c.change(id, func(v *T) { *c.tags(v) = tags })
}

func (c *collection[T]) allSeen() iter.Seq2[string, Tags] {
	return func(yield func(string, Tags) bool) {
		for item := range c.AllSeen(0) {
			if !yield(item.ID, *c.tags(item.Value)) {
				return
			}
		}
	}
}

// sorted returns tags as answers have them, by key.
func (t Tags) sorted() wire.Items[tagItem] {
	out := make(wire.Items[tagItem], 0, len(t))
	for _, k := range slices.Sorted(maps.Keys(t)) {
		out = append(out, tagItem{k, t[k]})
	}
	return out
}

type tagItem struct {
	Key   string `xml:"key"`
	Value string `xml:"value"`
}
