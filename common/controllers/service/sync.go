// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/tools/cache"
	cloudproviderapi "k8s.io/cloud-provider/api"
	servicehelpers "k8s.io/cloud-provider/service/helpers"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/cloudapi"
	"sigs.k8s.io/cloud-providers/common/provider"
)

var everything = labels.Everything()

// pass is one look at one Service.
type pass struct {
	key     string
	service *v1.Service // a copy
	nodes   []*v1.Node
	why     reason
	record  *record
}

// nodesOnly reports whether nothing but the Nodes is a reason for the pass.
func (p pass) nodesOnly() bool { return p.why == becauseNodes && p.record.done }

// outcome is what a backend's ensure came to.
type outcome struct {
	// status to publish; nil leaves the Service's as it is.
	status *v1.LoadBalancerStatus
	// worked is true when something was changed in the cloud.
	worked bool
	// elsewhere: another implementation serves this Service.
	elsewhere bool
	// again asks for another pass, for a balancer that is still being built.
	again time.Duration
	// recheck asks for another pass, although all is as it should be.
	recheck time.Duration
	// problem explains a balancer that does not serve although nothing failed.
	problem string
	// annotations to publish with the status; an empty value takes one away.
	annotations map[string]string
	// notices to tell, if they are new.
	notices []provider.Notice
}

func (c *controller) worker(accept, work context.Context) {
	for {
		key, shutdown := c.queue.Get()
		if shutdown {
			return
		}
		if accept.Err() == nil { // a queue that shuts down still gives out what it has: that is the next leader's
			c.handle(work, key)
		}
		c.queue.Done(key)
	}
}

// handle makes one pass over one Service and decides when the next one is.
func (c *controller) handle(ctx context.Context, key string) {
	log := klog.FromContext(ctx).WithValues("service", key)
	ctx = klog.NewContext(ctx, log)
	c.mu.Lock()
	rest := c.throttle.Sub(c.deps.Clock.Now())
	why := c.reasons[key]
	if rest <= 0 {
		delete(c.reasons, key)
	}
	c.mu.Unlock()
	if rest > 0 { // all wait alike, and not all at once afterwards
		c.queue.AddAfter(key, rest+time.Duration(rand.Int64N(int64(time.Second))))
		return
	}
	if why == 0 { // an old timer: what it was for has been done
		return
	}
	start := c.deps.Clock.Now()
	service, again, err := c.sync(ctx, key, why)
	syncDuration.Observe(c.deps.Clock.Since(start).Seconds())
	if err == nil {
		syncs.WithLabelValues("success").Inc()
		c.queue.Forget(key)
		c.mu.Lock()
		more := c.reasons[key] != 0
		c.mu.Unlock()
		if more { // something came up during the pass
			c.queue.Add(key)
		}
		if again > 0 {
			c.retry(key, again)
		}
		return
	}
	c.failed(ctx, key, service, err)
}

// failed reports an error on the Service and sees to its retry, by the kind of error.
func (c *controller) failed(ctx context.Context, key string, service *v1.Service, err error) {
	log := klog.FromContext(ctx)
	if errors.Is(err, cloudapi.ErrLeaseStale) || ctx.Err() != nil {
		// Left to the next leader, or to us if the lease is renewed after all.
		log.V(2).Info("Service not changed without a lease", "err", err)
		c.setReason(key, becauseRetry)
		c.queue.AddRateLimited(key)
		return
	}
	var wait *waiting
	if errors.As(err, &wait) {
		syncs.WithLabelValues("waiting").Inc()
		c.queue.Forget(key)
		c.retry(key, wait.after)
		return
	}
	if service != nil {
		c.deps.Events.Eventf(service, v1.EventTypeWarning, "SyncLoadBalancerFailed", "Error syncing load balancer: %v", err)
	}
	wish, throttled := provider.Throttled(err)
	var retry *cloudproviderapi.RetryError
	switch {
	case throttled:
		syncs.WithLabelValues("throttled").Inc()
		wish = min(max(wish, c.backoff.When(key)), maxBackoff)
		c.mu.Lock()
		// The others wait too, but not for what this one has met before.
		if until := c.deps.Clock.Now().Add(min(wish, maxPause)); until.After(c.throttle) {
			c.throttle = until
		}
		c.mu.Unlock()
		c.retry(key, wish)
	case errors.As(err, &retry):
		syncs.WithLabelValues("retry").Inc()
		c.queue.Forget(key)
		c.retry(key, retry.RetryAfter())
	case provider.IsUserError(err):
		syncs.WithLabelValues("user_error").Inc()
		c.queue.Forget(key)
		c.retry(key, c.options.UserErrorRetry)
	default:
		syncs.WithLabelValues("error").Inc()
		after := c.backoff.When(key)
		if service != nil && decide(service, c.options.Class) == cleanUp {
			after = min(after, maxCleanUpBackoff)
		}
		c.retry(key, after)
	}
	log.Info("Load balancer not synced; will retry", "err", err)
}

// maxPause is the longest that all Services wait because the cloud throttled one of them.
const maxPause = 30 * time.Second

func (c *controller) setReason(key string, why reason) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reasons[key] |= why
}

// retry marks a Service for another pass after a while.
func (c *controller) retry(key string, after time.Duration) {
	c.setReason(key, becauseRetry)
	c.queue.AddAfter(key, after)
}

