// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"
)

func TestExponent(t *testing.T) {
	for name, tc := range map[string]struct {
		sizes  []int
		values []float64
		want   float64
		ok     bool
	}{
		"twice the nodes, twice the time":    {[]int{100, 200, 400}, []float64{1, 2, 4}, 1, true},
		"ten times the nodes, hundred times": {[]int{10, 100}, []float64{1, 100}, 2, true},
		"the same whatever the size":         {[]int{10, 100, 1000}, []float64{7, 7, 7}, 0, true},
		"noise is averaged":                  {[]int{10, 100, 1000}, []float64{10, 120, 1000}, 1, true},
		"one size has no exponent":           {[]int{10}, []float64{1}, 0, false},
		"neither has one size twice":         {[]int{10, 10}, []float64{1, 2}, 0, false},
		"nothing has no logarithm":           {[]int{10, 100}, []float64{0, 1}, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := Exponent(tc.sizes, tc.values)
			if ok != tc.ok || math.Abs(got-tc.want) > 0.01 {
				t.Errorf("got %v, %v", got, ok)
			}
		})
	}
}

// example is a bench of two sizes.
func example() []Run {
	run := func(s Scenario, c Contender, n, lookups, writes int, took float64) Run {
		return Run{Scenario: s, Contender: c, Nodes: n, Values: map[string]float64{Took: took},
			CloudCalls: map[string]int{"LookupMachines": lookups}, KubeWrites: map[string]int{"patch nodes": writes}, PeakMiB: 80,
			Initialised: []Point{{1, 1}, {took, n}}, Calls: []Point{{1, lookups}}}
	}
	return []Run{
		run(JoinBefore, Floor, 100, 0, 200, 1), run(JoinBefore, Floor, 5000, 0, 10000, 20),
		run(JoinBefore, Ours, 100, 1, 200, 2), run(JoinBefore, Ours, 5000, 11, 10000, 30),
		run(JoinAtOnce, Ours, 100, 2, 201, 2), run(JoinAtOnce, Stock, 100, 100, 300, 15),
	}
}

func TestJudge(t *testing.T) {
	missed := map[string]bool{}
	for _, c := range Judge(example()) {
		if !c.Met {
			missed[c.Aim] = c.Counted
		}
	}
	want := map[string]bool{
		"instance calls ≤ 10":                        true, // 11
		"writes of the Kubernetes API per node ≤ 2":  true, // 201 for 100
		"seconds from the start of the process to t": true,
	}
	delete(want, "seconds from the start of the process to t")
	if len(missed) != len(want) {
		t.Errorf("missed %v", missed)
	}
	for aim, counted := range want {
		if got, ok := missed[aim]; !ok || got != counted {
			t.Errorf("%s: missed %v, counted %v", aim, ok, got)
		}
	}
}

func TestARefreshIsJudgedByItsPeriod(t *testing.T) {
	r := Run{Scenario: Steady, Contender: Ours, Nodes: 2500, CloudCalls: map[string]int{"ListMachines": 6},
		Values: map[string]float64{Window: 600, Period: 300}, KubeWrites: map[string]int{"patch nodes": 1}}
	for _, c := range Judge([]Run{r}) {
		if want := c.Aim != "writes of the Kubernetes API ≤ 0"; c.Met != want {
			t.Errorf("%+v", c)
		}
	}
}

func TestMergeReplacesTheSameRun(t *testing.T) {
	again := example()[2]
	again.Values = map[string]float64{Took: 99}
	merged := Merge(example(), []Run{again})
	if len(merged) != len(example()) {
		t.Errorf("%d runs", len(merged))
	}
	if r := find(merged, JoinBefore, Ours, 100); r.Values[Took] != 99 {
		t.Errorf("took %v", r.Values[Took])
	}
}

func TestPlotIsXMLAndHasEachContender(t *testing.T) {
	svg := Plot(example())
	for decoder := xml.NewDecoder(strings.NewReader(svg)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{">floor<", ">ours<", ">stock<", ">stock (extrapolated)<", "5000 nodes"} {
		if !strings.Contains(svg, want) {
			t.Errorf("no %q", want)
		}
	}
}

func TestMarkdownSaysWhatWasMissed(t *testing.T) {
	runs := example()
	text := Markdown(Report{Runs: runs, Checks: Judge(runs), Fits: Fits(runs), Settings: Settings{Latency: 30 * time.Millisecond}})
	for _, want := range []string{
		"| join, registered before | 5000 | instance calls ≤ 10 | 11 |  | **missed** |",
		"| join at once | 100 | instance calls ≤ 10 | 2 | 100 | met |",
		"| 100 nodes join at once | 15 s | 2 s | — |",
		"| join, registered before | Kubernetes writes | ours | 100 5000 | 1.00 |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no line %q in:\n%s", want, text)
		}
	}
}

func TestCumulateThinsOutAndKeepsTheEnds(t *testing.T) {
	start := time.Unix(0, 0)
	var moments []time.Time
	for i := range 1000 {
		moments = append(moments, start.Add(time.Duration(1000-i)*time.Second))
	}
	points := cumulate(moments, start, 100)
	if first, last := points[0], points[len(points)-1]; first != (Point{1, 1}) || last != (Point{1000, 1000}) || len(points) > 102 {
		t.Errorf("%d points from %v to %v", len(points), first, last)
	}
}

func TestSettings(t *testing.T) {
	env := map[string]string{"SCALE_SIZES": "10,20", "SCALE_CONTENDERS": "ours,stock", "SCALE_STOCK_MAX": "10"}
	s, err := ReadSettings(func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	if s.runs(Floor, 10) || !s.runs(Stock, 10) || s.runs(Stock, 20) || !s.runs(Ours, 20) || s.Latency != 30*time.Millisecond {
		t.Errorf("%+v", s)
	}
	env["SCALE_STEADY"], env["SCALE_CONTENDERS"] = "soon", "them"
	if _, err := ReadSettings(func(name string) string { return env[name] }); err == nil || !strings.Contains(err.Error(), "SCALE_STEADY") || !strings.Contains(err.Error(), "SCALE_CONTENDERS") {
		t.Errorf("mistakes: %v", err)
	}
}
