// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package batch asks for many at a time: who asks while a call is on its way waits for the next one, which
// is for all who wait. A question that comes alone is asked at once.
package batch

import (
	"context"
	"fmt"
	"sync"
)

// Ask is one call: it has an answer for each question, in their order.
type Ask[Q, A any] func(ctx context.Context, questions []Q) ([]A, error)

// Batcher collects questions. It is safe for concurrent use.
type Batcher[Q, A any] struct {
	ask  Ask[Q, A]
	most int

	mu      sync.Mutex
	waiting []*waiter[Q, A]
	asking  bool
}

type waiter[Q, A any] struct {
	ctx      context.Context
	question Q
	done     chan struct{}
	answer   A
	err      error
}

// New returns a Batcher whose calls carry at most a number of questions; 0 means any number.
func New[Q, A any](most int, ask Ask[Q, A]) *Batcher[Q, A] {
	return &Batcher[Q, A]{ask: ask, most: most}
}

// Ask returns the answer to a question. One of those who ask makes the calls for all; the context of the
// first of a batch is that of the call.
func (b *Batcher[Q, A]) Ask(ctx context.Context, question Q) (A, error) {
	w := &waiter[Q, A]{ctx: ctx, question: question, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, w)
	mine := !b.asking
	b.asking = true
	b.mu.Unlock()
	if mine {
		b.drain()
	}
	select {
	case <-w.done:
		return w.answer, w.err
	case <-ctx.Done():
		var none A
		return none, context.Cause(ctx)
	}
}

// drain asks until nobody waits.
func (b *Batcher[Q, A]) drain() {
	for {
		b.mu.Lock()
		n := len(b.waiting)
		if b.most > 0 {
			n = min(n, b.most)
		}
		batch := b.waiting[:n:n]
		b.waiting = b.waiting[n:]
		if n == 0 {
			b.asking = false
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		b.call(batch)
	}
}

func (b *Batcher[Q, A]) call(batch []*waiter[Q, A]) {
	questions := make([]Q, len(batch))
	for i, w := range batch {
		questions[i] = w.question
	}
	answers, err := b.ask(batch[0].ctx, questions)
	if err == nil && len(answers) != len(questions) {
		err = fmt.Errorf("%d answers to %d questions", len(answers), len(questions))
	}
	for i, w := range batch {
		if w.err = err; err == nil {
			w.answer = answers[i]
		}
		close(w.done)
	}
}

// Waiting is how many questions wait for the next call.
func (b *Batcher[Q, A]) Waiting() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}
