// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"k8s.io/utils/clock"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// cloud is a batched source of instances whose behaviour a test sets.
type cloud struct {
	mu     sync.Mutex
	calls  [][]string
	limits provider.InstanceLimits
	answer func(ctx context.Context, names []string) ([]provider.InstanceAnswer, error)
}

func (c *cloud) InstanceLimits() provider.InstanceLimits { return c.limits }

func (c *cloud) LookupInstances(ctx context.Context, refs []provider.InstanceRef) ([]provider.InstanceAnswer, error) {
	names := make([]string, len(refs))
	for i, r := range refs {
		names[i] = r.NodeName
	}
	c.mu.Lock()
	c.calls = append(c.calls, names)
	c.mu.Unlock()
	return c.answer(ctx, names)
}

func found(_ context.Context, names []string) ([]provider.InstanceAnswer, error) {
	answers := make([]provider.InstanceAnswer, len(names))
	for i, n := range names {
		answers[i] = provider.InstanceAnswer{State: provider.InstanceFound, Instance: provider.Instance{Name: n}}
	}
	return answers, nil
}

func refs(n int) []provider.InstanceRef {
	all := make([]provider.InstanceRef, n)
	for i := range all {
		all[i] = provider.InstanceRef{NodeName: fmt.Sprint("n", i)}
	}
	return all
}

func newView(c *cloud) *View { return NewView(&provider.Cloud{Instances: c}, clock.RealClock{}) }

func TestLookUpsThatArriveCloseTogetherAreOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 100}, answer: found}
		v := newView(c)
		var wg sync.WaitGroup
		for i, ref := range refs(20) {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				a := v.Lookup(t.Context(), []provider.InstanceRef{ref}, Read{Reader: "test"})
				if a[0].State != provider.InstanceFound || a[0].Instance.Name != ref.NodeName {
					t.Errorf("answer %+v to %s", a[0], ref.NodeName)
				}
			})
		}
		wg.Wait()
		if len(c.calls) != 1 || len(c.calls[0]) != 20 {
			t.Errorf("calls %v, want one for all 20", c.calls)
		}
	})
}

func TestABatchIsNeverLargerThanTheCloudAllows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10}, answer: found}
		answers := newView(c).Lookup(t.Context(), refs(25), Read{Reader: "test", Immediate: true})
		for i, a := range answers {
			if a.Instance.Name != fmt.Sprint("n", i) {
				t.Errorf("answer %d is %s", i, a.Instance.Name)
			}
		}
		if len(c.calls) != 3 {
			t.Errorf("%d calls, want 3", len(c.calls))
		}
	})
}

func TestTheFirstCallersCancellationFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10}, answer: func(ctx context.Context, names []string) ([]provider.InstanceAnswer, error) {
			select {
			case <-time.After(time.Second):
				return found(ctx, names)
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}}
		v := newView(c)
		first, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if a := v.Lookup(first, refs(1), Read{Reader: "first"}); a[0].State != provider.InstanceUnknown {
				t.Errorf("the cancelled caller got %+v", a[0])
			}
		})
		wg.Go(func() {
			time.Sleep(time.Millisecond)
			if a := v.Lookup(t.Context(), refs(1), Read{Reader: "second"}); a[0].State != provider.InstanceFound {
				t.Errorf("the second caller got %+v", a[0])
			}
		})
		time.Sleep(500 * time.Millisecond)
		cancel()
		wg.Wait()
		if len(c.calls) != 1 {
			t.Errorf("%d calls, want 1", len(c.calls))
		}
	})
}

func TestAFlightThatNobodyWaitsForIsCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10}, answer: func(ctx context.Context, _ []string) ([]provider.InstanceAnswer, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return nil, ctx.Err()
		}}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		newView(c).Lookup(ctx, refs(3), Read{Reader: "test"})
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the call ended with %v", err)
		}
	})
}

func TestAnAnswerServesAllWhoCanLiveWithItsAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10}, answer: found}
		v := newView(c)
		v.Lookup(t.Context(), refs(1), Read{Reader: "a"})
		time.Sleep(20 * time.Second)
		v.Lookup(t.Context(), refs(1), Read{Reader: "b", MaxAge: 30 * time.Second})
		if len(c.calls) != 1 {
			t.Errorf("%d calls, want 1: the answer is 20 s old, 30 s are allowed", len(c.calls))
		}
		v.Lookup(t.Context(), refs(1), Read{Reader: "c"})
		if len(c.calls) != 2 {
			t.Errorf("%d calls, want 2: the last reader asked for a fresh answer", len(c.calls))
		}
	})
}

