// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

// fakeAPI is as much of an API server as a manager talks to: a lease, empty lists, reviews and events.
type fakeAPI struct {
	*httptest.Server
	mu       sync.Mutex
	down     bool // every request gets 503
	lease    *coordinationv1.Lease
	version  int
	events   []v1.Event
	requests []string // method and path
	stop     chan struct{}
	// tokens and readers are for reviews: user by token, allowed paths by user.
	tokens   map[string]string
	readers  map[string][]string
	reviewed int
	// denied are permissions that self reviews refuse, as "verb resource".
	denied []string
}

func newFakeAPI(t *testing.T) *fakeAPI {
	t.Helper()
	f := &fakeAPI{stop: make(chan struct{}), tokens: map[string]string{}, readers: map[string][]string{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(func() {
		close(f.stop)
		f.CloseClientConnections()
		f.Close()
	})
	return f
}

// kubeconfig writes a kubeconfig for the fake.
func (f *fakeAPI) kubeconfig(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "kubeconfig")
	content := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","current-context":"c",
"clusters":[{"name":"c","cluster":{"server":%q}}],"contexts":[{"name":"c","context":{"cluster":"c","user":"u"}}],"users":[{"name":"u","user":{}}]}`, f.URL)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func (f *fakeAPI) setDown(down bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.down = down
}

// holder is who holds the lease.
func (f *fakeAPI) holder() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lease == nil || f.lease.Spec.HolderIdentity == nil {
		return ""
	}
	return *f.lease.Spec.HolderIdentity
}

// sent returns the requests that were not reads.
func (f *fakeAPI) writes() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(f.requests), func(r string) bool { return strings.HasPrefix(r, "GET ") })
}

func (f *fakeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	down := f.down
	f.requests = append(f.requests, r.Method+" "+r.URL.Path)
	f.mu.Unlock()
	path := r.URL.Path
	switch {
	case down:
		refuse(w, http.StatusServiceUnavailable, "down")
	case path == "/healthz":
		fmt.Fprint(w, "ok")
	case strings.Contains(path, "/leases"):
		f.serveLease(w, r)
	case strings.HasSuffix(path, "/events"):
		f.serveEvent(w, r)
	case strings.HasSuffix(path, "reviews"):
		f.serveReview(w, r)
	case r.URL.Query().Get("watch") != "":
		f.serveWatch(w, r)
	case path == "/api/v1/nodes":
		answer(w, v1.NodeList{TypeMeta: metav1.TypeMeta{Kind: "NodeList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}})
	case path == "/api/v1/services":
		answer(w, v1.ServiceList{TypeMeta: metav1.TypeMeta{Kind: "ServiceList", APIVersion: "v1"}, ListMeta: metav1.ListMeta{ResourceVersion: "1"}})
	default:
		refuse(w, http.StatusNotFound, path)
	}
}

// decode reads a body in JSON or protobuf.
func decode(r *http.Request, into runtime.Object) {
	body, err := io.ReadAll(r.Body)
	if err == nil {
		_, _, err = scheme.Codecs.UniversalDeserializer().Decode(body, nil, into)
	}
	if err != nil {
		panic(err)
	}
}

func answer(w http.ResponseWriter, object any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(object)
}

// serveWatch keeps a watch open; one for a streamed list gets the bookmark that ends the list.
func (f *fakeAPI) serveWatch(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("sendInitialEvents") == "true" {
		kind := map[string]string{"nodes": "Node", "services": "Service"}[filepath.Base(r.URL.Path)]
		fmt.Fprintf(w, `{"type":"BOOKMARK","object":{"kind":%q,"apiVersion":"v1","metadata":{"resourceVersion":"1","annotations":{"k8s.io/initial-events-end":"true"}}}}`+"\n", kind)
	}
	w.(http.Flusher).Flush()
	select {
	case <-r.Context().Done():
	case <-f.stop:
	}
}

func (f *fakeAPI) serveLease(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Method == http.MethodGet {
		if f.lease == nil {
			refuse(w, http.StatusNotFound, "no lease")
			return
		}
		answer(w, f.lease)
		return
	}
	lease := &coordinationv1.Lease{}
	decode(r, lease)
	if f.lease != nil && lease.ResourceVersion != f.lease.ResourceVersion {
		refuse(w, http.StatusConflict, "conflict")
		return
	}
	f.version++
	lease.ResourceVersion = fmt.Sprint(f.version)
	f.lease = lease
	answer(w, lease)
}

func (f *fakeAPI) serveEvent(w http.ResponseWriter, r *http.Request) {
	event := v1.Event{}
	decode(r, &event)
	f.mu.Lock()
	f.events = append(f.events, event)
	f.mu.Unlock()
	answer(w, event)
}

func (f *fakeAPI) serveReview(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.reviewed++
	switch {
	case strings.HasSuffix(r.URL.Path, "/tokenreviews"):
		review := authenticationv1.TokenReview{}
		decode(r, &review)
		name, ok := f.tokens[review.Spec.Token]
		review.Status = authenticationv1.TokenReviewStatus{Authenticated: ok, User: authenticationv1.UserInfo{Username: name}}
		answer(w, review)
	case strings.HasSuffix(r.URL.Path, "/selfsubjectaccessreviews"):
		review := authorizationv1.SelfSubjectAccessReview{}
		decode(r, &review)
		a := review.Spec.ResourceAttributes
		review.Status.Allowed = !slices.Contains(f.denied, a.Verb+" "+resourceName(*a))
		answer(w, review)
	default:
		review := authorizationv1.SubjectAccessReview{}
		decode(r, &review)
		review.Status.Allowed = slices.Contains(f.readers[review.Spec.User], review.Spec.NonResourceAttributes.Path)
		answer(w, review)
	}
}
