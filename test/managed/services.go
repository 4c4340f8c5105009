// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package managed

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	v1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Finalizer keeps a Service until its load balancer is gone.
const Finalizer = "service.kubernetes.io/load-balancer-cleanup"

// Create creates a Service of type LoadBalancer with port 80.
func (e *Env) Create(name string, edits ...func(*v1.Service)) *v1.Service {
	e.T.Helper()
	s := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: name, Annotations: map[string]string{}},
		Spec:       v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Ports: []v1.ServicePort{{Name: "http", Port: 80}}},
	}
	for _, edit := range edits {
		edit(s)
	}
	s, err := e.Client.CoreV1().Services("default").Create(e.Ctx, s, metav1.CreateOptions{})
	if err != nil {
		e.T.Fatal(err)
	}
	return s
}

// Annotated is an edit that sets annotations with a prefix.
func Annotated(prefix string, pairs ...string) func(*v1.Service) {
	return func(s *v1.Service) {
		for i := 0; i < len(pairs); i += 2 {
			s.Annotations[prefix+pairs[i]] = pairs[i+1]
		}
	}
}

// Service reads a Service.
func (e *Env) Service(name string) *v1.Service {
	e.T.Helper()
	s, err := e.Client.CoreV1().Services("default").Get(e.Ctx, name, metav1.GetOptions{})
	if err != nil {
		e.T.Fatal(err)
	}
	return s
}

// Served waits until a Service publishes something.
func (e *Env) Served(name string) *v1.Service {
	e.T.Helper()
	var s *v1.Service
	e.Eventually("service "+name+" is served", func() error {
		if s = e.Service(name); len(s.Status.LoadBalancer.Ingress) == 0 {
			return errors.New("it publishes nothing")
		}
		return nil
	})
	return s
}

// Messages are those of the events about a Service with a reason, each as often as it came.
func (e *Env) Messages(service, reason string) []string {
	e.T.Helper()
	list, err := e.Client.CoreV1().Events("default").List(e.Ctx, metav1.ListOptions{})
	if err != nil {
		e.T.Fatal(err)
	}
	var all []string
	for _, ev := range list.Items {
		for range max(1, ev.Count) {
			if ev.InvolvedObject.Name == service && ev.Reason == reason {
				all = append(all, ev.Message)
			}
		}
	}
	return all
}

// Event waits for an event about a Service that contains all of some texts.
func (e *Env) Event(service, reason string, texts ...string) {
	e.T.Helper()
	e.Eventually(fmt.Sprintf("event %s of service %s with %q", reason, service, texts), func() error {
		seen := e.Messages(service, reason)
		for _, m := range seen {
			if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(m, text) }) {
				return nil
			}
		}
		return fmt.Errorf("there are %q", seen)
	})
}

// Edit changes a Service.
func (e *Env) Edit(name string, change func(*v1.Service)) {
	e.T.Helper()
	e.Eventually("service "+name+" is changed", func() error {
		s := e.Service(name)
		change(s)
		_, err := e.Client.CoreV1().Services("default").Update(e.Ctx, s, metav1.UpdateOptions{})
		return err
	})
}

// Remove deletes a Service and waits until it is gone. meanwhile is called again and again while it waits.
func (e *Env) Remove(name string, meanwhile func()) {
	e.T.Helper()
	if err := e.Client.CoreV1().Services("default").Delete(e.Ctx, name, metav1.DeleteOptions{}); err != nil {
		e.T.Fatal(err)
	}
	e.Eventually("service "+name+" is gone", func() error {
		meanwhile()
		_, err := e.Client.CoreV1().Services("default").Get(e.Ctx, name, metav1.GetOptions{})
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return err
		}
		return errors.New("it is there")
	})
}
