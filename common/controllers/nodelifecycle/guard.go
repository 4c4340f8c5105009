// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nodelifecycle

import (
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/common/controllers/nodes"
	"sigs.k8s.io/cloud-providers/common/provider"
)

// approveDeletion is the annotation by which an operator approves the deletion of a Node that the guard
// holds back; its value is the Node's UID.
const approveDeletion = "cloud-provider.sigs.k8s.io/approve-node-deletion"

const (
	// confirmationGap is the least time between two answers that count as two.
	confirmationGap = 5 * time.Second
	// slack forgives a timer that fires a little early.
	slack = 100 * time.Millisecond
	// limitWindow and minLimit bound deletions in a zone in which no Node is Ready.
	limitWindow = 10 * time.Minute
	minLimit    = 10
	// maxControls is how many Ready Nodes of a zone are asked for beside the missing ones.
	maxControls = 3
)

// evidence is what is known of one Node that is not Ready. It is kept by UID between passes.
type evidence struct {
	notReadySince time.Time
	confirmations int
	lastAbsent    time.Time
	paused        bool // the pause has been reported
	lastState     provider.InstanceState
}

// absent counts a "not found" that came far enough after the last one.
func (e *evidence) absent(now time.Time) {
	if e.confirmations == 0 || now.Sub(e.lastAbsent) >= confirmationGap-slack {
		e.confirmations++
		e.lastAbsent = now
	}
}

// verdict is what to do with a Node whose instance the cloud does not find.
type verdict int

const (
	wait   verdict = iota // not enough is known yet
	remove                // delete the Node
	doubt                 // the cloud does not find Nodes that are evidently there: its answer is void
	pause                 // too many in a zone where nothing proves the cloud right
	spare                 // a Node without provider ID that may be somebody else's is never deleted
)

// judgement is everything that the decision to delete a Node depends on.
type judgement struct {
	now         time.Time
	node        *v1.Node
	evidence    evidence
	zone        zoneEvidence
	options     Options
	clusterSize int
}

// zoneEvidence is what the Ready Nodes of a zone say about the cloud's answers.
type zoneEvidence struct {
	controls int // asked for
	seen     int // found by the cloud
	absent   int // not found, though their kubelets report
	deleted  int // Nodes of the zone deleted within the window
}

// judge decides by the deletion guard. It is called only after a "not found" for this very instance.
func judge(j judgement) verdict {
	switch {
	case j.node.Spec.ProviderID == "" && (!nodes.Uninitialized(j.node) || j.options.Uninitialized == "false"):
		return spare
	case j.evidence.confirmations < j.options.Confirmations,
		j.now.Sub(j.node.CreationTimestamp.Time) < j.options.MinAge,
		j.now.Sub(j.evidence.notReadySince) < j.options.MinNotReady:
		return wait
	case j.zone.seen > 0:
		return remove
	case j.zone.absent > 0:
		return doubt
	case j.zone.controls > 0:
		return wait // the cloud answered for this one and not for the controls: ask again
	case j.node.Annotations[approveDeletion] == string(j.node.UID):
		return remove
	case j.zone.deleted >= max(minLimit, int(j.options.MaxFraction*float64(j.clusterSize))):
		return pause
	}
	return remove
}

// notReadySince returns since when the Node is not Ready, by its condition, else by its creation.
func notReadySince(node *v1.Node) time.Time {
	if c := nodes.ReadyCondition(node); c != nil {
		return c.LastTransitionTime.Time
	}
	return node.CreationTimestamp.Time
}

// due reports whether a Node should be asked about in this pass: always at first, and every sixth pass
// once it has been the same for five minutes. Old ones are asked about in the same passes, so that they
// share a call.
func due(e *evidence, now time.Time, pass int, options Options) bool {
	if e == nil || e.confirmations > 0 {
		return true
	}
	return now.Sub(e.notReadySince) < options.BackoffAfter || pass%6 == 0
}
