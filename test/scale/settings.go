// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package scale

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Settings of the bench. Each is an environment variable; README.md lists them.
type Settings struct {
	// Sizes are the numbers of nodes that join. The stock manager gets those up to StockMax.
	Sizes    []int `json:"sizes"`
	StockMax int   `json:"stockMax"`
	// Parts are what to run: join, day, faults, routes.
	Parts      []string    `json:"parts"`
	Contenders []Contender `json:"contenders"`
	// Latency is added to each call of the cloud.
	Latency time.Duration `json:"latency"`
	// DaySizes are the sizes at which a day's events are played after the join: churn, steady state, nodes
	// not ready, restarts. Services are created at the first.
	DaySizes []int         `json:"daySizes"`
	Services int           `json:"services"`
	Steady   time.Duration `json:"steady"`
	NotReady time.Duration `json:"notReady"`
	// FaultNodes join while the cloud is faulty, Outage is how long it is down.
	FaultNodes int           `json:"faultNodes"`
	Outage     time.Duration `json:"outage"`
	// Out is where results are written; Merge keeps the runs that are there and were not made again.
	Out   string `json:"out"`
	Merge bool   `json:"merge"`
	// Profile is where CPU profiles of joins are written; empty for none.
	Profile string `json:"profile,omitempty"`
}

// ReadSettings reads the environment.
func ReadSettings(getenv func(string) string) (Settings, error) {
	var errs []error
	text := func(name, fallback string) string {
		if v := getenv("SCALE_" + name); v != "" {
			return v
		}
		return fallback
	}
	number := func(name, v string) int {
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || n < 0 {
			errs = append(errs, fmt.Errorf("SCALE_%s: %q is not a number", name, v))
		}
		return n
	}
	numbers := func(name, fallback string) []int {
		var all []int
		for _, v := range strings.Split(text(name, fallback), ",") {
			all = append(all, number(name, v))
		}
		return all
	}
	duration := func(name, fallback string) time.Duration {
		d, err := time.ParseDuration(text(name, fallback))
		if err != nil {
			errs = append(errs, fmt.Errorf("SCALE_%s: %w", name, err))
		}
		return d
	}
	s := Settings{
		Sizes: numbers("SIZES", "100,1000,5000"), StockMax: number("STOCK_MAX", text("STOCK_MAX", "1000")),
		Parts: strings.Split(text("PARTS", "join,day,faults,routes"), ","), Latency: duration("LATENCY", "30ms"),
		DaySizes: numbers("DAY_SIZES", "1000,5000"), Services: number("SERVICES", text("SERVICES", "200")),
		Steady: duration("STEADY", "5m"), NotReady: duration("NOT_READY", "60s"),
		FaultNodes: number("FAULT_NODES", text("FAULT_NODES", "300")), Outage: duration("OUTAGE", "60s"),
		Out: text("OUT", ""), Merge: text("MERGE", "") != "", Profile: text("PROFILE", ""),
	}
	for _, c := range strings.Split(text("CONTENDERS", "floor,ours,stock"), ",") {
		if !slices.Contains([]Contender{Floor, Ours, Stock}, Contender(c)) {
			errs = append(errs, fmt.Errorf("SCALE_CONTENDERS: %q is none of floor, ours and stock", c))
		}
		s.Contenders = append(s.Contenders, Contender(c))
	}
	return s, errors.Join(errs...)
}

// runs reports whether a contender takes part with that many nodes.
func (s Settings) runs(c Contender, nodes int) bool {
	return slices.Contains(s.Contenders, c) && (c != Stock || nodes <= s.StockMax)
}

func (s Settings) part(name string) bool { return slices.Contains(s.Parts, name) }
