// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// HealthzPort is where kube-proxy answers whether the node should get traffic at all.
const HealthzPort = 10256

// toBeDeletedTaint is set by the cluster autoscaler before it removes a node.
const toBeDeletedTaint = "ToBeDeletedByClusterAutoscaler"

// healthHandler answers on a Service's healthCheckNodePort as kube-proxy does.
func (p *openPort) healthHandler() http.Handler {
	type service struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	}
	type health struct {
		Service             service `json:"service"`
		LocalEndpoints      int     `json:"localEndpoints"`
		ServiceProxyHealthy bool    `json:"serviceProxyHealthy"`
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		b := p.backend.Load()
		w.Header().Set("X-Load-Balancing-Endpoint-Weight", strconv.Itoa(len(b.endpoints)))
		answerHealth(w, len(b.endpoints) > 0, health{
			Service:             service{Namespace: b.service.Namespace, Name: b.service.Name},
			LocalEndpoints:      len(b.endpoints),
			ServiceProxyHealthy: true,
		})
	})
}

// healthzHandler answers on HealthzPort as kube-proxy does. /livez doesn't look at the node.
func healthzHandler(eligible func() bool) http.Handler {
	type health struct {
		LastUpdated  time.Time `json:"lastUpdated"`
		CurrentTime  time.Time `json:"currentTime"`
		NodeEligible *bool     `json:"nodeEligible,omitempty"`
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/livez", func(w http.ResponseWriter, _ *http.Request) {
		now := time.Now()
		answerHealth(w, true, health{LastUpdated: now, CurrentTime: now})
	})
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		now, ok := time.Now(), eligible()
		answerHealth(w, ok, health{LastUpdated: now, CurrentTime: now, NodeEligible: &ok})
	})
	return mux
}

func answerHealth(w http.ResponseWriter, healthy bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	if !healthy {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}

// eligible reports whether kube-proxy on the node wants traffic: until the node is being deleted, by
// the API or by the cluster autoscaler.
func eligible(node *corev1.Node) bool {
	if node.DeletionTimestamp != nil {
		return false
	}
	for _, taint := range node.Spec.Taints {
		if taint.Key == toBeDeletedTaint {
			return false
		}
	}
	return true
}
