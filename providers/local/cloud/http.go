// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cloud

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/providers/local/api"
)

// maxBody bounds a request: a thousand balancers' names, or the members of one with 50,000 nodes.
const maxBody = 16 << 20

// request is what an operation gets.
type request struct {
	*http.Request
	body []byte
	// hideNewer and partial are what faults do to reads.
	hideNewer time.Time
	partial   bool
}

// operation carries a request out. It returns the body of the answer, or an error, of which *api.Error is
// sent as it is.
type operation func(*request) (any, error)

func refuse(status int, code, format string, args ...any) *api.Error {
	return &api.Error{Status: status, Code: code, Message: fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *api.Error {
	return refuse(http.StatusBadRequest, api.CodeInvalidArgument, format, args...)
}

func sameToken(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// decode reads the body strictly.
func decode[T any](r *request) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(r.body))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, invalid("the body cannot be read: %v", err)
	}
	return v, nil
}

// operations is the carrying out of api.Operations by name.
func (c *Cloud) operations() map[string]operation {
	return map[string]operation{
		"GetVersion":          c.getVersion,
		"LookupMachines":      c.lookupMachines,
		"ListMachines":        c.listMachines,
		"LookupLoadBalancers": c.lookupLoadBalancers,
		"ListLoadBalancers":   c.listLoadBalancers,
		"CreateLoadBalancer":  c.createLoadBalancer,
		"UpdateLoadBalancer":  c.updateLoadBalancer,
		"DeleteLoadBalancer":  c.deleteLoadBalancer,
		"ListRoutes":          c.listRoutes,
		"CreateRoutes":        c.createRoutes,
		"DeleteRoutes":        c.deleteRoutes,
	}
}

func (c *Cloud) getVersion(*request) (any, error) {
	return api.Version{Name: "local-cloud", Version: Version}, nil
}

// handler serves both sides.
func (c *Cloud) handler() http.Handler {
	operations := c.operations()
	admin := c.adminHandler()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/admin/") {
			if err := c.authorize(r); err != nil {
				send(r.Context(), w, newRequestID(), nil, err)
				return
			}
			admin.ServeHTTP(w, r)
			return
		}
		op, ok := api.OperationOf(r)
		if !ok {
			send(r.Context(), w, newRequestID(), nil, refuse(http.StatusNotFound, api.CodeNotFound, "there is no %s %s", r.Method, r.URL.Path))
			return
		}
		c.serveOperation(w, r, op, operations[op.Name])
	})
}

// serveOperation carries one request out, enters it in the log, and disturbs it if a fault says so.
func (c *Cloud) serveOperation(w http.ResponseWriter, r *http.Request, op api.Operation, do operation) {
	id := newRequestID()
	_, end := c.calls.Begin(api.Call{
		Operation: op.Name, Mutating: op.Mutating, Method: r.Method, Path: r.URL.Path,
		UserAgent: r.UserAgent(), RequestID: id,
	})
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		end(0, "", "")
		return // the client is gone, or sends without end
	}
	if err := c.authorize(r); err != nil {
		end(send(r.Context(), w, id, nil, err), err.Code, "")
		return
	}
	f, _ := c.faults.Take(op, r.UserAgent(), time.Now())
	req := &request{Request: r, body: body}
	refusal, alive := c.disturbBefore(req, op, f)
	if !alive {
		end(0, "", f.Action)
		panic(http.ErrAbortHandler) // closes the connection
	}
	var answer any
	var failure error
	if refusal != nil {
		failure = refusal
	} else {
		answer, failure = do(req)
	}
	if !c.disturbAfter(req, op, f) {
		end(0, "", f.Action)
		panic(http.ErrAbortHandler)
	}
	if retry := time.Duration(f.RetryAfter); refusal != nil && retry > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(retry.Seconds()))))
	}
	end(send(r.Context(), w, id, answer, failure), api.CodeOf(failure), f.Action)
}