func TestOneBadItemIsIsolatedAndRemembered(t *testing.T) {
	for _, named := range []bool{true, false} {
		t.Run(fmt.Sprint("named ", named), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &cloud{limits: provider.InstanceLimits{BatchSize: 64}}
				c.answer = func(ctx context.Context, names []string) ([]provider.InstanceAnswer, error) {
					for _, n := range names {
						if n == "n7" {
							bad := &provider.BadItemsError{Err: errors.New("malformed ID")}
							if named {
								bad.Refs = []provider.InstanceRef{{NodeName: "n7"}}
							}
							return nil, bad
						}
					}
					return found(ctx, names)
				}
				v := newView(c)
				for i, a := range v.Lookup(t.Context(), refs(64), Read{Reader: "test"}) {
					if want := i != 7; (a.State == provider.InstanceFound) != want {
						t.Errorf("answer %d is %v", i, a.State)
					}
				}
				if most := map[bool]int{true: 2, false: 13}[named]; len(c.calls) > most {
					t.Errorf("%d calls, want at most %d", len(c.calls), most)
				}
				n := len(c.calls)
				if a := v.Lookup(t.Context(), refs(8)[7:], Read{Reader: "test"}); a[0].State != provider.InstanceUnknown || len(c.calls) != n {
					t.Errorf("the bad item was asked for again: %+v, %d calls", a[0], len(c.calls)-n)
				}
				time.Sleep(badItemMemory + time.Second)
				v.Lookup(t.Context(), refs(8)[7:], Read{Reader: "test"})
				if len(c.calls) == n {
					t.Error("the bad item was never asked for again")
				}
			})
		})
	}
}

func TestFailuresAreNotSplit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 64}, answer: func(context.Context, []string) ([]provider.InstanceAnswer, error) {
			return nil, errors.New("503")
		}}
		for _, a := range newView(c).Lookup(t.Context(), refs(64), Read{Reader: "test"}) {
			if a.State != provider.InstanceUnknown || a.Err == nil {
				t.Errorf("answer %+v, want unknown with the reason", a)
			}
		}
		if len(c.calls) != 1 {
			t.Errorf("%d calls, want 1", len(c.calls))
		}
	})
}

func TestThrottlingStopsAllReadersAndAllowsOlderAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10}, answer: found}
		v := newView(c)
		v.Lookup(t.Context(), refs(1), Read{Reader: "test"})
		time.Sleep(40 * time.Second)
		c.answer = func(context.Context, []string) ([]provider.InstanceAnswer, error) {
			return nil, &provider.ThrottledError{RetryAfter: 5 * time.Second, Err: errors.New("429")}
		}
		v.Lookup(t.Context(), refs(2)[1:], Read{Reader: "test"})
		n := len(c.calls)
		if a := v.Lookup(t.Context(), refs(1), Read{Reader: "test"}); a[0].State != provider.InstanceUnknown {
			t.Errorf("a reader that wants a fresh answer got %+v", a[0])
		}
		if a := v.Lookup(t.Context(), refs(1), Read{Reader: "test", MaxAge: 30 * time.Second}); a[0].State != provider.InstanceFound {
			t.Errorf("a reader that allows 30 s got no answer of 40 s while throttled: %+v", a[0])
		}
		if len(c.calls) != n {
			t.Errorf("%d calls while the cloud wanted none", len(c.calls)-n)
		}
		c.answer = found
		time.Sleep(6 * time.Second)
		if a := v.Lookup(t.Context(), refs(1), Read{Reader: "test"}); a[0].State != provider.InstanceFound {
			t.Errorf("after the pause: %+v", a[0])
		}
	})
}

func TestAnAnswerToAnotherNumberOfQuestionsIsNoAnswer(t *testing.T) {
	c := &cloud{limits: provider.InstanceLimits{BatchSize: 10, Window: time.Nanosecond}, answer: func(context.Context, []string) ([]provider.InstanceAnswer, error) {
		return []provider.InstanceAnswer{{State: provider.InstanceNotFound}}, nil
	}}
	for _, a := range newView(c).Lookup(t.Context(), refs(2), Read{Reader: "test"}) {
		if a.State != provider.InstanceUnknown {
			t.Errorf("answer %+v", a)
		}
	}
}

// lister is a cloud that lists.
type lister struct {
	*cloud
	list func() ([]provider.Instance, error)
	n    int
}

func (l *lister) ListInstances(context.Context) ([]provider.Instance, error) {
	l.n++
	return l.list()
}

func TestASweepListsOnceAndAsksByIDForWhatIsMissing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &cloud{limits: provider.InstanceLimits{BatchSize: 10, ListFrom: 5}, answer: func(context.Context, []string) ([]provider.InstanceAnswer, error) {
			return []provider.InstanceAnswer{{State: provider.InstanceNotFound}}, nil
		}}
		l := &lister{cloud: c, list: func() ([]provider.Instance, error) {
			var all []provider.Instance
			for i := range 19 {
				all = append(all, provider.Instance{Name: fmt.Sprint("n", i)})
			}
			return all, nil
		}}
		v := NewView(&provider.Cloud{Instances: c, Lister: l}, clock.RealClock{})
		answers := v.Sweep(t.Context(), refs(20), Read{Reader: "sweep"})
		if answers[3].State != provider.InstanceFound || answers[19].State != provider.InstanceNotFound {
			t.Errorf("answers %v, %v", answers[3].State, answers[19].State)
		}
		if l.n != 1 || len(c.calls) != 1 || len(c.calls[0]) != 1 {
			t.Errorf("%d lists and calls %v, want one list and one call for the missing one", l.n, c.calls)
		}
		l.list = func() ([]provider.Instance, error) { return nil, nil }
		c.answer = found
		v.Sweep(t.Context(), refs(20), Read{Reader: "sweep"})
		if l.n != 3 {
			t.Errorf("%d lists, want an implausibly short one to be read again", l.n-1)
		}
	})
}
