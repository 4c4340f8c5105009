// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/component-base/metrics"
	"k8s.io/component-base/metrics/legacyregistry"
)

// Webhook is an admission webhook (KEP-2699). It is served by every replica, leader or not.
type Webhook struct {
	// Name is for --webhooks and metrics.
	Name string
	// Path is where it is served.
	Path string
	// Handle answers a request.
	Handle func(*admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error)
	// DisabledByDefault webhooks are served only when --webhooks names them.
	DisabledByDefault bool
}

var (
	webhookRequests = metrics.NewCounterVec(&metrics.CounterOpts{
		Name: "cloud_provider_webhook_request_total", Help: "Requests to webhooks", StabilityLevel: metrics.ALPHA,
	}, []string{"code", "webhook"})
	webhookDuration = metrics.NewHistogramVec(&metrics.HistogramOpts{
		Name: "cloud_provider_webhook_request_duration_seconds", Help: "Duration of requests to webhooks",
		Buckets: []float64{0.25, 0.5, 0.7, 1, 1.5, 3, 5, 10}, StabilityLevel: metrics.ALPHA,
	}, []string{"code", "webhook"})
	registerWebhookMetrics = sync.OnceFunc(func() { legacyregistry.MustRegister(webhookRequests, webhookDuration) })
)

// validateWebhooks finds entries of --webhooks that name none.
func validateWebhooks(webhooks []Webhook, entries []string) []error {
	var errs []error
	for _, entry := range entries {
		name := strings.TrimPrefix(entry, "-")
		if name != "*" && !slices.ContainsFunc(webhooks, func(w Webhook) bool { return w.Name == name }) {
			errs = append(errs, fmt.Errorf("%q is not in the list of known webhooks", name))
		}
	}
	return errs
}

// webhookMux returns the enabled webhooks; nil when there is none.
func webhookMux(webhooks []Webhook, entries []string) *http.ServeMux {
	var mux *http.ServeMux
	for _, w := range webhooks {
		if !enabled(w.Name, w.DisabledByDefault, entries) {
			continue
		}
		if mux == nil {
			mux = http.NewServeMux()
			registerWebhookMetrics()
		}
		mux.HandleFunc(w.Path, w.serve)
	}
	return mux
}

func (w Webhook) serve(out http.ResponseWriter, r *http.Request) {
	start := time.Now()
	code, answer := w.answer(r)
	label := strconv.Itoa(code)
	webhookRequests.WithLabelValues(label, w.Name).Inc()
	webhookDuration.WithLabelValues(label, w.Name).Observe(time.Since(start).Seconds())
	if code != http.StatusOK {
		http.Error(out, string(answer), code)
		return
	}
	out.Header().Set("Content-Type", "application/json")
	// The API server may be gone; there is nobody to tell.
	_, _ = out.Write(answer)
}

// largestReview is the most that kube-apiserver sends: two objects of etcd's request limit.
const largestReview = 3 << 20

func (w Webhook) answer(r *http.Request) (int, []byte) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return http.StatusBadRequest, []byte("the body must be application/json")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, largestReview))
	if err != nil {
		return http.StatusBadRequest, []byte(err.Error())
	}
	review := admissionv1.AdmissionReview{}
	if err := json.Unmarshal(body, &review); err != nil {
		return http.StatusBadRequest, []byte(err.Error())
	}
	if review.Request == nil {
		return http.StatusBadRequest, []byte("the AdmissionReview has no request")
	}
	response, err := w.Handle(review.Request)
	if err == nil && response == nil {
		err = fmt.Errorf("webhook %s gave no answer", w.Name)
	}
	if err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	response.UID = review.Request.UID
	review.Request, review.Response = nil, response
	answer, err := json.Marshal(review)
	if err != nil {
		return http.StatusInternalServerError, []byte(err.Error())
	}
	return http.StatusOK, answer
}
