// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
)

func response(method string, status int, body string) gophercloud.ErrUnexpectedResponseCode {
	return gophercloud.ErrUnexpectedResponseCode{URL: "https://cloud/v2.0/things", Method: method, Actual: status, Body: []byte(body), ResponseHeader: http.Header{}}
}

// Bodies of errors, as the services send them.
const (
	novaNotFound    = `{"itemNotFound": {"code": 404, "message": "Instance 1 could not be found."}}`
	novaQuota       = `{"forbidden": {"code": 403, "message": "Quota exceeded for cores: Requested 4, but already used 10 of 10 cores"}}`
	novaOverLimit   = `{"overLimit": {"code": 413, "message": "This request was rate-limited.", "retryAfter": 5}}`
	neutronQuota    = `{"NeutronError": {"type": "OverQuota", "message": "Quota exceeded for resources: ['floatingip'].", "detail": ""}}`
	neutronInUse    = `{"NeutronError": {"type": "PortInUse", "message": "Unable to complete operation on port 1.", "detail": ""}}`
	neutronText     = `{"NeutronError": "The server is currently unavailable."}`
	neutronFailed   = `{"NeutronError": {"type": "HTTPInternalServerError", "message": "Request Failed: internal server error while processing your request.\nrequest_ids: ['req-5a4b1c3a-9d5f-4b1c-8b2f-0d3f6a7e8c90']", "detail": ""}}`
	octaviaQuota    = `{"faultcode": "Client", "faultstring": "Quota has been met for resources: Load Balancer.", "debuginfo": null}`
	octaviaDenied   = `{"faultcode": "Client", "faultstring": "Policy does not allow this request to be performed.", "debuginfo": null}`
	octaviaBusy     = `{"faultcode": "Client", "faultstring": "Load Balancer 1 is immutable and cannot be updated.", "debuginfo": null}`
	octaviaNoDriver = `{"faultcode": "Server", "faultstring": "Provider 'ovn' does not support a requested option: OVN provider does not support L7 Policies", "debuginfo": null}`
	keystoneRefuses = `{"error": {"code": 401, "title": "Unauthorized", "message": "The request you have made requires authentication."}}`
	barbicanMissing = `{"code": 404, "title": "Not Found", "description": "Not Found. Sorry but your container is in another castle."}`
	page            = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>"
)

func TestExplain(t *testing.T) {
	limited := response("GET", 429, "")
	limited.ResponseHeader.Set("Retry-After", "30")
	after := func(err error) error { return &gophercloud.ErrErrorAfterReauthentication{ErrOriginal: err} }
	renewal := func(err error) error {
		return &gophercloud.ErrUnableToReauthenticate{ErrOriginal: response("GET", 401, ""), ErrReauth: err}
	}
	dial := &url.Error{Op: "Get", URL: "https://cloud:9876/v2.0/lbaas/pools?id=1", Err: &net.OpError{
		Op: "read", Net: "tcp", Source: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 1), Port: 43210}, Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 2), Port: 9876}, Err: syscall.ECONNRESET}}
	for _, test := range []struct {
		err  error
		want string
		kind string
	}{
		{response("GET", 404, novaNotFound), "Instance 1 could not be found (HTTP 404)", "not found"},
		{after(response("GET", 404, novaNotFound)), "Instance 1 could not be found (HTTP 404)", "not found"},
		{after(after(response("GET", 409, octaviaBusy))), "Load Balancer 1 is immutable and cannot be updated (HTTP 409)", "conflict"},
		{response("GET", 404, "<html>404</html>"), "not found (HTTP 404)", ""},
		{response("GET", 404, "404 page not found"), "404 page not found (HTTP 404)", ""},
		{response("GET", 404, barbicanMissing), "Not Found. Sorry but your container is in another castle (HTTP 404)", "not found"},
		{response("POST", 404, `{"faultcode": "Client", "faultstring": "Subnet 1 not found."}`), "Subnet 1 not found (HTTP 404)", "user, not found"},
		{response("POST", 400, `{"badRequest": {"code": 400, "message": "Invalid input"}}`), "Invalid input (HTTP 400)", "user"},
		{response("POST", 403, octaviaDenied), "Policy does not allow this request to be performed (HTTP 403); the user of the cloud-config needs a role that allows it", "user, denied"},
		{response("POST", 403, octaviaQuota), "Quota has been met for resources: Load Balancer (HTTP 403); the quota of the project is used up: free something, or ask for a larger one", "user, quota"},
		{after(response("POST", 409, neutronQuota)), "Quota exceeded for resources: ['floatingip'] (HTTP 409); the quota of the project is used up: free something, or ask for a larger one", "user, quota"},
		{response("POST", 403, novaQuota), "Quota exceeded for cores: Requested 4, but already used 10 of 10 cores (HTTP 403); the quota of the project is used up: free something, or ask for a larger one", "user, quota"},
		{response("PUT", 409, neutronInUse), "Unable to complete operation on port 1 (HTTP 409)", "conflict"},
		{response("PUT", 412, `{"NeutronError": {"type": "RevisionNumberConstraintFailed", "message": "Constrained to 1, but current revision is 2", "detail": ""}}`), "Constrained to 1, but current revision is 2 (HTTP 412)", "precondition"},
		{response("POST", 501, octaviaNoDriver), "Provider 'ovn' does not support a requested option: OVN provider does not support L7 Policies (HTTP 501)", "user, unsupported"},
		{limited, "too many requests (HTTP 429)", "throttled 30s"},
		{after(limited), "too many requests (HTTP 429)", "throttled 30s"},
		{renewal(limited), "the token has expired, and there is no new one: too many requests (HTTP 429)", "throttled 30s"},
		{response("GET", 413, novaOverLimit), "This request was rate-limited (HTTP 413)", "throttled 0s"},
		{response("GET", 500, neutronFailed), "Request Failed: internal server error while processing your request (HTTP 500)", ""},
		{response("GET", 503, neutronText), "The server is currently unavailable (HTTP 503)", ""},
		{response("GET", 503, page), "service unavailable (HTTP 503)", ""},
		{after(response("GET", 401, keystoneRefuses)), "The request you have made requires authentication (HTTP 401); the token of the cloud-config has expired, or the access rules of its application credential do not allow the request", "denied"},
		{renewal(response("POST", 401, keystoneRefuses)), "the token has expired, and there is no new one: The request you have made requires authentication (HTTP 401)", ""},
		{renewal(response("POST", 404, novaNotFound)), "the token has expired, and there is no new one: Instance 1 could not be found (HTTP 404)", ""},
		{dial, "cloud:9876: read tcp 10.0.0.2:9876: connection reset by peer", ""},
		{context.Canceled, "context canceled", ""},
	} {
		err := Explain("get thing 1", test.err)
		if want := "get thing 1: " + test.want; err.Error() != want {
			t.Errorf("%v\n gives %s\n want  %s", test.err, err, want)
		}
		if got := kinds(err); got != test.kind {
			t.Errorf("%s: is %q, want %q", test.want, got, test.kind)
		}
		if again := Explain("do more", err); kinds(again) != test.kind || !strings.Contains(again.Error(), err.Error()) {
			t.Errorf("explained twice: %v (%s)", again, kinds(again))
		}
	}
	if Explain("x", nil) != nil {
		t.Error("no error is explained")
	}
}

