// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"errors"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The taints of Nodes that wait for their cloud, and of those whose machine does not run.
const (
	InitTaint = "node.cloudprovider.kubernetes.io/uninitialized"
	StopTaint = "node.cloudprovider.kubernetes.io/shutdown"
)

// Node reads a Node.
func (e *Env) Node(name string) *v1.Node {
	e.T.Helper()
	n, err := e.Client.CoreV1().Nodes().Get(e.Ctx, name, metav1.GetOptions{})
	if err != nil {
		e.T.Fatal(err)
	}
	return n
}

// HasTaint reports whether a Node has a taint.
func HasTaint(n *v1.Node, key string) bool {
	return slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == key })
}

// Addresses are a Node's, as text.
func Addresses(n *v1.Node) string {
	var all []string
	for _, a := range n.Status.Addresses {
		all = append(all, string(a.Type)+" "+a.Address)
	}
	return strings.Join(all, ", ")
}

// Initialised waits until a Node has lost its taint.
func (e *Env) Initialised(name string) *v1.Node {
	e.T.Helper()
	var node *v1.Node
	e.Eventually("node "+name+" is initialised", func() error {
		if node = e.Node(name); HasTaint(node, InitTaint) {
			return errors.New("it still has the taint")
		}
		return nil
	})
	return node
}

// AllInitialised waits until no Node has the taint, and returns how long that took.
func (e *Env) AllInitialised(start time.Time) time.Duration {
	e.T.Helper()
	e.Eventually("all nodes are initialised", func() error {
		list, err := e.Client.CoreV1().Nodes().List(e.Ctx, metav1.ListOptions{ResourceVersion: "0"})
		if err != nil {
			return err
		}
		for n := range list.Items {
			if HasTaint(&list.Items[n], InitTaint) {
				return errors.New("some are not")
			}
		}
		return nil
	})
	return time.Since(start)
}