// sync runs the pipeline for the Service as it is now.
func (c *controller) sync(ctx context.Context, key string, why reason) (*v1.Service, time.Duration, error) {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return nil, 0, nil
	}
	service, err := c.services.Services(namespace).Get(name)
	r := c.recordOf(key)
	switch {
	case apierrors.IsNotFound(err):
		return nil, 0, c.vanished(ctx, key, r)
	case err != nil:
		return nil, 0, err
	}
	if r != nil && r.service.UID != service.UID {
		if err := c.vanished(ctx, key, r); err != nil {
			return service, 0, err
		}
		r = nil
	}
	service = service.DeepCopy() // providers may keep or change what they get; the cache is nobody's
	what := decide(service, c.options.Class)
	if what == ensure && !c.backend.responsible(service) {
		what = nothing
	}
	switch {
	case what == ensure:
		if r == nil {
			r = &record{}
		}
		again, err := c.ensure(ctx, pass{key: key, service: service, why: why, record: r})
		return service, again, err
	case what == cleanUp:
		return service, 0, c.cleanUp(ctx, key, service)
	case r == nil:
		return service, 0, nil
	case what == nothing && service.DeletionTimestamp == nil && owned(service, c.options.Class) && service.Spec.Type == v1.ServiceTypeLoadBalancer:
		// Its annotations give it to another implementation by now. What we made goes when the Service does.
		c.forget(key)
		return service, 0, nil
	case !owned(service, c.options.Class) && service.Spec.Type == v1.ServiceTypeLoadBalancer:
		// Another class's by now: what we made goes, the object is not ours to touch.
		return service, 0, c.vanished(ctx, key, r)
	}
	// We made a balancer for it, and are not to keep it any more.
	return service, 0, c.cleanUp(ctx, key, service)
}

func (c *controller) recordOf(key string) *record {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.records[key]
}

func (c *controller) forget(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.records, key)
	serviceCount.Set(float64(len(c.records)))
}

func (c *controller) remember(key string, r *record) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records[key] = r
	serviceCount.Set(float64(len(c.records)))
}

// vanished removes the load balancer of a Service that is gone without our having cleaned up: somebody
// took the finalizer away.
func (c *controller) vanished(ctx context.Context, key string, r *record) error {
	if r == nil {
		return nil
	}
	if _, err := c.delete(ctx, r.service); err != nil {
		var wait *waiting
		if errors.As(err, &wait) {
			return err
		}
		c.deps.Events.Eventf(r.service, v1.EventTypeWarning, "DeleteLoadBalancerFailed", "Error deleting load balancer: %v", err)
		return err
	}
	c.forget(key)
	return nil
}

func (c *controller) delete(ctx context.Context, service *v1.Service) ([]string, error) {
	marks, err := c.backend.remove(ctx, service)
	if err != nil {
		return nil, fmt.Errorf("failed to delete load balancer: %w", err)
	}
	c.wakeRefused()
	return marks, nil
}

// wakeRefused tries Services again that the cloud refused: what was just deleted may have made room.
func (c *controller) wakeRefused() {
	c.mu.Lock()
	var keys []string
	for key, r := range c.records {
		if r.refused {
			keys = append(keys, key)
		}
	}
	c.mu.Unlock()
	for _, key := range keys {
		c.mark(key, becauseRetry)
	}
}

// cleanUp deletes, then takes finalizer and status away in one write.
func (c *controller) cleanUp(ctx context.Context, key string, service *v1.Service) error {
	if leftClass(service, c.options.Class) && c.recordOf(key) == nil {
		if ours, err := c.backend.exists(ctx, service); err != nil || !ours {
			return err // of another class, or of none: its finalizer is somebody else's
		}
	}
	marks, err := c.delete(ctx, service)
	if err != nil {
		return err
	}
	if err := c.release(ctx, service, marks); err != nil {
		return err
	}
	c.forget(key)
	c.deps.Events.Event(service, v1.EventTypeNormal, "DeletedLoadBalancer", "Deleted load balancer")
	return nil
}

// ensure runs the backend and publishes the result.
func (c *controller) ensure(ctx context.Context, in pass) (time.Duration, error) {
	in.record.service = in.service
	c.remember(in.key, in.record) // before the Nodes are read: a change of them from now on marks the key
	var err error
	if in.nodes, err = c.eligible(); err != nil {
		return 0, err
	}
	out, err := c.backend.ensure(ctx, in)
	c.mu.Lock()
	in.record.done = err == nil && out.again == 0
	in.record.refused = provider.IsUserError(err) && errors.Unwrap(asUserError(err)) != nil
	c.mu.Unlock()
	if err != nil {
		return 0, err
	}
	if out.elsewhere {
		c.forget(in.key)
		return 0, nil
	}
	c.tell(in, out)
	if err := c.publish(ctx, in, out); err != nil {
		return 0, fmt.Errorf("failed to update load balancer status: %w", err)
	}
	if out.again == 0 {
		return out.recheck, nil
	}
	return out.again, nil
}

// tell says what came up since the last pass that told anything. A problem and a notice stay told while
// they last, so that passes over an unchanged state are silent.
func (c *controller) tell(in pass, out outcome) {
	notices := out.notices
	if out.problem != "" {
		notices = append(notices[:len(notices):len(notices)], provider.Notice{Reason: "LoadBalancerDegraded", Message: out.problem})
	}
	told := make(map[provider.Notice]bool, len(notices))
	for _, n := range notices {
		if !in.record.told[n] && !told[n] {
			c.deps.Events.Event(in.service, v1.EventTypeWarning, n.Reason, n.Message)
		}
		told[n] = true
	}
	in.record.told = told
}

func asUserError(err error) *provider.UserError {
	var u *provider.UserError
	errors.As(err, &u)
	return u
}

func statusEqual(a, b *v1.LoadBalancerStatus) bool {
	return servicehelpers.LoadBalancerStatusEqual(normalised(a), normalised(b))
}
