// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// arbitrary is what differs between two runs of the same services.
var arbitrary = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`https?://127\.0\.0\.1:\d+[^\s"'\])}]*`), "<url>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00|\+0000)?`), "<time>"},
	{regexp.MustCompile(`\breq-[0-9a-z-]+`), "<request>"},
	{regexp.MustCompile(`\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b`), "<id>"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "<hex>"},
	{regexp.MustCompile(`\b[0-9a-f]{56}\b`), "<host>"},
	{regexp.MustCompile(`\bfa(:[0-9a-f]{2}){5}\b`), "<mac>"},
	{regexp.MustCompile(`\bgAAAAA[\w-]+`), "<token>"},
	// Neutron gives addresses out in any order.
	{regexp.MustCompile(`\b(10\.250\.\d+\.\d+|172\.24\.\d+\.\d+)\b`), "<ip>"},
}

// choices are in no order.
var choices = regexp.MustCompile(`Value should be one of: [^"\n]+`)

// keptAddresses are in requests or belong to subnets, so that they do not differ.
var keptAddresses = regexp.MustCompile(`^(10\.250\.0\.[01]|10\.250\.15\.25\d|172\.24\.4\.[01]|172\.24\.7\.25\d|10\.250\.9\.\d+)$`)

// untold are fields that are never compared, and why.
var untold = map[string]string{
	"revision_number":  "it follows from the whole history of an object",
	"standard_attr_id": "a number of a row, which rules of a group show by mistake",
	"operating_status": "an amphora reports it, and the real services here have none",
}

type normalizer struct {
	variables map[string]string
	ignore    []string
}

// text replaces what is arbitrary in a text.
func (n *normalizer) text(s string) string {
	names := slices.SortedFunc(maps.Keys(n.variables), func(a, b string) int {
		if d := len(n.variables[b]) - len(n.variables[a]); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	for _, name := range names {
		if value := n.variables[name]; value != "" && name != "PASSWORD" {
			s = replaceWord(s, value, "$"+name)
		}
	}
	s = choices.ReplaceAllStringFunc(s, func(found string) string {
		before, list, _ := strings.Cut(found, ": ")
		all := strings.Split(list, ", ")
		slices.Sort(all)
		return before + ": " + strings.Join(all, ", ")
	})
	for _, a := range arbitrary {
		s = a.pattern.ReplaceAllStringFunc(s, func(found string) string {
			if a.by == "<ip>" && keptAddresses.MatchString(found) {
				return found
			}
			return a.by
		})
	}
	return s
}

// replaceWord replaces a value where it is not a part of a longer number or word.
func replaceWord(s, value, by string) string {
	part := func(c byte) bool {
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	var b strings.Builder
	for {
		i := strings.Index(s, value)
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		end := i + len(value)
		b.WriteString(s[:i])
		if i > 0 && part(s[i-1]) || end < len(s) && part(s[end]) {
			b.WriteString(value)
		} else {
			b.WriteString(by)
		}
		s = s[end:]
	}
}

// value does so in a JSON value. Lists whose elements have no names of their own are put in order.
func (n *normalizer) value(v any) any {
	switch v := v.(type) {
	case string:
		return n.text(v)
	case []any:
		all := make([]any, 0, len(v))
		for _, element := range v {
			all = append(all, n.value(element))
		}
		slices.SortStableFunc(all, func(a, b any) int { return strings.Compare(encode(a), encode(b)) })
		return all
	case map[string]any:
		all := map[string]any{}
		for name, value := range v {
			if _, ok := untold[name]; ok || slices.Contains(n.ignore, name) {
				continue
			}
			all[n.text(name)] = n.value(value)
		}
		return all
	}
	return v
}

func encode(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(raw)
}

// answer is what came back, as JSON if it is that.
func (n *normalizer) answer(text string) any {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		return n.value(v)
	}
	return n.text(strings.TrimSpace(text))
}
