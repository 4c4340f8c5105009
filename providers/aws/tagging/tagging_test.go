// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package tagging

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	v1 "k8s.io/api/core/v1"
	cpconfig "k8s.io/cloud-provider/config"
)

func TestLabelIsUpstreams(t *testing.T) {
	if got := labelValue(map[string]string{"Team": "core", "Env": "prod"}); got != "a1f59261b4647760e199834f5d859912" {
		t.Errorf("label %s", got)
	}
}

func TestFlagsCountOnlyWhenEnabled(t *testing.T) {
	tests := []struct {
		name        string
		controllers []string
		options     Options
		want        int
	}{
		{"off by default", []string{"*"}, Options{}, 0},
		{"switched off", []string{"*", "-tagging"}, Options{}, 0},
		{"on, with nothing given", []string{"*", "tagging"}, Options{Concurrency: 1}, 2},
		{"on, with everything wrong", []string{"tagging"}, Options{Resources: []string{"volume"}, RateLimit: -1, Burst: -1}, 5},
		{"on", []string{"tagging"}, Options{Tags: map[string]string{"a": "b"}, Resources: []string{"instance"}, Concurrency: 1}, 0},
	}
	for _, test := range tests {
		c := &cpconfig.CloudControllerManagerConfiguration{}
		c.Generic.Controllers = test.controllers
		if errs := test.options.validate(c); len(errs) != test.want {
			t.Errorf("%s: %v, want %d mistakes", test.name, errs, test.want)
		}
	}
}

func TestWhichInstance(t *testing.T) {
	for providerID, want := range map[string]string{
		"aws:///us-west-2a/i-1": "i-1", "i-1": "i-1", "aws:///us-west-2a/fargate-10.0.0.1": "", "": "", "gce://x/y/i-1": "", "aws:///eu-west-1a/i-1": "",
	} {
		node := &v1.Node{}
		node.Spec.ProviderID = providerID
		if got, ok := instanceOf(node, "us-west-2"); got != want || ok != (want != "") {
			t.Errorf("%q: %q, %t", providerID, got, ok)
		}
	}
}

func refused(code, message string) error {
	return fmt.Errorf("tag: %w", &smithy.GenericAPIError{Code: code, Message: message})
}

func TestJudge(t *testing.T) {
	gone, invalid := refused("InvalidInstanceID.NotFound", "i-1"), refused("InvalidID", "i-1")
	for _, test := range []struct {
		name   string
		remove bool
		err    error
		age    time.Duration
		want   outcome
	}{
		{"tagged", false, nil, 0, done},
		{"a young node's instance may appear yet", false, gone, time.Minute, again},
		{"an old one's does not", false, gone, 5 * time.Minute, hopeless},
		{"malformed", false, invalid, 0, hopeless},
		{"other errors", false, errors.New("x"), time.Hour, again},
		{"nothing left to untag", true, gone, 0, done},
		{"untagging what is malformed", true, invalid, 0, hopeless},
		{"untagging fails", true, errors.New("x"), 0, again},
	} {
		if got := judge(test.remove, test.err, test.age); got != test.want {
			t.Errorf("%s: %d, want %d", test.name, got, test.want)
		}
	}
}

func TestOneBadIDDoesNotFailTheOthers(t *testing.T) {
	ids := []string{"i-1", "i-2", "i-3", "i-4", "i-5"}
	for _, test := range []struct {
		name  string
		f     func([]string) error
		bad   string
		calls int
	}{
		{"all good", func([]string) error { return nil }, "", 1},
		{"named", func(ids []string) error {
			if slices.Contains(ids, "i-3") {
				return refused("InvalidInstanceID.NotFound", "The instance IDs 'i-3' do not exist")
			}
			return nil
		}, "i-3", 2},
		{"not named", func(ids []string) error {
			if slices.Contains(ids, "i-3") {
				return refused("InvalidID", "The ID is not valid")
			}
			return nil
		}, "i-3", 5},
		{"throttled calls are not split", func([]string) error { return refused("RequestLimitExceeded", "x") }, "i-1 i-2 i-3 i-4 i-5", 1},
	} {
		calls := 0
		results := each(ids, func(ids []string) error { calls++; return test.f(ids) })
		var bad []string
		for _, id := range ids {
			if err, there := results[id]; err != nil || !there {
				bad = append(bad, id)
			}
		}
		if strings.Join(bad, " ") != test.bad || calls != test.calls {
			t.Errorf("%s: bad %v with %d calls", test.name, bad, calls)
		}
	}
}
