// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package takeover

import (
	"bytes"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	v1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"sigs.k8s.io/cloud-providers/test/aws/takeover/upstream"
	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
)

// fixture says how a state comes about.
type fixture struct {
	inTree bool
	config upstream.Config
	zones  int // 2 if not given
	ipv6   bool
	// prepare makes what the operator has.
	prepare  func(*ground)
	services []func(*ground) *v1.Service
	// since is what has happened after the load balancers were made, to AWS or to the Services.
	since func(*ground)
	// why says, with the section of the contract, why the first plan is right not to be empty. That plan is
	// in testdata, too.
	why string
	// kept: our rule is that something of this stays at deletion, which has a test of its own.
	kept bool
}

// fixtures are all of them by the name of their files.
func fixtures() map[string]fixture {
	all := map[string]fixture{}
	for _, some := range []map[string]fixture{classicFixtures(), networkFixtures(), groupFixtures(), inTreeFixtures(), changeFixtures()} {
		maps.Copy(all, some)
	}
	return all
}

// eachFixture runs a test on each, in the order of names.
func eachFixture(t *testing.T, test func(t *testing.T, name string, f fixture)) {
	t.Helper()
	all := fixtures()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) { test(t, name, all[name]) })
	}
}

// made makes the state, call by call.
func made(t *testing.T, f fixture) *ground {
	t.Helper()
	g := newGround(t, f)
	g.ensure(f.inTree)
	if f.since != nil {
		f.since(g)
	}
	return g
}

// surroundings is the file beside a state.
type surroundings struct {
	Config   upstream.Config `json:"config"`
	Services []*v1.Service   `json:"services"`
	Nodes    []*v1.Node      `json:"nodes"`
}

func path(name, extension string) string { return filepath.Join("testdata", name+extension) }

// TestFixturesAreWhatTheCallsLeave keeps the files and the sequence of calls together.
func TestFixturesAreWhatTheCallsLeave(t *testing.T) {
	eachFixture(t, func(t *testing.T, name string, f fixture) {
		g := made(t, f)
		var state bytes.Buffer
		if err := g.cloud.DumpJSON(&state); err != nil {
			t.Fatal(err)
		}
		beside, err := yaml.Marshal(surroundings{g.config, g.services, g.nodes})
		if err != nil {
			t.Fatal(err)
		}
		golden(t, path(name, ".json"), state.String())
		golden(t, path(name, ".yaml"), string(beside))
	})
}

// TestNoFileWithoutFixture finds what was left in testdata.
func TestNoFileWithoutFixture(t *testing.T) {
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	all := fixtures()
	for _, file := range files {
		extension := filepath.Ext(file.Name())
		f, ok := all[file.Name()[:len(file.Name())-len(extension)]]
		if !ok || extension == ".plan" && f.why == "" {
			t.Errorf("testdata/%s belongs to no fixture", file.Name())
		}
	}
}

// golden compares a text with a file, or writes it.
func golden(t *testing.T, file, text string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if string(have) != text {
		t.Errorf("%s is not what comes out now; run with -update and read the difference:%s", file, differences(text, string(have)))
	}
}

// loaded is a cloud with a state of testdata.
type loaded struct {
	surroundings
	cloud *awstest.Cloud
}

func load(t *testing.T, name string) loaded {
	t.Helper()
	l := loaded{cloud: startCloud(t)}
	beside, err := os.ReadFile(path(name, ".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(beside, &l.surroundings); err != nil {
		t.Fatal(err)
	}
	state, err := os.Open(path(name, ".json"))
	if err != nil {
		t.Fatal(err)
	}
	defer state.Close()
	if err := l.cloud.LoadJSON(state); err != nil {
		t.Fatal(err)
	}
	return l
}

// whole is everything that exists, without counters of what ever did.
func whole(t *testing.T, state *aws.State) string {
	t.Helper()
	network, balancing := *state.EC2, *state.ELB
	network.LastID, network.PublicAddresses, balancing.Sequence = 0, 0, 0
	network.Instances = nil
	for _, i := range state.EC2.Instances {
		instance := *i
		instance.State = "" // which is the operator's to change
		network.Instances = append(network.Instances, &instance)
	}
	text, err := yaml.Marshal(aws.State{EC2: &network, ELB: &balancing})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
