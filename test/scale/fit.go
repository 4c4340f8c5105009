// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import "math"

// Exponent fits y = a·n^b by least squares over logarithms and returns b: 1 is linear in n, 0 constant.
// It is false with fewer than two different sizes or values that have no logarithm.
func Exponent(sizes []int, values []float64) (float64, bool) {
	var n, sx, sy, sxx, sxy float64
	for i, size := range sizes {
		if size <= 0 || values[i] <= 0 {
			return 0, false
		}
		x, y := math.Log(float64(size)), math.Log(values[i])
		n, sx, sy, sxx, sxy = n+1, sx+x, sy+y, sxx+x*x, sxy+x*y
	}
	spread := n*sxx - sx*sx
	if n < 2 || spread < 1e-9 {
		return 0, false
	}
	return (n*sxy - sx*sy) / spread, true
}

// Fit is how something grows with the number of nodes.
type Fit struct {
	What      string    `json:"what"`
	Scenario  Scenario  `json:"scenario"`
	Contender Contender `json:"contender"`
	Sizes     []int     `json:"sizes"`
	Exponent  float64   `json:"exponent"`
}

// Fits returns the exponents of what was measured at more than one size.
func Fits(runs []Run) []Fit {
	var fits []Fit
	for _, s := range []Scenario{JoinBefore, JoinAtOnce} {
		for _, c := range []Contender{Floor, Ours, Stock} {
			for _, quantity := range []struct {
				what string
				of   func(Run) float64
			}{{"time", value(Took)}, {"instance calls", instances}, {"Kubernetes writes", writes}, {"peak memory", peak}, {"CPU of the manager", func(r Run) float64 { return r.CPU["manager"] }}} {
				var sizes []int
				var values []float64
				for _, r := range runs {
					if r.Scenario == s && r.Contender == c {
						sizes, values = append(sizes, r.Nodes), append(values, quantity.of(r))
					}
				}
				if b, ok := Exponent(sizes, values); ok {
					fits = append(fits, Fit{quantity.what, s, c, sizes, b})
				}
			}
		}
	}
	return fits
}
