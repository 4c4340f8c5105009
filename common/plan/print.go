// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

var signs = map[Operation]string{Create: "+", Update: "~", Replace: "-/+", Delete: "-"}

// Print writes plans for people: a heading per subject, a line per change, a line per field.
//
//	Service default/web
//	  + load balancer a1b2 because the Service has none
//	  ~ listener 80/TCP because members differ
//	      members: 2 → 3
//
// Subjects with nothing to do are not listed; the last line sums up.
func Print(w io.Writer, plans []*Plan) error {
	var b strings.Builder
	total := map[Operation]int{}
	problems := 0
	for _, p := range plans {
		if p.Problem != "" {
			problems++
			fmt.Fprintf(&b, "%s\n  ! %s\n", p.Subject, p.Problem)
		} else if !p.Empty() {
			fmt.Fprintf(&b, "%s\n", p.Subject)
		}
		for _, c := range p.Changes {
			total[c.Operation]++
			printChange(&b, c)
		}
	}
	changes := total[Create] + total[Update] + total[Replace] + total[Delete]
	if changes == 0 && problems == 0 {
		fmt.Fprintf(&b, "Nothing to do: %d objects are as wanted.\n", len(plans))
	} else {
		fmt.Fprintf(&b, "Plan: %d to create, %d to update, %d to replace, %d to delete; %d of %d objects cannot be planned.\n",
			total[Create], total[Update], total[Replace], total[Delete], problems, len(plans))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printChange(b *strings.Builder, c Change) {
	fmt.Fprintf(b, "  %s %s", signs[c.Operation], c.Object)
	if c.Reason != "" {
		fmt.Fprintf(b, " because %s", c.Reason)
	}
	b.WriteByte('\n')
	for _, f := range c.Fields {
		switch {
		case f.From == "":
			fmt.Fprintf(b, "      %s: %s\n", f.Path, f.To)
		case f.To == "":
			fmt.Fprintf(b, "      %s: %s → (removed)\n", f.Path, f.From)
		default:
			fmt.Fprintf(b, "      %s: %s → %s\n", f.Path, f.From, f.To)
		}
	}
}

// PrintJSON writes plans as one JSON document: {"plans": […]}, those with nothing to do included.
func PrintJSON(w io.Writer, plans []*Plan) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Plans []*Plan `json:"plans"`
	}{plans})
}

// Pending reports whether any plan has something to do, and whether any could not be made.
func Pending(plans []*Plan) (changes, problems bool) {
	for _, p := range plans {
		changes = changes || !p.Empty()
		problems = problems || p.Problem != ""
	}
	return changes, problems
}
