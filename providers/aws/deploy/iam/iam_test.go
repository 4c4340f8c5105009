// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package iam

import (
	"bytes"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var update = flag.Bool("update", false, "write the policies anew")

// of returns the manager's capabilities, or the nodes'.
func of(node bool) []Capability {
	return slices.DeleteFunc(Capabilities(), func(c Capability) bool { return c.Node != node })
}

// files are the policies by path.
func files(t *testing.T) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	put := func(path string, p Policy) {
		text, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		all[path] = text
	}
	for _, c := range Capabilities() {
		sid := strings.ReplaceAll(c.Name, "-", "")
		put(c.Name+".json", Plain(strings.ToUpper(sid[:1])+sid[1:], c))
		put("restricted/"+c.Name+".json", Restricted(c))
	}
	// A role that is assumed is one whose name we do not know: not part of what everybody needs.
	joined := slices.DeleteFunc(of(false), func(c Capability) bool { return c.Name == "assume-role" })
	put("all.json", Plain("CloudControllerManager", joined...))
	put("restricted/all.json", Restricted(joined...))
	return all
}

func TestFilesAreUpToDate(t *testing.T) {
	want := files(t)
	if *update {
		for path, text := range want {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for path, text := range want {
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, text) {
			t.Errorf("%s is not what policies.go says; run make generate (%v)", path, err)
		}
	}
	for _, pattern := range []string{"*.json", "*/*.json"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if want[filepath.ToSlash(path)] == nil {
				t.Errorf("%s is made from nothing; delete it", path)
			}
		}
	}
}

// TestPoliciesFit knows AWS's limits: a managed policy has at most 6,144 characters without white space, and
// statement IDs are letters and digits, different in a policy.
func TestPoliciesFit(t *testing.T) {
	const most = 6144
	for path, text := range files(t) {
		size := 0
		for _, r := range string(text) {
			if !unicode.IsSpace(r) {
				size++
			}
		}
		if size > most {
			t.Errorf("%s has %d characters, AWS allows %d", path, size, most)
		}
		seen := map[string]bool{}
		for _, m := range regexp.MustCompile(`"Sid": "([^"]*)"`).FindAllSubmatch(text, -1) {
			sid := string(m[1])
			if seen[sid] || !regexp.MustCompile(`^[A-Za-z0-9]+$`).MatchString(sid) {
				t.Errorf("%s: statement ID %q is not one", path, sid)
			}
			seen[sid] = true
		}
	}
}

// withoutCall are actions that no call of ours has as its name, and what they are for.
var withoutCall = map[string]string{
	"iam:CreateServiceLinkedRole":     "Elastic Load Balancing makes its role with the first load balancer of an account",
	"sts:GetServiceBearerToken":       "the public ECR asks for it in GetAuthorizationToken",
	"ecr:BatchCheckLayerAvailability": "the container runtime pulls with the token",
	"ecr:GetDownloadUrlForLayer":      "the container runtime pulls with the token",
	"ecr:BatchGetImage":               "the container runtime pulls with the token",
}

// TestActionsAreTheCallsOfTheCode compares both ways, so that neither a permission is missing nor one too many.
func TestActionsAreTheCallsOfTheCode(t *testing.T) {
	called := calls(t, "../..")
	permitted := map[string]bool{}
	for _, c := range Capabilities() {
		for _, s := range c.Statements {
			for _, a := range s.Action {
				permitted[a] = true
			}
		}
	}
	for action := range withoutCall {
		if called[action] != nil {
			t.Errorf("%s is called by %v; take it off the list of those that are not", action, called[action])
		}
		if !permitted[action] {
			t.Errorf("%s is in no policy", action)
		}
	}
	for _, action := range slices.Sorted(maps.Keys(called)) {
		if !permitted[action] {
			t.Errorf("%s is in no policy, but is called by %v", action, called[action])
		}
	}
	for _, action := range slices.Sorted(maps.Keys(permitted)) {
		if called[action] == nil && withoutCall[action] == "" {
			t.Errorf("%s is in a policy, but nothing calls it", action)
		}
	}
	if len(called) < 30 {
		t.Errorf("only %d calls were found: the search is broken", len(called))
	}
}

// prefixes are the IAM prefixes of the SDK's packages.
var prefixes = map[string]string{
	"ec2": "ec2", "elasticloadbalancing": "elasticloadbalancing", "elasticloadbalancingv2": "elasticloadbalancing",
	"ecr": "ecr", "ecrpublic": "ecr-public", "sts": "sts",
}

const services = "github.com/aws/aws-sdk-go-v2/service/"

// calls finds the operations that the code below root calls, with the files that do. A call takes the
// operation's input, a type of the service's package, or is made by a paginator or waiter of that package, or
// by a credential provider.
func calls(t *testing.T, root string) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, action := range callsOf(t, path, file) {
			if !slices.Contains(found[action], path) {
				found[action] = append(found[action], path)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

var (
	input    = regexp.MustCompile(`^([A-Z][A-Za-z]*)Input$`)
	repeated = regexp.MustCompile(`^New([A-Z][A-Za-z]*)Paginator$`)
	provider = map[string]string{"NewAssumeRoleProvider": "sts:AssumeRole", "NewWebIdentityRoleProvider": ""} // needs no permission
)

func callsOf(t *testing.T, path string, file *ast.File) []string {
	t.Helper()
	packages := map[string]string{} // by the name in this file
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatal(err)
		}
		name := imported[strings.LastIndex(imported, "/")+1:]
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if service, ok := strings.CutPrefix(imported, services); ok && !strings.Contains(service, "/") {
			if prefixes[service] == "" {
				t.Errorf("%s imports %s, whose IAM prefix this test does not know", path, imported)
			}
			packages[name] = prefixes[service]
		}
		if strings.HasSuffix(imported, "/credentials/stscreds") {
			packages[name] = "stscreds"
		}
	}
	var actions []string
	ast.Inspect(file, func(n ast.Node) bool {
		s, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		x, ok := s.X.(*ast.Ident)
		if !ok || packages[x.Name] == "" {
			return true
		}
		prefix, name := packages[x.Name], s.Sel.Name
		if prefix == "stscreds" {
			if action, known := provider[name]; known && action != "" {
				actions = append(actions, action)
			} else if !known && strings.HasPrefix(name, "New") {
				t.Errorf("%s: this test does not know what stscreds.%s calls", path, name)
			}
			return true
		}
		if strings.HasPrefix(name, "New") && strings.HasSuffix(name, "Waiter") {
			t.Errorf("%s: this test does not know what %s.%s calls", path, x.Name, name)
		}
		for _, pattern := range []*regexp.Regexp{input, repeated} {
			if m := pattern.FindStringSubmatch(name); m != nil {
				actions = append(actions, prefix+":"+m[1])
			}
		}
		return true
	})
	return actions
}
