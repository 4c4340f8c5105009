// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"sigs.k8s.io/cloud-providers/test/clouds/aws"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/awstest"
	simec2 "sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
)

func TestStateSurvives(t *testing.T) {
	c := awstest.Start(t, aws.Options{Starting: time.Minute})
	n, nodes := build(t, c, 3)
	c.Clock.Stop()
	client, ctx := c.EC2Client(), t.Context()
	ran, err := client.RunInstances(ctx, &ec2.RunInstancesInput{MinCount: sdk.Int32(1), MaxCount: sdk.Int32(1), ImageId: sdk.String("ami-00000000"), SubnetId: &n.Public[0]})
	wantCode(t, err, "")
	c.SetMetadataInstance(nodes[0].ID)
	var dumped bytes.Buffer
	if err := c.DumpJSON(&dumped); err != nil {
		t.Fatal(err)
	}
	other := awstest.Start(t, aws.Options{})
	other.Clock.Stop()
	other.Clock.Set(c.Clock.Now())
	if err := other.LoadJSON(bytes.NewReader(dumped.Bytes())); err != nil {
		t.Fatal(err)
	}
	var again bytes.Buffer
	if err := other.DumpJSON(&again); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dumped.Bytes(), again.Bytes()) {
		t.Error("what was loaded is dumped otherwise")
	}
	// It goes on: an instance gets ready, the next one has another ID and address.
	other.Clock.Advance(time.Minute)
	out, err := other.EC2Client().DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{*ran.Instances[0].InstanceId}})
	wantCode(t, err, "")
	if s := out.Reservations[0].Instances[0].State.Name; s != types.InstanceStateNameRunning {
		t.Errorf("the pending instance is %s", s)
	}
	more, err := other.EC2.AddInstances(n.Instances(3))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range more {
		if slices.ContainsFunc(nodes, func(i simec2.Instance) bool { return i.ID == m.ID || i.PrivateIP == m.PrivateIP }) {
			t.Errorf("%s with %s was there before", m.ID, m.PrivateIP)
		}
	}
	if err := other.LoadJSON(strings.NewReader(`{"ec2":{"lastID":0,"instances":[{"id":"i-1","state":"running","networkInterfaces":["eni-1"]}]}}`)); err == nil {
		t.Error("a state with a loose end is accepted")
	}
}

func TestControlOverHTTP(t *testing.T) {
	c := awstest.Start(t, aws.Options{})
	_, nodes := build(t, c, 1)
	do := func(method, path, body string, into any) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, c.URL+"/_control/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if into != nil {
			if err := json.NewDecoder(resp.Body).Decode(into); err != nil {
				t.Fatal(err)
			}
		}
		return resp.StatusCode
	}
	ctx := t.Context()
	do("POST", "faults", `[{"operation":"CreateTags","calls":1,"code":"Unavailable"}]`, nil)
	wantCode(t, tag(ctx, c.EC2Client(), nodes[0].ID, "v"), "Unavailable")
	var log aws.CallLog
	if do("GET", "calls", "", &log); log.Counts["ec2:CreateTags"] != 1 || log.Calls[0].Result != "Unavailable" {
		t.Errorf("log %+v", log)
	}
	do("POST", "reset-calls", "", nil)
	if log = (aws.CallLog{}); do("GET", "calls", "", &log) != 200 || len(log.Counts) != 0 {
		t.Errorf("log after a reset: %+v", log)
	}
	var clock struct{ Time time.Time }
	do("POST", "clock", `{"stopped":true,"set":"2030-01-01T00:00:00Z","advance":"90s"}`, &clock)
	if want := time.Date(2030, 1, 1, 0, 1, 30, 0, time.UTC); !clock.Time.Equal(want) || !c.Clock.Now().Equal(want) {
		t.Errorf("the clock says %s", clock.Time)
	}
	do("POST", "settings", `{"lag":"5s","rateLimits":[{"operation":"CreateTags","perSecond":0,"burst":0}]}`, nil)
	wantCode(t, tag(ctx, c.EC2Client(), nodes[0].ID, "v"), "RequestLimitExceeded")
	if c.Clock.Lag() != 5*time.Second {
		t.Errorf("lag %s", c.Clock.Lag())
	}
	var state aws.State
	if do("GET", "state", "", &state); len(state.EC2.Instances) != 1 {
		t.Errorf("%d instances in the state", len(state.EC2.Instances))
	}
	if status := do("PUT", "state", `{}`, nil); status != 200 || len(c.State().EC2.Instances) != 0 {
		t.Errorf("%d, %d instances after loading nothing", status, len(c.State().EC2.Instances))
	}
	if status := do("PUT", "state", `{"unknown":1}`, nil); status != 400 {
		t.Errorf("an unknown field: %d", status)
	}
}
