// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"fmt"
	"slices"
	"strings"
)

// canonical replaces aliases in a --controllers list by canonical names. Entries that name no
// controller are an error each.
func canonical(controllers []Controller, entries []string) ([]string, []error) {
	resolved := make([]string, 0, len(entries))
	var errs []error
	for _, entry := range entries {
		if entry == "*" {
			resolved = append(resolved, entry)
			continue
		}
		name, off := strings.CutPrefix(entry, "-")
		c := find(controllers, name)
		switch {
		case c == nil:
			errs = append(errs, fmt.Errorf("%q is not in the list of known controllers: %s", name, strings.Join(controllerNames(controllers), ", ")))
		case off:
			resolved = append(resolved, "-"+c.Name)
		default:
			resolved = append(resolved, c.Name)
		}
	}
	return resolved, errs
}

// find returns the controller of that name or alias.
func find(controllers []Controller, name string) *Controller {
	for i := range controllers {
		if controllers[i].Name == name || slices.Contains(controllers[i].Aliases, name) {
			return &controllers[i]
		}
	}
	return nil
}

// enabled decides by a --controllers list of canonical names. The first entry that names the controller
// wins; "*" stands for those that are on by default; what is not mentioned at all is off.
func enabled(name string, disabledByDefault bool, entries []string) bool {
	for _, entry := range entries {
		switch entry {
		case name:
			return true
		case "-" + name:
			return false
		}
	}
	return slices.Contains(entries, "*") && !disabledByDefault
}

func controllerNames(controllers []Controller) []string {
	names := make([]string, 0, len(controllers))
	for _, c := range controllers {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

func disabledByDefault(controllers []Controller) []string {
	var names []string
	for _, c := range controllers {
		if c.DisabledByDefault {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}
