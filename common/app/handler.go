// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/pprof"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	componentconfig "k8s.io/component-base/config"
	"k8s.io/component-base/configz"
	"k8s.io/component-base/logs"
	"k8s.io/component-base/metrics/legacyregistry"
	"k8s.io/component-base/metrics/prometheus/slis"
	"k8s.io/component-base/version"
	"k8s.io/klog/v2"
)

// endpoints is what the server serves.
type endpoints struct {
	healthz, livez, readyz *checks
	states                 *states
	// status adds lines to /statusz.
	status  func(io.Writer)
	started time.Time
}

func newEndpoints(st *states) *endpoints {
	return &endpoints{
		healthz: &checks{kind: "healthz"}, livez: &checks{kind: "livez"}, readyz: &checks{kind: "readyz", explain: true},
		states: st, status: func(io.Writer) {}, started: time.Now(),
	}
}

// mux returns all endpoints, before authentication.
func (e *endpoints) mux(debugging componentconfig.DebuggingConfiguration) *http.ServeMux {
	mux := http.NewServeMux()
	for _, c := range []*checks{e.healthz, e.livez, e.readyz} {
		mux.Handle("/"+c.kind, c)
		mux.Handle("/"+c.kind+"/", c)
	}
	configz.InstallHandler(mux)
	mux.Handle("/metrics", legacyregistry.Handler())
	slis.SLIMetricsWithReset{}.Install(mux)
	mux.HandleFunc("/statusz", e.statusz)
	if debugging.EnableProfiling {
		mux.HandleFunc("/debug/pprof/", pprof.Index)
		mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
		mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
		mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
		mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
		mux.HandleFunc("/debug/flags/v", setVerbosity)
		if debugging.EnableContentionProfiling {
			runtime.SetBlockProfileRate(1)
		}
	}
	return mux
}

// setVerbosity is PUT /debug/flags/v with the new -v as body.
func setVerbosity(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPut {
		http.Error(w, "use PUT with the new verbosity as body", http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 64))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	answer, err := logs.GlogSetter(strings.TrimSpace(string(body)))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	fmt.Fprint(w, answer)
}

// statusz says in words what this process is and does.
func (e *endpoints) statusz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintf(w, "Started: %s\nUp: %s\nGo version: %s\nBinary version: %s\n", e.started.UTC().Format(time.RFC3339),
		time.Since(e.started).Round(time.Second), runtime.Version(), version.Get().GitVersion)
	e.status(w)
	fmt.Fprintln(w, "\nControllers:")
	for _, s := range e.states.list() {
		line := fmt.Sprintf("  %s: %s", s.Name, s.State)
		if s.Reason != "" {
			line += ": " + s.Reason
		}
		fmt.Fprintln(w, line)
	}
}

// guard lets requests through that access allows. ready is false until the cluster's authentication
// configuration has been read.
func guard(a *access, ready *atomic.Bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache, private")
		if !ready.Load() && !a.always(r.URL.Path) {
			refuse(w, http.StatusServiceUnavailable, "the cluster's authentication configuration has not been read yet")
			return
		}
		if code, why := a.check(r); code != 0 {
			refuse(w, code, why)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// recovered turns a panic of a handler into 500: the controllers go on.
func recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if p := recover(); p != nil && !aborted(p) {
				klog.FromContext(r.Context()).Error(fmt.Errorf("panic: %v", p), "An HTTP handler panicked", "path", r.URL.Path, "stack", string(debug.Stack()))
				refuse(w, http.StatusInternalServerError, "internal error")
			}
		}()
		next.ServeHTTP(w, r)
	})
}

// refuse answers as an API server does.
func refuse(w http.ResponseWriter, code int, message string) {
	reasons := map[int]metav1.StatusReason{
		http.StatusUnauthorized: metav1.StatusReasonUnauthorized, http.StatusForbidden: metav1.StatusReasonForbidden,
		http.StatusServiceUnavailable: metav1.StatusReasonServiceUnavailable, http.StatusInternalServerError: metav1.StatusReasonInternalError,
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	// The connection may be gone; there is nobody to tell.
	_ = json.NewEncoder(w).Encode(metav1.Status{
		TypeMeta: metav1.TypeMeta{Kind: "Status", APIVersion: "v1"},
		Status:   metav1.StatusFailure, Message: message, Reason: reasons[code], Code: int32(code),
	})
}

// aborted reports whether a panic is the server's own way to end a request.
func aborted(p any) bool {
	err, ok := p.(error)
	return ok && errors.Is(err, http.ErrAbortHandler)
}
