// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package batch

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// held has a first call that ends when it is let.
func held(most int) (b *Batcher[int, int], sizes func() []int, begun, let chan struct{}) {
	var mu sync.Mutex
	var calls []int
	begun, let = make(chan struct{}), make(chan struct{})
	b = New(most, func(_ context.Context, questions []int) ([]int, error) {
		mu.Lock()
		calls = append(calls, len(questions))
		first := len(calls) == 1
		mu.Unlock()
		if first {
			close(begun)
			<-let
		}
		answers := make([]int, len(questions))
		for i, q := range questions {
			if q < 0 {
				return nil, errors.New("refused")
			}
			answers[i] = q * q
		}
		return answers, nil
	})
	return b, func() []int { return calls }, begun, let
}

func TestWhoWaitsSharesTheNextCall(t *testing.T) {
	for most, want := range map[int][]int{0: {1, 100}, 40: {1, 40, 40, 20}} {
		b, sizes, begun, let := held(most)
		var wg sync.WaitGroup
		ask := func(q int) {
			if got, err := b.Ask(t.Context(), q); err != nil || got != q*q {
				t.Errorf("%d: %d, %v", q, got, err)
			}
		}
		wg.Go(func() { ask(1) })
		<-begun
		for q := range 100 {
			wg.Go(func() { ask(q) })
		}
		for b.Waiting() < 100 {
			runtime.Gosched()
		}
		close(let)
		wg.Wait()
		if !slices.Equal(sizes(), want) {
			t.Errorf("at most %d: calls of %v", most, sizes())
		}
	}
}

func TestAFailureIsThatOfTheBatchAlone(t *testing.T) {
	b, _, _, let := held(0)
	close(let)
	if _, err := b.Ask(t.Context(), -1); err == nil {
		t.Error("no error")
	}
	if got, err := b.Ask(t.Context(), 3); err != nil || got != 9 {
		t.Errorf("%d, %v", got, err)
	}
}

func TestWhoGivesUpDoesNotHoldTheOthers(t *testing.T) {
	b, _, begun, let := held(0)
	var wg sync.WaitGroup
	wg.Go(func() { _, _ = b.Ask(t.Context(), 1) })
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Ask(ctx, 2); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	close(let)
	wg.Wait()
}
