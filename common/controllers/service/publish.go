// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package service

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	servicehelpers "k8s.io/cloud-provider/service/helpers"
)

// finalizer keeps a Service until its load balancer is gone.
const finalizer = "service.kubernetes.io/load-balancer-cleanup"

// hold adds the finalizer. It goes through the status subresource, where metadata may change too: that
// is all that the stock role allows.
func (c *controller) hold(ctx context.Context, service *v1.Service) error {
	if servicehelpers.HasLBFinalizer(service) {
		return nil
	}
	held := service.DeepCopy()
	held.Finalizers = append(held.Finalizers, finalizer)
	return c.patch(ctx, service, held)
}

// release takes the finalizer, the status and some annotations away. A Service that is gone is fine.
func (c *controller) release(ctx context.Context, service *v1.Service, annotations []string) error {
	released := service.DeepCopy()
	for _, key := range annotations {
		delete(released.Annotations, key)
	}
	released.Finalizers = slices.DeleteFunc(released.Finalizers, func(f string) bool { return f == finalizer })
	released.Status.LoadBalancer = v1.LoadBalancerStatus{}
	err := c.patch(ctx, service, released)
	if gone(err) {
		return nil
	}
	return err
}

// publish writes the status and the annotations if they differ from the Service's.
func (c *controller) publish(ctx context.Context, in pass, out outcome) error {
	in.record.annotations = out.annotations
	updated := in.service.DeepCopy()
	write := annotate(updated, out.annotations)
	if out.status != nil {
		status := normalised(out.status)
		c.mu.Lock()
		in.record.published = status
		c.mu.Unlock()
		if !statusEqual(status, &in.service.Status.LoadBalancer) {
			updated.Status.LoadBalancer = *status
			write = true
		}
	}
	if !write {
		return nil
	}
	err := c.patch(ctx, in.service, updated)
	if err == nil {
		c.backend.settled(in)
	}
	if gone(err) {
		return nil
	}
	return err
}

// annotate sets annotations, those with an empty value not to be, and reports whether that changed any.
func annotate(service *v1.Service, annotations map[string]string) bool {
	changed := false
	for key, value := range annotations {
		have, ok := service.Annotations[key]
		switch {
		case value == "" && ok:
			delete(service.Annotations, key)
		case value != "" && have != value:
			if service.Annotations == nil {
				service.Annotations = map[string]string{}
			}
			service.Annotations[key] = value
		default:
			continue
		}
		changed = true
	}
	return changed
}

// patch writes the difference and brings service up to date.
func (c *controller) patch(ctx context.Context, service, wanted *v1.Service) error {
	body, err := difference(service, wanted)
	if err != nil {
		return fmt.Errorf("compute patch of service %s: %w", keyOf(service), err)
	}
	patched, err := c.deps.Client.CoreV1().Services(service.Namespace).Patch(ctx, service.Name, types.StrategicMergePatchType, body, metav1.PatchOptions{}, "status")
	if err != nil {
		return fmt.Errorf("patch status of service %s: %w", keyOf(service), err)
	}
	service.Finalizers, service.Status, service.ResourceVersion = patched.Finalizers, patched.Status, patched.ResourceVersion
	service.Annotations = patched.Annotations
	return nil
}

// difference is the strategic merge patch from one to the other. It names the UID, so that a Service
// re-created under the same name is not patched with what was meant for the old one.
func difference(service, wanted *v1.Service) ([]byte, error) {
	before, err := json.Marshal(service)
	if err != nil {
		return nil, err
	}
	after, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	body, err := strategicpatch.CreateTwoWayMergePatch(before, after, v1.Service{})
	if err != nil {
		return nil, err
	}
	var patch map[string]any
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, err
	}
	meta, _ := patch["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		patch["metadata"] = meta
	}
	meta["uid"] = service.UID
	return json.Marshal(patch)
}

// gone reports whether a write failed because the Service is no more, or is another one by now.
func gone(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	reason := status.Status().Reason
	return reason == metav1.StatusReasonNotFound || reason == metav1.StatusReasonConflict && strings.Contains(status.Status().Message, "UID")
}
