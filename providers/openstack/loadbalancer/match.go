// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package loadbalancer

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

// subnetMatch chooses subnets by name and tags.
type subnetMatch struct {
	name func(string) bool
	tags func([]string) bool
}

func (m subnetMatch) fits(name string, tags []string) bool { return m.name(name) && m.tags(tags) }

// newSubnetMatch reads a pattern and a tag expression; an empty one fits everything.
func newSubnetMatch(pattern, tags string) (subnetMatch, error) {
	name, err := namePattern(pattern)
	return subnetMatch{name, tagExpression(tags)}, err
}

func namePattern(text string) (func(string) bool, error) {
	if text == "" {
		return func(string) bool { return true }, nil
	}
	text, negated := strings.CutPrefix(text, "!")
	var match func(string) bool
	if expression, is := strings.CutPrefix(text, "~"); is {
		re, err := regexp.Compile(expression)
		if err != nil {
			return nil, fmt.Errorf("%q is not a regular expression: %w", expression, err)
		}
		match = func(name string) bool {
			at := re.FindStringIndex(name) // as upstream: its leftmost match has to be all of the name
			return at != nil && at[0] == 0 && at[1] == len(name)
		}
	} else {
		re, err := glob(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a pattern: %w", text, err)
		}
		match = re.MatchString
	}
	if negated {
		positive := match
		match = func(name string) bool { return !positive(name) }
	}
	return match, nil
}

// glob makes a regular expression of a pattern: `*` stands for anything without a slash, `?` for one
// character, `[…]` for one of a class, `{a,b}` for alternatives, `**/` for any path before.
func glob(text string) (*regexp.Regexp, error) {
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.HasPrefix(text[i:], "**/"):
			b.WriteString(`(?:.*/)?`)
			i += 2
		case c == '*':
			b.WriteString(`[^/]*`)
		case c == '?':
			b.WriteString(`.`)
		case c == '[':
			end := strings.IndexByte(text[i+1:], ']')
			if end < 1 {
				return nil, fmt.Errorf("a %q is not closed", "[")
			}
			class := text[i : i+end+2]
			if _, err := path.Match(class, "x"); err != nil {
				return nil, fmt.Errorf("%q is not a class of characters", class)
			}
			inner, not := strings.CutPrefix(class[1:len(class)-1], "!")
			if not {
				inner = "^" + inner
			}
			b.WriteString("[" + strings.ReplaceAll(inner, "[", `\[`) + "]")
			i += end + 1
		case c == '{':
			depth++
			b.WriteString(`(?:`)
		case c == '}' && depth > 0:
			depth--
			b.WriteString(`)`)
		case c == ',' && depth > 0:
			b.WriteString(`|`)
		default:
			b.WriteString(regexp.QuoteMeta(text[i : i+1]))
		}
	}
	if depth > 0 {
		return nil, fmt.Errorf("a %q is not closed", "{")
	}
	b.WriteString(`\z`)
	return regexp.Compile(b.String())
}

// tagExpression reads tags: one of them has to be there, `&` all of them, `!` none of them, `!&` not all.
func tagExpression(text string) func([]string) bool {
	text, negated := strings.CutPrefix(strings.TrimSpace(text), "!")
	text, all := strings.CutPrefix(text, "&")
	wanted := config.Words(text)
	if len(wanted) == 0 {
		return func([]string) bool { return true }
	}
	return func(tags []string) bool {
		count := 0
		for _, w := range wanted {
			if slices.Contains(tags, w) {
				count++
			}
		}
		fits := count > 0
		if all {
			fits = count == len(wanted)
		}
		return fits != negated
	}
}
