// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Size of a panel and of what surrounds it, in pixels.
const (
	panelWidth, panelHeight = 470, 260
	marginLeft, marginTop   = 60, 40
	gap                     = 70
)

var colours = map[Contender]string{Floor: "#777777", Ours: "#1f6feb", Stock: "#d1242f"}

// line is one contender's course in a panel.
type line struct {
	contender Contender
	points    []Point
	dashed    bool // extrapolated
}

// Plot draws, for each size, the nodes initialised and the calls of the cloud over time. Time is
// logarithmic: the contenders differ by more than an order of magnitude.
func Plot(runs []Run) string {
	sizes := map[int]bool{}
	for _, r := range runs {
		if r.Scenario == JoinAtOnce || r.Scenario == JoinBefore {
			sizes[r.Nodes] = true
		}
	}
	var b strings.Builder
	var ordered []int
	for n := range sizes {
		ordered = append(ordered, n)
	}
	slices.Sort(ordered)
	height := marginTop + len(ordered)*(panelHeight+gap)
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="12">`+"\n", 2*(marginLeft+panelWidth)+40, height)
	b.WriteString(`<rect width="100%" height="100%" fill="white"/>` + "\n")
	for row, n := range ordered {
		y := marginTop + row*(panelHeight+gap)
		nodes, calls := courses(runs, n)
		panel(&b, marginLeft, y, fmt.Sprintf("%d nodes: initialised", n), nodes)
		panel(&b, 2*marginLeft+panelWidth+20, y, fmt.Sprintf("%d nodes: calls of the cloud", n), calls)
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// courses returns what a size's two panels show. The floor knows no joining at once: nodes are there.
func courses(runs []Run, n int) (nodes, calls []line) {
	for _, c := range []Contender{Floor, Ours, Stock} {
		r := find(runs, JoinAtOnce, c, n)
		if c == Floor {
			r = find(runs, JoinBefore, c, n)
		}
		switch {
		case r != nil:
			nodes = append(nodes, line{c, r.Initialised, false})
			if len(r.Calls) > 0 {
				calls = append(calls, line{c, r.Calls, false})
			}
		case c == Stock:
			took := float64(n) * stockSecondsPerNode
			straight := make([]Point, 0, 100)
			for i := 1; i <= 100; i++ {
				straight = append(straight, Point{took * float64(i) / 100, n * i / 100})
			}
			nodes, calls = append(nodes, line{c, straight, true}), append(calls, line{c, straight, true})
		}
	}
	return nodes, calls
}

func panel(b *strings.Builder, x, y int, title string, lines []line) {
	first, last, top := 0.1, 1.0, 1
	for _, l := range lines {
		for _, p := range l.points {
			last, top = max(last, p.Seconds), max(top, p.Count)
		}
	}
	decades := math.Ceil(math.Log10(last/first)*10) / 10
	px := func(s float64) float64 { return float64(x) + panelWidth*math.Log10(max(s, first)/first)/decades }
	py := func(n int) float64 { return float64(y+panelHeight) - panelHeight*float64(n)/float64(top) }
	fmt.Fprintf(b, `<text x="%d" y="%d" font-weight="bold">%s</text>`+"\n", x, y-12, title)
	fmt.Fprintf(b, `<rect x="%d" y="%d" width="%d" height="%d" fill="none" stroke="#999999"/>`+"\n", x, y, panelWidth, panelHeight)
	for s := first; s <= last*1.0001; s *= 10 {
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="#dddddd"/><text x="%.1f" y="%d" text-anchor="middle">%s s</text>`+"\n",
			px(s), y, px(s), y+panelHeight, px(s), y+panelHeight+16, number(s))
	}
	for i := 0; i <= 4; i++ {
		n := top * i / 4
		fmt.Fprintf(b, `<text x="%d" y="%.1f" text-anchor="end">%d</text>`+"\n", x-6, py(n)+4, n)
	}
	for i, l := range slices.SortedFunc(slices.Values(lines), func(a, b line) int { return cmp.Compare(a.contender, b.contender) }) {
		course(b, l, px, py)
		label := string(l.contender)
		if l.dashed {
			label += " (extrapolated)"
		}
		fmt.Fprintf(b, `<text x="%d" y="%d" fill="%s">%s</text>`+"\n", x+10, y+18+16*i, colours[l.contender], label)
	}
}

func course(b *strings.Builder, l line, px func(float64) float64, py func(int) float64) {
	if len(l.points) == 0 {
		return
	}
	dash := ""
	if l.dashed {
		dash = ` stroke-dasharray="5 4"`
	}
	fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="2"%s points="`, colours[l.contender], dash)
	before := 0
	for _, p := range l.points { // steps: nothing happens between two points
		if !l.dashed && len(l.points) < 50 {
			fmt.Fprintf(b, "%.1f,%.1f ", px(p.Seconds), py(before))
		}
		fmt.Fprintf(b, "%.1f,%.1f ", px(p.Seconds), py(p.Count))
		before = p.Count
	}
	b.WriteString(`"/>` + "\n")
}
