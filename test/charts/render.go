// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package charts renders the providers' Helm charts with Helm's own packages, and compares them with golden
// files and with what upstream's charts make. It is a module of its own, so that Helm's dependencies move no
// other module's versions.
package charts

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// Rendered is what a chart makes.
type Rendered struct {
	// Manifests is all of them, in the order of the templates' names, each with the name before it.
	Manifests string
	Notes     string
}

// Load reads a chart from its directory.
func Load(dir string) (*chart.Chart, error) {
	c, err := loader.LoadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("load chart %s: %w", dir, err)
	}
	return c, nil
}

// Render makes the manifests of a release in kube-system. Values that the chart's schema refuses are an error.
func Render(c *chart.Chart, values map[string]any) (Rendered, error) {
	release := chartutil.ReleaseOptions{Name: c.Name(), Namespace: "kube-system", Revision: 1, IsInstall: true}
	all, err := chartutil.ToRenderValues(c, values, release, chartutil.DefaultCapabilities)
	if err != nil {
		return Rendered{}, fmt.Errorf("values of chart %s: %w", c.Name(), err)
	}
	files, err := engine.Render(c, all) // as helm does: a value that is set to null is absent
	if err != nil {
		return Rendered{}, fmt.Errorf("render chart %s: %w", c.Name(), err)
	}
	var r Rendered
	var out strings.Builder
	for _, name := range slices.Sorted(maps.Keys(files)) {
		text := strings.TrimSpace(files[name])
		base := path.Base(name)
		switch {
		case base == "NOTES.txt":
			r.Notes = text + "\n"
		case text != "" && !strings.HasPrefix(base, "_"):
			fmt.Fprintf(&out, "---\n# %s\n%s\n", base, text)
		}
	}
	r.Manifests = out.String()
	return r, nil
}
