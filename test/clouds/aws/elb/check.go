// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package elb

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/eventual"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// invalid is the refusal of a parameter. The texts of refusals are AWS's own where they are known from
// public reports; codes and conditions are those of the API references.
func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

// unmet is the refusal of a parameter which AWS's front end makes from the API's model.
func unmet(value any, at, format string, args ...any) error {
	return invalid("1 validation error detected: Value '%v' at '%s' failed to satisfy constraint: %s", value, at, fmt.Sprintf(format, args...))
}

// oneOf refuses a value that is none of an enumeration's.
func oneOf(at, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	return unmet(value, at, "Member must satisfy enum value set: [%s]", strings.Join(allowed, ", "))
}

// within refuses a number outside of a range.
func within[N int32 | int](at string, n, low, high N) error {
	switch {
	case n < low:
		return unmet(n, at, "Member must have value greater than or equal to %d", low)
	case n > high:
		return unmet(n, at, "Member must have value less than or equal to %d", high)
	}
	return nil
}

// first returns the first error there is.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// checkName checks the name of a load balancer or target group; what is how a message begins, as in "The
// load balancer name".
func checkName(what, name string) error {
	switch {
	case name == "":
		return invalid("%s '%s' cannot be empty", what, name)
	case len(name) > 32:
		return invalid("%s '%s' cannot be longer than '32' characters", what, name)
	case strings.ContainsFunc(name, func(r rune) bool { return !alphanumeric(r) && r != '-' }):
		return invalid("%s '%s' can only contain characters that are alphanumeric characters and hyphens(-)", what, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return invalid("%s '%s' cannot begin or end with a hyphen(-)", what, name)
	}
	return nil
}

func alphanumeric(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// tag is a Tag as it comes and goes.
type tag struct {
	Key   string `query:"Key,required" xml:"Key"`
	Value string `query:"Value"        xml:"Value"`
}

func fromTags(in []Tag) wire.Members[tag] {
	out := make(wire.Members[tag], len(in))
	for i, t := range in {
		out[i] = tag(t)
	}
	return out
}

// addTags returns tags with more of them, which replace those with the same key.
func (s *Service) addTags(old []Tag, more []tag) ([]Tag, error) {
	out := slices.Clone(old)
	seen := map[string]bool{}
	for _, t := range more {
		if err := checkTag(t); err != nil {
			return nil, err
		}
		if seen[t.Key] {
			return nil, wire.Errorf("DuplicateTagKeys", "Tag keys must be unique. Duplicate tag keys: '%s'", t.Key)
		}
		seen[t.Key] = true
		if i := slices.IndexFunc(out, func(o Tag) bool { return o.Key == t.Key }); i >= 0 {
			out[i].Value = t.Value
		} else {
			out = append(out, Tag(t))
		}
	}
	if len(out) > s.quotas.Tags {
		return nil, wire.Errorf("TooManyTags", "The maximum number of tags for a resource is %d", s.quotas.Tags)
	}
	return out, nil
}

func checkTag(t tag) error {
	switch {
	case t.Key == "" || len(t.Key) > 128:
		return unmet(t.Key, "tags.member.key", "Member must have length between 1 and 128")
	case len(t.Value) > 256:
		return unmet(t.Value, "tags.member.value", "Member must have length less than or equal to 256")
	case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
		return invalid("Tag keys starting with 'aws:' are reserved for system use")
	}
	return nil
}

func removeTags(old []Tag, keys []string) []Tag {
	return slices.DeleteFunc(slices.Clone(old), func(t Tag) bool { return slices.Contains(keys, t.Key) })
}

// sameTags compares without regard to the order.
func sameTags(a, b []Tag) bool {
	byKey := func(x, y Tag) int { return strings.Compare(x.Key, y.Key) }
	a, b = slices.Clone(a), slices.Clone(b)
	slices.SortFunc(a, byKey)
	slices.SortFunc(b, byKey)
	return slices.Equal(a, b)
}

// sameSet compares lists without repetitions and without regard to the order.
func sameSet(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

// unique removes repetitions and keeps the order.
func unique(list []string) []string {
	var out []string
	for _, v := range list {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// paging are the parameters of a call that answers in pages.
type paging struct {
	Marker   *string
	PageSize *int32
}

// maxPage is the size of the largest page and of one whose size was not asked for.
const maxPage = 400

// open returns how many items the page may have and after which place of the order it begins.
func (p paging) open() (size int, after int64, err error) {
	size = maxPage
	if p.PageSize != nil {
		if err := within("pageSize", *p.PageSize, 1, maxPage); err != nil {
			return 0, 0, err
		}
		size = int(*p.PageSize)
	}
	if p.Marker == nil || *p.Marker == "" {
		return size, 0, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(*p.Marker)
	if err == nil {
		after, err = strconv.ParseInt(string(raw), 10, 64)
	}
	if err != nil {
		return 0, 0, invalid("The marker '%s' is not valid", *p.Marker)
	}
	return size, after, nil
}

func marker(after int64) string {
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, after, 10))
}

// page returns those values that readers see and that keep wants, and the marker of the next page, which
// is empty after the last one.
func page[T any](m *eventual.Map[T], p paging, keep func(*T) bool) (out []*T, next string, err error) {
	size, after, err := p.open()
	if err != nil {
		return nil, "", err
	}
	var last int64
	for item := range m.AllSeen(after) {
		if !keep(item.Value) {
			continue
		}
		if len(out) == size {
			return out, marker(last), nil
		}
		out, last = append(out, item.Value), item.Seq
	}
	return out, "", nil
}

func everything[T any](*T) bool { return true }
