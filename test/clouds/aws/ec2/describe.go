// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package ec2

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// filter is one of a Describe call. All filters must match, each by one of its values.
type filter struct {
	Name   string   `query:"Name"`
	Values []string `query:"Value"`
}

// Limits of filters, by the EC2 user guide.
const (
	maxFilters      = 50
	maxFilterValues = 200
)

// matcher matches one filter.
type matcher struct {
	exact    map[string]bool
	patterns []string
}

func newMatcher(values []string) matcher {
	m := matcher{exact: make(map[string]bool, len(values))}
	for _, v := range values {
		if strings.ContainsAny(v, `*?\`) {
			m.patterns = append(m.patterns, v)
		} else {
			m.exact[v] = true
		}
	}
	return m
}

func (m matcher) matches(s string) bool {
	return m.exact[s] || slices.ContainsFunc(m.patterns, func(p string) bool { return glob(p, s) })
}

// glob matches * and ?, which a backslash takes literally, by the letter.
func glob(pattern, s string) bool {
	star, from := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
			continue
		case p < len(pattern) && pattern[p] == '\\' && p+1 < len(pattern) && pattern[p+1] == s[i]:
			p, i = p+2, i+1
			continue
		case p < len(pattern) && pattern[p] != '\\' && (pattern[p] == '?' || pattern[p] == s[i]):
			p, i = p+1, i+1
			continue
		case star < 0:
			return false
		}
		from++
		p, i = star+1, from
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// compile returns what decides whether a value passes all filters. Every kind with tags has the filters
// tag-key and tag:<key> besides its own.
func (c *collection[T]) compile(filters []filter) (func(*T) bool, error) {
	if len(filters) > maxFilters {
		return nil, wire.Errorf("FilterLimitExceeded", "The maximum number of filters specified on a single call is %d", maxFilters)
	}
	var all []func(*T) bool
	for _, f := range filters {
		if len(f.Values) > maxFilterValues {
			return nil, wire.Errorf("FilterLimitExceeded", "The maximum number of filter values specified on a single call is %d", maxFilterValues)
		}
		match, ok := c.compileOne(f)
		if !ok {
			return nil, wire.Errorf("InvalidParameterValue", "The filter '%s' is invalid", f.Name)
		}
		all = append(all, match)
	}
	return func(v *T) bool {
		for _, match := range all {
			if !match(v) {
				return false
			}
		}
		return true
	}, nil
}

func (c *collection[T]) compileOne(f filter) (func(*T) bool, bool) {
	m := newMatcher(f.Values)
	if key, ok := strings.CutPrefix(f.Name, "tag:"); ok && c.tags != nil {
		return func(v *T) bool {
			value, ok := (*c.tags(v))[key]
			return ok && m.matches(value)
		}, true
	}
	get := c.filters[f.Name]
	if f.Name == "tag-key" && c.tags != nil {
		get = func(v *T) []string { return slices.Collect(maps.Keys(*c.tags(v))) }
	}
	return func(v *T) bool { return slices.ContainsFunc(get(v), m.matches) }, get != nil
}

// page is what Describe calls have in common.
type page struct {
	Filters    []filter `query:"Filter"`
	MaxResults *int     `query:"MaxResults"`
	NextToken  string   `query:"NextToken"`
}

// limits says which pages a call permits.
type limits struct {
	min, max int
	// ids says that MaxResults may come with IDs.
	ids bool
	// list is what EC2 calls the IDs in the error.
	list string
	// byDefault is the page's size if MaxResults is not given; 0 means everything.
	byDefault int
}

// describe answers a Describe call: the values that readers see, by ID or all, and the next token.
func (c *collection[T]) describe(ids []string, p page, l limits) ([]*T, string, error) {
	size, after, err := p.position(len(ids) > 0, l)
	if err != nil {
		return nil, "", err
	}
	match, err := c.compile(p.Filters)
	if err != nil {
		return nil, "", err
	}
	if len(ids) > 0 {
		found, err := c.findSeen(unique(ids))
		return slices.DeleteFunc(found, func(v *T) bool { return !match(v) }), "", err
	}
	if len(p.Filters) > 0 {
		if named, ok := c.named(p.Filters); ok && len(named) <= size {
			return slices.DeleteFunc(named, func(v *T) bool { return !match(v) }), "", nil
		}
	}
	var out []*T
	last := after
	for item := range c.AllSeen(after) {
		if !match(item.Value) {
			continue
		}
		if len(out) == size {
			return out, token(last), nil
		}
		out = append(out, item.Value)
		last = item.Seq
	}
	return out, "", nil
}

// named returns the values that a filter on the ID names, which spares looking at all the others.
func (c *collection[T]) named(filters []filter) ([]*T, bool) {
	i := slices.IndexFunc(filters, func(f filter) bool {
		return f.Name == c.idFilter() && !slices.ContainsFunc(f.Values, func(v string) bool { return strings.ContainsAny(v, `*?\`) })
	})
	if i < 0 {
		return nil, false
	}
	var out []*T
	for _, id := range unique(filters[i].Values) {
		if v := c.Seen(id); v != nil {
			out = append(out, v)
		}
	}
	return out, true
}

func (c *collection[T]) idFilter() string {
	if c.kind == "security-group" {
		return "group-id"
	}
	return c.kind + "-id"
}

// everything is the size of a page without a limit.
const everything = int(^uint(0) >> 1)

// position returns the size of the page and what it comes after.
func (p page) position(withIDs bool, l limits) (size int, after int64, err error) {
	size = everything
	if l.byDefault > 0 && !withIDs {
		size = l.byDefault
	}
	if p.MaxResults != nil {
		size = *p.MaxResults
		switch {
		case withIDs && !l.ids:
			return 0, 0, wire.Errorf("InvalidParameterCombination", "The parameter %s cannot be used with the parameter maxResults", cmp.Or(l.list, "IDs"))
		case size < l.min || size > l.max:
			return 0, 0, wire.Errorf("InvalidParameterValue", "Value ( %d ) for parameter maxResults is invalid. Expecting a value between %d and %d.", size, l.min, l.max)
		}
	}
	if p.NextToken != "" {
		if after, err = parseToken(p.NextToken); err != nil {
			return 0, 0, err
		}
	}
	return size, after, nil
}

// token names the place after which the next page begins. It is opaque to clients.
func token(seq int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt([]byte("after:"), seq, 10))
}

func parseToken(s string) (int64, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	digits, ok := strings.CutPrefix(string(b), "after:")
	seq, numberErr := strconv.ParseInt(digits, 10, 64)
	if err != nil || !ok || numberErr != nil {
		return 0, wire.Errorf("InvalidNextToken", "The token '%s' is invalid", s)
	}
	return seq, nil
}

// unique drops repetitions and keeps the order.
func unique(ids []string) []string {
	seen := make(map[string]bool, len(ids))
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		again := seen[id]
		seen[id] = true
		return again
	})
}
