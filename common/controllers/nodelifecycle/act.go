// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"context"
	"errors"
	"fmt"
	"time"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	cloudproviderapi "k8s.io/cloud-provider/api"
	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/provider"
)

const conflictTries = 5

func (c *controller) evidenceOf(node *v1.Node) *evidence {
	e := c.evidence[node.UID]
	if e == nil {
		e = &evidence{notReadySince: notReadySince(node)}
		c.evidence[node.UID] = e
	}
	return e
}

// absent decides about a Node whose instance the cloud did not find; what it returns carries that out.
func (c *controller) absent(ctx context.Context, node *v1.Node, zone *zoneEvidence, now time.Time, clusterSize int) func() {
	e := c.evidenceOf(node)
	e.absent(now)
	e.lastState = provider.InstanceNotFound
	log := klog.FromContext(ctx)
	switch judge(judgement{now: now, node: node, evidence: *e, zone: *zone, options: c.options, clusterSize: clusterSize}) {
	case remove:
		e.paused = false
		zone.deleted++
		name := nodes.Zone(node)
		c.deleted[name] = append(c.deleted[name], now)
		return func() { c.remove(ctx, node) }
	case doubt:
		e.confirmations = 0
		c.warn(node, e, "NodeDeletionVoid", fmt.Sprintf("The cloud does not find the instance of node %s, nor those of Ready nodes in zone %q: its answer is not believed and the node is kept.", node.Name, nodes.Zone(node)))
		doubtful.Inc()
	case pause:
		c.warn(node, e, "NodeDeletionPaused", fmt.Sprintf("The cloud does not find the instance of node %s, but no node of zone %q is Ready to prove it right, and %d nodes of the zone were deleted in the last 10 minutes. To delete the node, annotate it with %s=%s.", node.Name, nodes.Zone(node), zone.deleted, approveDeletion, node.UID))
	case spare:
		if nodes.Uninitialized(node) {
			break // another provider's, as far as we know
		}
		c.warn(node, e, "NodeWithoutProviderID", fmt.Sprintf("The cloud knows no instance named %s, and the node has no provider ID to be sure by: it is kept.", node.Name))
	case wait:
		log.V(2).Info("Instance not found; waiting for confirmation", "node", node.Name, "confirmations", e.confirmations)
	}
	return nil
}

// warn posts a warning once per Node and spell.
func (c *controller) warn(node *v1.Node, e *evidence, reason, message string) {
	if !e.paused {
		c.deps.Events.Event(node, v1.EventTypeWarning, reason, message)
	}
	e.paused = true
}

// present records that a Node's instance is there, or that nothing is known, and sees to its taint.
func (c *controller) present(ctx context.Context, node *v1.Node, answer provider.InstanceAnswer, now time.Time) func() {
	e := c.evidenceOf(node)
	if answer.State != e.lastState {
		e.notReadySince = now // something changed: watch it closely again
		if e.lastState == provider.InstanceUnknown && answer.State != provider.InstanceUnknown {
			e.notReadySince = notReadySince(node)
		}
	}
	e.lastState = answer.State
	switch answer.State {
	case provider.InstanceUnknown:
		klog.FromContext(ctx).V(2).Info("Instance unknown; nothing is done", "node", node.Name, "err", answer.Err)
		return nil
	case provider.InstanceForeign:
		return nil
	}
	e.confirmations, e.paused = 0, false
	if answer.Instance.Power == provider.PowerStopped && !hasShutdownTaint(node) {
		return func() { c.setShutdownTaint(ctx, node, true) }
	}
	return nil
}

// remove deletes a Node as it was judged: the UID and resource version of the judged object are
// preconditions, so that a Node that was re-created or has become Ready is kept.
func (c *controller) remove(ctx context.Context, node *v1.Node) {
	log := klog.FromContext(ctx)
	if err := c.deps.Gate.Check(); err != nil {
		log.Info("Node not deleted", "node", node.Name, "err", err)
		return
	}
	c.deps.Events.Event(node, v1.EventTypeNormal, "DeletingNode",
		fmt.Sprintf("Deleting node %s because it does not exist in the cloud provider", node.Name))
	err := c.deps.BulkClient.CoreV1().Nodes().Delete(ctx, node.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &node.UID, ResourceVersion: &node.ResourceVersion},
	})
	switch {
	case err == nil:
		log.Info("Deleted node: its instance does not exist in the cloud", "node", node.Name, "providerID", node.Spec.ProviderID)
		deletions.Inc()
	case apierrors.IsNotFound(err):
	case apierrors.IsConflict(err): // it lives on: look again in the next pass
		log.V(2).Info("Node changed while it was being deleted; kept for now", "node", node.Name)
	default:
		log.Error(err, "Node not deleted; will retry", "node", node.Name)
		c.deps.Events.Event(node, v1.EventTypeWarning, "DeletingNodeFailed", err.Error())
	}
}

func hasShutdownTaint(node *v1.Node) bool {
	return nodes.HasTaint(node, cloudproviderapi.TaintNodeShutdown)
}

// setShutdownTaint adds or removes the taint; a conflict is decided anew on the live Node.
func (c *controller) setShutdownTaint(ctx context.Context, node *v1.Node, stopped bool) {
	log := klog.FromContext(ctx)
	uid := node.UID
	for range conflictTries {
		if hasShutdownTaint(node) == stopped {
			return
		}
		patch := nodes.Patch{SetTaints: true, Taints: nodes.Without(node.Spec.Taints, cloudproviderapi.TaintNodeShutdown)}
		if stopped {
			patch.Taints = append(patch.Taints, v1.Taint{Key: cloudproviderapi.TaintNodeShutdown, Effect: v1.TaintEffectNoSchedule})
		}
		_, err := patch.Apply(ctx, c.deps.Client, node)
		var status apierrors.APIStatus
		switch {
		case err == nil:
			log.Info("Changed node's shutdown taint", "node", node.Name, "stopped", stopped)
			return
		case errors.As(err, &status) && apierrors.IsConflict(status.(error)):
			if node, err = c.deps.Client.CoreV1().Nodes().Get(ctx, node.Name, metav1.GetOptions{}); err != nil || node.UID != uid {
				return
			}
		default:
			log.Error(err, "Shutdown taint not changed; next try in the next period", "node", node.Name)
			return
		}
	}
}

// recent returns the deletions in a zone within the window, and forgets older ones.
func (c *controller) recent(zone string, now time.Time) []time.Time {
	times := c.deleted[zone]
	for len(times) > 0 && now.Sub(times[0]) > limitWindow {
		times = times[1:]
	}
	if len(times) == 0 {
		delete(c.deleted, zone)
	} else {
		c.deleted[zone] = times
	}
	return times
}

func (c *controller) reportPaused() {
	n := 0
	for _, e := range c.evidence {
		if e.paused {
			n++
		}
	}
	paused.Set(float64(n))
}
