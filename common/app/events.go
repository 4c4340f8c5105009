// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"sync"
	"time"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/tools/record"
	"k8s.io/klog/v2"
)

// events is the event recorders of a manager. Each source posts through a client of its own, so that a
// burst of events delays no patch.
type events struct {
	mu      sync.Mutex
	streams []*eventStream
}

// eventStream is one source's way to the API server.
type eventStream struct {
	broadcaster record.EventBroadcaster
	recorder    record.EventRecorder
	flushed     chan struct{}
}

// recorder returns a recorder for a source. ctx ends its delivery.
func (e *events) recorder(ctx context.Context, client clientset.Interface, source string) record.EventRecorder {
	s := &eventStream{broadcaster: record.NewBroadcaster(record.WithContext(ctx)), flushed: make(chan struct{})}
	s.broadcaster.StartEventWatcher(func(event *v1.Event) { logEvent(ctx, event) })
	s.broadcaster.StartRecordingToSink(&flushingSink{
		EventSink: &typedcorev1.EventSinkImpl{Interface: client.CoreV1().Events("")},
		flushed:   sync.OnceFunc(func() { close(s.flushed) }),
	})
	s.recorder = s.broadcaster.NewRecorder(scheme.Scheme, v1.EventSource{Component: source})
	e.mu.Lock()
	defer e.mu.Unlock()
	e.streams = append(e.streams, s)
	return s.recorder
}

// flush waits until what was recorded has been sent, or until the time is up, and ends all recorders.
func (e *events) flush(limit time.Duration) {
	e.mu.Lock()
	streams := e.streams
	e.streams = nil
	e.mu.Unlock()
	if len(streams) == 0 {
		return
	}
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for _, s := range streams {
		s.recorder.Event(&v1.ObjectReference{Kind: flushKind, Name: flushKind}, v1.EventTypeNormal, flushKind, flushKind)
	}
	for _, s := range streams {
		select {
		case <-s.flushed:
		case <-timer.C:
			timer.Reset(0)
		}
		s.broadcaster.Shutdown()
	}
}

// flushKind marks the event that ends a stream. It is never sent: events are delivered in order, so its
// arrival at the sink says that those before it were.
const flushKind = "EndOfStream"

// logEvent logs an event as the stock manager does.
func logEvent(ctx context.Context, event *v1.Event) {
	o := event.InvolvedObject
	if o.Kind == flushKind {
		return
	}
	klog.FromContext(ctx).Info("Event occurred", "object", klog.KRef(o.Namespace, o.Name), "fieldPath", o.FieldPath, "kind", o.Kind,
		"apiVersion", o.APIVersion, "type", event.Type, "reason", event.Reason, "message", event.Message)
}

type flushingSink struct {
	record.EventSink
	flushed func()
}

func (f *flushingSink) Create(event *v1.Event) (*v1.Event, error) {
	if event.InvolvedObject.Kind == flushKind {
		f.flushed()
		return event, nil
	}
	return f.EventSink.Create(event)
}

// silent is the recorder of a dry run.
type silent struct{}

func (silent) Event(runtime.Object, string, string, string)          {}
func (silent) Eventf(runtime.Object, string, string, string, ...any) {}
func (silent) AnnotatedEventf(runtime.Object, map[string]string, string, string, string, ...any) {
}

var _ record.EventRecorder = silent{}
