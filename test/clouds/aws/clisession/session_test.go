// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/elb"
)

var update = flag.Bool("update", false, "write what the command line prints into the session files")

// cli is Debian's command line; others in the path may be of another version and print other things.
const cli = "/usr/bin/aws"

const certificate = "arn:aws:acm:us-west-2:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"

func TestSessions(t *testing.T) {
	if _, err := os.Stat(cli); err != nil {
		t.Fatalf("%s is missing: run apt-get install --yes awscli", cli)
	}
	files, err := filepath.Glob("testdata/session*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			run(t, file)
		})
	}
}

func run(t *testing.T, file string) {
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	entries, err := parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	s := start(t)
	changed := false
	for i := range entries {
		e := &entries[i]
		got, err := s.play(t.Context(), e)
		if err != nil {
			t.Fatalf("%s:%d: %v", file, e.line, err)
		}
		if got != e.output {
			changed = true
			if !*update {
				t.Errorf("%s:%d: %s\n--- printed\n%s\n--- want\n%s", file, e.line, e.command, got, e.output)
			}
			e.output = got
		}
	}
	if *update && changed {
		if err := os.WriteFile(file, []byte(format(entries)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// session is a cloud, and what the commands so far have made of it.
type session struct {
	cloud     *awstest.Cloud
	bin       string // has a program aws that knows the endpoint
	variables map[string]string
	ids       *normalizer
}

func start(t *testing.T) *session {
	cloud := awstest.Start(t, aws.Options{
		Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Certificates: []string{certificate},
		Starting: 10 * time.Second, Stopping: 10 * time.Second, Terminating: 10 * time.Second,
		ELBTiming: elb.Timing{Provisioning: time.Minute, Initial: 20 * time.Second, Linger: 30 * time.Second},
	})
	cloud.Clock.Stop()
	cloud.Clock.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	network, err := cloud.EC2.AddNetwork(ec2.NetworkOptions{ClusterID: "cli", Default: true})
	if err != nil {
		t.Fatal(err)
	}
	nodes, err := cloud.EC2.AddInstances(network.Instances(3))
	if err != nil {
		t.Fatal(err)
	}
	s := &session{cloud: cloud, bin: t.TempDir(), ids: newNormalizer(), variables: map[string]string{
		"VPC": network.VPC, "GATEWAY": network.Gateway, "PUBLIC_TABLE": network.PublicTable, "PRIVATE_TABLE": network.PrivateTable,
		"NODE_GROUP": network.NodeGroup, "CERTIFICATE": certificate,
	}}
	for i := range network.Public {
		s.variables[fmt.Sprintf("PUBLIC_%d", i+1)] = network.Public[i]
		s.variables[fmt.Sprintf("PRIVATE_%d", i+1)] = network.Private[i]
		s.variables[fmt.Sprintf("NODE_%d", i+1)] = nodes[i].ID
	}
	script := fmt.Sprintf("#!/bin/sh\nexec %s --endpoint-url %s \"$@\"\n", cli, cloud.URL)
	if err := os.WriteFile(filepath.Join(s.bin, "aws"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return s
}

// play does an entry and returns what it printed.
func (s *session) play(ctx context.Context, e *entry) (string, error) {
	switch e.kind {
	case comment:
		return e.output, nil
	case directive:
		return "", s.direct(e.command)
	}
	command, variable := e.command, ""
	if name, inner, ok := assignment(command); ok {
		command, variable = inner, name
	}
	out, err := s.shell(ctx, command)
	if err != nil {
		return "", err
	}
	if variable != "" {
		s.variables[variable] = out
	}
	return s.ids.normalize(out), nil
}

func (s *session) direct(command string) error {
	name, value, _ := strings.Cut(command, " ")
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return err
	case name == "advance":
		s.cloud.Clock.Advance(d)
	case name == "lag":
		s.cloud.Clock.SetLag(d)
	default:
		return fmt.Errorf("%q is no directive", name)
	}
	return nil
}

func (s *session) shell(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", "-c", command)
	cmd.Env = []string{
		"PATH=" + s.bin + ":/usr/bin:/bin", "HOME=" + s.bin, "LANG=C.UTF-8", "AWS_EC2_METADATA_DISABLED=true", "AWS_PAGER=",
		"AWS_DEFAULT_REGION=us-west-2", "AWS_ACCESS_KEY_ID=AKIACLI", "AWS_SECRET_ACCESS_KEY=secret", "AWS_MAX_ATTEMPTS=1",
		"PYTHONDONTWRITEBYTECODE=1",
	}
	for name, value := range s.variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	lines := slices.DeleteFunc(strings.Split(out.String(), "\n"), func(s string) bool { return strings.TrimSpace(s) == "" })
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && ctx.Err() == nil {
		lines = append(lines, fmt.Sprintf("[exit %d]", exit.ExitCode()))
	} else if err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return strings.Join(lines, "\n"), nil
}