// disturbBefore acts before the request is carried out: it returns the answer that replaces it, if any,
// and false when the connection shall be closed instead.
func (c *Cloud) disturbBefore(r *request, op api.Operation, f api.Fault) (refusal *api.Error, alive bool) {
	switch f.Action {
	case api.FaultDelay:
		return nil, c.wait(r.Context(), time.Duration(f.Latency))
	case api.FaultStatus:
		status, code := f.Status, f.Code
		if status == 0 {
			status = http.StatusInternalServerError
		}
		if code == "" {
			code = api.CodeInternal
		}
		return refuse(status, code, "an injected fault"), true
	case api.FaultThrottle:
		return refuse(http.StatusTooManyRequests, api.CodeThrottled, "too many requests"), true
	case api.FaultDropBefore:
		return nil, false
	case api.FaultHoldBefore:
		return nil, c.hold(r, op, f)
	case api.FaultHideNew:
		r.hideNewer = time.Now().Add(-time.Duration(f.Latency))
	case api.FaultPartial:
		r.partial = true
	}
	return nil, true
}

func (c *Cloud) disturbAfter(r *request, op api.Operation, f api.Fault) (alive bool) {
	switch f.Action {
	case api.FaultDropAfter:
		return false
	case api.FaultHoldAfter:
		return c.hold(r, op, f)
	}
	return true
}

// hold waits until the request is released; false when its client is gone, or the cloud stops.
func (c *Cloud) hold(r *request, op api.Operation, f api.Fault) bool {
	h := c.faults.Hold(api.Hold{Operation: op.Name, Action: f.Action, UserAgent: r.UserAgent()})
	defer c.faults.Forget(h)
	select {
	case <-h.Released():
		return true
	case <-r.Context().Done():
	case <-c.stopped:
	}
	return false
}

func (c *Cloud) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-c.stopped:
	}
	return false
}

// send writes an answer and returns its status.
func send(ctx context.Context, w http.ResponseWriter, requestID string, body any, err error) int {
	status := http.StatusOK
	if err != nil {
		var refusal *api.Error
		if !errors.As(err, &refusal) {
			klog.FromContext(ctx).Error(err, "A request failed", "requestID", requestID)
			refusal = refuse(http.StatusInternalServerError, api.CodeInternal, "%v", err)
		}
		answered := *refusal
		answered.RequestID = requestID
		status, body = refusal.Status, map[string]any{"error": answered}
	}
	data, err := json.Marshal(body)
	if err != nil {
		klog.FromContext(ctx).Error(err, "An answer cannot be encoded", "requestID", requestID)
		status, data = http.StatusInternalServerError, nil
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Request-Id", requestID)
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n')) // the client may be gone
	return status
}

func newRequestID() string {
	var raw [8]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

// lastSegment returns the name at the end of a request's path.
func (r *request) lastSegment() string {
	path := r.URL.EscapedPath()
	name, err := url.PathUnescape(path[strings.LastIndexByte(path, '/')+1:])
	if err != nil {
		return ""
	}
	return name
}

// page reads the limit of a list.
func (r *request) page() (limit int, err error) {
	s := r.URL.Query().Get("limit")
	if s == "" {
		return api.MaxPage, nil
	}
	limit, err = strconv.Atoi(s)
	if err != nil || limit < 1 || limit > api.MaxPage {
		return 0, invalid("limit %q is not a number from 1 to %d", s, api.MaxPage)
	}
	return limit, nil
}

// everySecond drops half of the items when a fault makes reads partial.
func everySecond[T any](r *request, items []T) []T {
	if !r.partial {
		return items
	}
	kept := items[:0:0]
	for i := 0; i < len(items); i += 2 {
		kept = append(kept, items[i])
	}
	return kept
}

// visible reports whether reads show what was created then.
func (r *request) visible(createdAt time.Time) bool {
	return r.hideNewer.IsZero() || createdAt.Before(r.hideNewer)
}
