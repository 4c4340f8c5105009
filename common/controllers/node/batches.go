// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/instances"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// Nodes that "join at once" really register over 10 to 20 seconds. Look-ups are spaced by back-pressure:
// the next one waits until fewer answered Nodes await their writes than can be written in a second, and
// meanwhile the batch grows.
const (
	minQuiet  = 50 * time.Millisecond  // no arrival for that long: nobody else is coming …
	maxQuiet  = time.Second            // … or for an eighth of a burst's age, up to this
	minWindow = 500 * time.Millisecond // longest wait after the last look-up at the start of a burst …
	maxWindow = 5 * time.Second        // … or a burst's age, up to this
	burstEnd  = 2 * time.Second        // a pause that long ends a burst
	startRate = 100.0                  // Nodes written per second until measured
)

// pressure decides when the next look-up may begin. It is pure: times come in.
type pressure struct {
	batchSize  int
	burstStart time.Time
	lastSeen   time.Time // last arrival
	since      time.Time // the last look-up of the burst, or the first arrival since
	waiting    int
	writing    int     // answered Nodes whose writes are not finished
	rate       float64 // Nodes written per second
}

func (p *pressure) arrived(now time.Time) {
	if p.waiting == 0 {
		if now.Sub(p.lastSeen) > burstEnd {
			p.burstStart, p.since = now, now
		}
		if now.Sub(p.since) > maxWindow {
			p.since = now
		}
	}
	p.waiting++
	p.lastSeen = now
}

// looked records that a look-up took Nodes that waited.
func (p *pressure) looked(now time.Time, left int) {
	p.waiting = left
	p.since = now
}

// wait returns how long the look-up should still wait; 0 means go. A negative value means that only a
// finished write or an arrival can change the answer. The wait grows with the burst, so that a burst
// costs about as many look-ups as its length has doublings.
func (p *pressure) wait(now time.Time) time.Duration {
	if p.waiting == 0 || p.writing > 0 && float64(p.writing) >= p.rate {
		return -1
	}
	if p.waiting >= p.batchSize {
		return 0
	}
	age := now.Sub(p.burstStart)
	quiet := min(max(minQuiet, age/8), maxQuiet)
	window := min(max(minWindow, p.since.Sub(p.burstStart)), maxWindow)
	rest := min(quiet-now.Sub(p.lastSeen), window-now.Sub(p.since))
	return max(rest, 0)
}

// written records finished writes: an average over about a second.
func (p *pressure) written(perSecond float64) {
	p.rate = max(p.rate*0.7+perSecond*0.3, 10)
}

// workInBatches collects the Nodes of a burst, looks them up together and initialises them in parallel.
// The goroutines it starts end before it returns.
func (c *controller) workInBatches(accept, work context.Context) {
	var (
		keys     = make(chan string)
		finished = make(chan string)
		slots    = make(chan struct{}, c.deps.BulkInFlight)
		wg       sync.WaitGroup
	)
	wg.Go(func() {
		defer close(keys)
		for {
			name, shutdown := c.queue.Get()
			if shutdown {
				return
			}
			select {
			case keys <- name:
			case <-accept.Done():
				c.queue.Done(name)
				return
			}
		}
	})
	b := &batcher{
		controller: c, finished: finished, slots: slots, answered: make(chan []initialisation, 1),
		pressure: pressure{batchSize: c.deps.Instances.Limits().BatchSize, rate: startRate},
	}
	b.run(work, keys)
	wg.Wait()
}

type initialisation struct {
	node   *v1.Node
	answer provider.InstanceAnswer
}

// batcher is the single owner of a burst's state; everything reaches it through channels.
type batcher struct {
	*controller
	pressure pressure
	names    []string
	looking  bool
	answered chan []initialisation
	finished chan string
	slots    chan struct{}

	count      int // writes finished since countSince
	countSince time.Time
}

// run ends when keys is closed and all that was begun is finished.
func (b *batcher) run(ctx context.Context, keys <-chan string) {
	timer := b.deps.Clock.NewTimer(time.Hour)
	defer timer.Stop()
	for keys != nil || b.looking || b.pressure.writing > 0 || len(b.names) > 0 {
		if keys == nil { // shutting down: what has only been collected is left for the next leader
			for _, name := range b.names {
				b.queue.Done(name)
			}
			b.names, b.pressure.waiting = nil, 0
		}
		if !b.looking {
			if wait := b.pressure.wait(b.deps.Clock.Now()); wait == 0 {
				b.look(ctx)
			} else if wait > 0 {
				timer.Reset(wait)
			}
		}
		select {
		case name, ok := <-keys:
			if !ok {
				keys = nil
				continue
			}
			b.names = append(b.names, name)
			b.pressure.arrived(b.deps.Clock.Now())
		case batch := <-b.answered:
			b.looking = false
			b.write(ctx, batch)
		case name := <-b.finished:
			b.queue.Done(name)
			b.pressure.writing--
			b.measure()
		case <-timer.C():
		}
	}
}

// look starts one look-up for the Nodes that wait.
func (b *batcher) look(ctx context.Context) {
	n := min(len(b.names), b.pressure.batchSize)
	taken := b.names[:n:n]
	b.names = append([]string(nil), b.names[n:]...)
	b.pressure.looked(b.deps.Clock.Now(), len(b.names))
	b.looking = true
	go func() { b.answered <- b.lookup(ctx, taken) }()
}

func (b *batcher) lookup(ctx context.Context, taken []string) []initialisation {
	var batch []initialisation
	var refs []provider.InstanceRef
	for _, name := range taken {
		node := b.needy(ctx, name)
		if node == nil {
			b.queue.Done(name)
			continue
		}
		batch = append(batch, initialisation{node: node})
		refs = append(refs, provider.RefOf(node))
	}
	if len(refs) == 0 {
		return nil
	}
	for i, a := range b.deps.Instances.Lookup(ctx, refs, instances.Read{Reader: "initialise", Immediate: true}) {
		batch[i].answer = a
	}
	return batch
}

// write starts the writes of a batch, as many at once as the client allows.
func (b *batcher) write(ctx context.Context, batch []initialisation) {
	if b.pressure.writing == 0 {
		b.count, b.countSince = 0, b.deps.Clock.Now()
	}
	b.pressure.writing += len(batch)
	for _, i := range batch {
		go func() {
			b.slots <- struct{}{}
			b.finish(ctx, i.node, i.answer)
			<-b.slots
			b.finished <- i.node.Name
		}()
	}
}

// measure keeps the rate of writing current.
func (b *batcher) measure() {
	b.count++
	if elapsed := b.deps.Clock.Since(b.countSince); elapsed >= 250*time.Millisecond {
		b.pressure.written(float64(b.count) / elapsed.Seconds())
		b.count, b.countSince = 0, b.deps.Clock.Now()
	}
}
