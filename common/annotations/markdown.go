// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package annotations

import (
	"fmt"
	"strings"
)

// Markdown returns the reference page: an overview, then a section for each annotation in the order of
// their declaration.
func (s *Set) Markdown(title, introduction string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n\n", title, introduction)
	b.WriteString("| annotation | kind | default |\n|---|---|---|\n")
	for _, d := range s.declared {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", d.key, anchor(d.key), d.kind, code(d.defaultText))
	}
	for _, d := range s.declared {
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n- Allowed: %s\n- Default: %s\n", d.key, d.doc, escape(d.allowed), code(d.defaultText))
	}
	return b.String()
}

// anchor is the fragment that GitHub gives a heading.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		}
		return -1
	}, strings.ToLower(heading))
}

func code(s string) string {
	if s == "" {
		return "none"
	}
	return "`" + s + "`"
}

func escape(s string) string { return strings.ReplaceAll(s, "|", "\\|") }
