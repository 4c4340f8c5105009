// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/klog/v2"
)

// Output is what a change left behind that later changes need, for example the created resource.
type Output any

// Outputs are the outputs of the finished changes by change ID. It is safe for concurrent use.
type Outputs struct {
	mu sync.RWMutex
	m  map[string]Output
}

// Get returns the output of the change with that ID, if it has finished.
func (o *Outputs) Get(id string) (Output, bool) {
	o.mu.RLock()
	defer o.mu.RUnlock()
	v, ok := o.m[id]
	return v, ok
}

func (o *Outputs) set(id string, v Output) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.m[id] = v
}

// Executor makes one change. It decides nothing: what to do is in the change.
type Executor interface {
	Execute(ctx context.Context, change Change, done *Outputs) (Output, error)
}

// ExecutorFunc is a function as an Executor.
type ExecutorFunc func(ctx context.Context, change Change, done *Outputs) (Output, error)

// Execute calls f.
func (f ExecutorFunc) Execute(ctx context.Context, change Change, done *Outputs) (Output, error) {
	return f(ctx, change, done)
}

// Skipped is returned by an Executor for a change that it could not make and that may be left out, such as
// one that a cluster's role does not allow yet. What waits for the change goes on.
type Skipped struct{ Err error }

func (s *Skipped) Error() string { return s.Err.Error() }

// Unwrap returns why.
func (s *Skipped) Unwrap() error { return s.Err }

// Options of a run.
type Options struct {
	// Concurrency limits how many changes run at once; 0 means 4.
	Concurrency int
	// Gate is asked before each change; an error keeps the change from beginning. Nil allows all.
	Gate func() error
	// Observe is told of each finished change. May be nil.
	Observe func(change Change, took time.Duration, err error)
}

// Run applies a plan: each change once all that it waits for have succeeded, independent ones in
// parallel. A failed change keeps those that wait for it from starting, not its siblings; the errors
// are joined. When ctx ends, running changes are cancelled and no more begin.
func Run(ctx context.Context, p *Plan, exec Executor, opts Options) (*Outputs, error) {
	outputs := &Outputs{m: map[string]Output{}}
	if p.Empty() {
		return outputs, nil
	}
	if err := p.Validate(); err != nil {
		return outputs, err
	}
	r := newRun(p, exec, opts, outputs)
	return outputs, r.run(ctx)
}

type run struct {
	plan    *Plan
	exec    Executor
	opts    Options
	outputs *Outputs
	waits   map[string]int      // unfinished prerequisites by change ID
	blocks  map[string][]string // who waits for a change
	byID    map[string]Change
}

type result struct {
	id  string
	err error
}

func newRun(p *Plan, exec Executor, opts Options, outputs *Outputs) *run {
	if opts.Concurrency <= 0 {
		opts.Concurrency = 4
	}
	r := &run{plan: p, exec: exec, opts: opts, outputs: outputs,
		waits: map[string]int{}, blocks: map[string][]string{}, byID: map[string]Change{}}
	for _, c := range p.Changes {
		r.byID[c.ID] = c
		r.waits[c.ID] = len(c.After)
		for _, a := range c.After {
			r.blocks[a] = append(r.blocks[a], c.ID)
		}
	}
	return r
}

func (r *run) run(ctx context.Context) error {
	var ready []string
	for _, c := range r.plan.Changes { // in plan order, so that runs are alike
		if r.waits[c.ID] == 0 {
			ready = append(ready, c.ID)
		}
	}
	results := make(chan result)
	running := 0
	var errs []error
	stopped := false
	for len(ready) > 0 || running > 0 {
		for len(ready) > 0 && running < r.opts.Concurrency && !stopped {
			if err := r.mayBegin(ctx); err != nil {
				errs = append(errs, err)
				stopped = true
				break
			}
			change := r.byID[ready[0]]
			ready = ready[1:]
			running++
			go func() { results <- result{change.ID, r.do(ctx, change)} }()
		}
		if running == 0 {
			break
		}
		res := <-results
		running--
		if res.err != nil {
			errs = append(errs, res.err)
			continue
		}
		for _, id := range r.blocks[res.id] {
			if r.waits[id]--; r.waits[id] == 0 {
				ready = append(ready, id)
			}
		}
	}
	return errors.Join(errs...)
}

func (r *run) mayBegin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	if r.opts.Gate != nil {
		return r.opts.Gate()
	}
	return nil
}

func (r *run) do(ctx context.Context, c Change) error {
	start := time.Now()
	out, err := r.exec.Execute(ctx, c, r.outputs)
	took := time.Since(start)
	if r.opts.Observe != nil {
		r.opts.Observe(c, took, err)
	}
	log := klog.FromContext(ctx)
	var skipped *Skipped
	if errors.As(err, &skipped) {
		log.Info("Left out a change of the cloud", "operation", c.Operation, "kind", c.Object.Kind, "name", c.Object.Name,
			"id", c.Object.ID, "subject", r.plan.Subject.String(), "err", skipped.Err)
		r.outputs.set(c.ID, out)
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", c.Operation, c.Object, err)
	}
	log.Info("Changed the cloud", "operation", c.Operation, "kind", c.Object.Kind, "name", c.Object.Name,
		"id", c.Object.ID, "subject", r.plan.Subject.String(), "reason", c.Reason, "took", took.Round(time.Millisecond).String())
	r.outputs.set(c.ID, out)
	return nil
}