// kinds says what callers find out about an error.
func kinds(err error) string {
	var all []string
	for _, k := range []struct {
		name string
		is   bool
	}{
		{"user", provider.IsUserError(err)}, {"not found", NotFound(err)}, {"conflict", Conflict(err)}, {"denied", Denied(err)},
		{"quota", QuotaExceeded(err)}, {"precondition", PreconditionFailed(err)}, {"unsupported", Unsupported(err)},
	} {
		if k.is {
			all = append(all, k.name)
		}
	}
	if after, is := provider.Throttled(err); is {
		all = append(all, "throttled "+after.String())
	}
	return strings.Join(all, ", ")
}

func TestWhatCameBeforeTheRequestSaysNothingAboutItsObject(t *testing.T) {
	for _, err := range []error{
		asConnect(Explain("read the version of Nova", response("GET", 404, novaNotFound))),
		notConnected(identity{}, response("POST", 404, novaNotFound)),
		&gophercloud.ErrUnableToReauthenticate{ErrReauth: response("POST", 404, novaNotFound)},
	} {
		err = Explain("get server 1", err)
		if NotFound(err) || Status(err) != 0 {
			t.Errorf("%v has status %d", err, Status(err))
		}
	}
}

func TestAtStart(t *testing.T) {
	limited := response("POST", 429, "")
	limited.ResponseHeader.Set("Retry-After", "7")
	for status, final := range map[int]bool{400: true, 401: true, 403: true, 404: false, 500: false, 503: false} {
		var mistake *provider.ConfigError
		if err := AtStart(notConnected(identity{}, response("POST", status, ""))); errors.As(err, &mistake) != final {
			t.Errorf("%d: %v", status, err)
		}
	}
	if after, is := provider.Throttled(notConnected(identity{}, limited)); !is || after != 7*time.Second {
		t.Error("Keystone's wish is lost")
	}
	if err := errors.New("x"); !errors.Is(AtStart(err), err) || AtStart(nil) != nil {
		t.Error("other errors are changed")
	}
}

func TestAnswers(t *testing.T) {
	long := strings.Repeat("ä", mostOfMessage)
	for body, want := range map[string]answer{
		"":                      {},
		"null":                  {},
		"[]":                    {message: "[]"},
		`{"a": 1, "b": null}`:   {},
		`{"message": "a\n  b"}`: {message: "a b"},
		`{"error": {"code": 404, "message": "no such route"}}`:                                 {message: "no such route"},
		`{"faultstring": "(HTTP 500) (Request-ID: req-5a4b1c3a-9d5f-4b1c-8b2f-0d3f6a7e8c90)"}`: {message: "(HTTP 500)", own: true},
		neutronQuota: {message: "Quota exceeded for resources: ['floatingip'].", kind: "OverQuota", own: true},
		fmt.Sprintf(`{"computeFault": {"message": %q}}`, long): {message: strings.Repeat("ä", mostOfMessage/2) + "...", own: true},
	} {
		if got := answerIn([]byte(body)); got != want {
			t.Errorf("%.60s: %+v, want %+v", body, got, want)
		}
	}
}

func FuzzAnswers(f *testing.F) {
	for _, body := range []string{novaNotFound, neutronFailed, neutronText, octaviaQuota, keystoneRefuses, barbicanMissing, page} {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body string) {
		if a := answerIn([]byte(body)); strings.ContainsAny(a.message, "\n\r") || len(a.message) > mostOfMessage+len("...") {
			t.Errorf("%q", a.message)
		}
	})
}
