// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package boundaries checks who may import whom: no provider imports another provider, common imports no
// cloud's SDK, and no provider's program links the SDK of another cloud. Only the hosting cloud's code is
// ever initialised.
package boundaries

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Root is the path under which all modules of this repository are.
const Root = "sigs.k8s.io/cloud-providers/"

// SDKs lists the module or package prefixes that belong to each cloud. A prefix ends at a path element.
var SDKs = map[string][]string{
	"aws": {"github.com/aws/aws-sdk-go", "github.com/aws/aws-sdk-go-v2", "github.com/aws/smithy-go"},
	"azure": {"github.com/Azure/azure-sdk-for-go", "github.com/Azure/go-autorest", "github.com/AzureAD",
		"sigs.k8s.io/cloud-provider-azure"},
	"gce":       {"google.golang.org/api", "cloud.google.com/go", "github.com/GoogleCloudPlatform", "github.com/googleapis"},
	"openstack": {"github.com/gophercloud"},
}

// Violation is one import or link that crosses a boundary.
type Violation struct {
	// Package is the package, or program, that has it.
	Package string
	// Import is what it must not have.
	Import string
	// Rule says why.
	Rule string
}

func (v Violation) String() string { return fmt.Sprintf("%s has %s: %s", v.Package, v.Import, v.Rule) }

// Check checks all modules below a root directory: common, and providers/*.
func Check(ctx context.Context, root string) ([]Violation, error) {
	var all []Violation
	common, err := list(ctx, filepath.Join(root, "common"))
	if err != nil {
		return nil, err
	}
	for _, p := range common {
		all = append(all, checkCommon(p)...)
	}
	dirs, err := filepath.Glob(filepath.Join(root, "providers", "*", "go.mod"))
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, fmt.Errorf("no provider modules below %s", root)
	}
	for _, mod := range dirs {
		dir := filepath.Dir(mod)
		packages, err := list(ctx, dir)
		if err != nil {
			return nil, err
		}
		name := filepath.Base(dir)
		for _, p := range packages {
			all = append(all, checkProvider(name, p)...)
			if p.Name == "main" {
				linked, err := programs(ctx, dir, p.ImportPath)
				if err != nil {
					return nil, err
				}
				all = append(all, checkProgram(name, p.ImportPath, linked)...)
			}
		}
	}
	slices.SortFunc(all, func(a, b Violation) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(all), nil
}

type goPackage struct {
	ImportPath   string
	Name         string
	Imports      []string
	TestImports  []string
	XTestImports []string
	Error        *struct{ Err string }
}

// list returns a module's packages, each module alone: go.work would show another dependency graph than
// the one that is released.
func list(ctx context.Context, dir string) ([]goPackage, error) {
	out, err := golist(ctx, dir, "-e", "-json=ImportPath,Name,Imports,TestImports,XTestImports,Error", "./...")
	if err != nil {
		return nil, err
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		switch err := dec.Decode(&p); {
		case errors.Is(err, io.EOF):
			return packages, nil
		case err != nil:
			return nil, fmt.Errorf("go list in %s: %w", dir, err)
		}
		packages = append(packages, p)
	}
}

// programs returns all packages that a program links.
func programs(ctx context.Context, dir, path string) ([]string, error) {
	out, err := golist(ctx, dir, "-deps", "-f", "{{.ImportPath}}", path)
	return strings.Fields(string(out)), err
}

func golist(ctx context.Context, dir string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "go", append([]string{"list", "-tags=grpcnotrace"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list in %s: %w: %s", dir, err, strings.TrimSpace(stderr.String()))
	}
	return out, nil
}

func checkCommon(p goPackage) []Violation {
	var found []Violation
	for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if cloud := sdkOf(i); cloud != "" {
			found = append(found, Violation{p.ImportPath, i, "common imports no cloud's SDK, and this is " + cloud + "'s"})
		}
		if strings.HasPrefix(i, Root+"providers/") {
			found = append(found, Violation{p.ImportPath, i, "common imports no provider"})
		}
	}
	return found
}

func checkProvider(name string, p goPackage) []Violation {
	var found []Violation
	own := Root + "providers/" + name
	for _, i := range slices.Concat(p.Imports, p.TestImports, p.XTestImports) {
		if strings.HasPrefix(i, Root+"providers/") && !under(i, own) {
			found = append(found, Violation{p.ImportPath, i, "a provider imports no other provider"})
		}
	}
	for _, i := range p.Imports {
		if under(i, Root+"test") {
			found = append(found, Violation{p.ImportPath, i, "only tests import the test module"})
		}
	}
	return found
}

func checkProgram(name, program string, linked []string) []Violation {
	var found []Violation
	for _, i := range linked {
		if cloud := sdkOf(i); cloud != "" && cloud != name {
			found = append(found, Violation{program, i, "a provider's program links no other cloud's SDK, and this is " + cloud + "'s"})
		}
		if strings.HasPrefix(i, Root+"providers/") && !under(i, Root+"providers/"+name) {
			found = append(found, Violation{program, i, "a provider's program links no other provider"})
		}
	}
	return found
}

func sdkOf(path string) string {
	for cloud, prefixes := range SDKs {
		for _, p := range prefixes {
			if under(path, p) {
				return cloud
			}
		}
	}
	return ""
}

func under(path, prefix string) bool {
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
