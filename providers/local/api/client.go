// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// Client calls local-cloud. It is safe for concurrent use. Every method takes its deadline from the
// context, and returns an *Error in the chain when the cloud refused.
type Client struct {
	endpoint  *url.URL
	http      *http.Client
	tokenFile string
	userAgent string
}

// ClientOptions of a Client.
type ClientOptions struct {
	// Transport carries the requests; nil means http.DefaultTransport.
	Transport http.RoundTripper
	// TokenFile has the bearer token. It is read for each request, so that it can be replaced.
	TokenFile string
	UserAgent string
}

// NewClient returns a client of the cloud at an endpoint such as "http://127.0.0.1:9440".
func NewClient(endpoint string, opts ClientOptions) (*Client, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", endpoint, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("endpoint %q is not a URL such as http://127.0.0.1:9440", endpoint)
	}
	return &Client{
		endpoint:  u,
		http:      &http.Client{Transport: opts.Transport},
		tokenFile: opts.TokenFile,
		userAgent: opts.UserAgent,
	}, nil
}

// Version proves that the cloud is there and accepts the token.
func (c *Client) Version(ctx context.Context) (Version, error) {
	return call[Version](ctx, c, http.MethodGet, "/v1/version", nil, nil)
}

// LookupMachines looks up to MaxLookup machines up by ID and name.
func (c *Client) LookupMachines(ctx context.Context, in LookupMachinesRequest) (LookupMachinesResponse, error) {
	return call[LookupMachinesResponse](ctx, c, http.MethodPost, "/v1/machines:lookup", nil, in)
}

// ListMachines lists all machines of a region, or of all with an empty one, page by page.
func (c *Client) ListMachines(ctx context.Context, region string) ([]Machine, error) {
	var all []Machine
	query := url.Values{}
	if region != "" {
		query.Set("region", region)
	}
	for {
		page, err := call[MachineList](ctx, c, http.MethodGet, "/v1/machines", query, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Machines...)
		if page.NextPageToken == "" {
			return all, nil
		}
		query.Set("pageToken", page.NextPageToken)
	}
}

// LookupLoadBalancers returns those of up to MaxLookup load balancers that exist.
func (c *Client) LookupLoadBalancers(ctx context.Context, names []string) ([]LoadBalancer, error) {
	page, err := call[LoadBalancerList](ctx, c, http.MethodPost, "/v1/loadbalancers:lookup", nil, LookupLoadBalancersRequest{Names: names})
	return page.LoadBalancers, err
}

// ListLoadBalancers lists all load balancers of a cluster, or of all with an empty one, page by page.
func (c *Client) ListLoadBalancers(ctx context.Context, cluster string) ([]LoadBalancer, error) {
	var all []LoadBalancer
	query := url.Values{}
	if cluster != "" {
		query.Set("cluster", cluster)
	}
	for {
		page, err := call[LoadBalancerList](ctx, c, http.MethodGet, "/v1/loadbalancers", query, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, page.LoadBalancers...)
		if page.NextPageToken == "" {
			return all, nil
		}
		query.Set("pageToken", page.NextPageToken)
	}
}

// CreateLoadBalancer creates a load balancer, or returns the one that its owner has under this name.
func (c *Client) CreateLoadBalancer(ctx context.Context, in CreateLoadBalancerRequest) (LoadBalancer, error) {
	return call[LoadBalancer](ctx, c, http.MethodPost, "/v1/loadbalancers", nil, in)
}

// UpdateLoadBalancer replaces parts of a load balancer.
func (c *Client) UpdateLoadBalancer(ctx context.Context, name string, in UpdateLoadBalancerRequest) (LoadBalancer, error) {
	return call[LoadBalancer](ctx, c, http.MethodPatch, "/v1/loadbalancers/"+url.PathEscape(name), nil, in)
}

// DeleteLoadBalancer deletes a load balancer of a cluster, if there is one.
func (c *Client) DeleteLoadBalancer(ctx context.Context, cluster, name string) error {
	_, err := call[struct{}](ctx, c, http.MethodDelete, "/v1/loadbalancers/"+url.PathEscape(name), url.Values{"cluster": {cluster}}, nil)
	return err
}

// ListRoutes lists all routes of a table.
func (c *Client) ListRoutes(ctx context.Context, table string) ([]Route, error) {
	list, err := call[RouteList](ctx, c, http.MethodGet, tablePath(table), nil, nil)
	return list.Routes, err
}

// CreateRoutes creates up to MaxRoutes routes; the answer has an entry for each, nil for success.
func (c *Client) CreateRoutes(ctx context.Context, table string, in RoutesRequest) ([]*Error, error) {
	out, err := call[RoutesResponse](ctx, c, http.MethodPost, tablePath(table)+":batchCreate", nil, in)
	return out.Results, err
}

// DeleteRoutes deletes up to MaxRoutes routes by destination.
func (c *Client) DeleteRoutes(ctx context.Context, table string, in RoutesRequest) ([]*Error, error) {
	out, err := call[RoutesResponse](ctx, c, http.MethodPost, tablePath(table)+":batchDelete", nil, in)
	return out.Results, err
}

func tablePath(table string) string { return "/v1/routetables/" + url.PathEscape(table) + "/routes" }

// call makes one request. A nil body sends none.
func call[Out any](ctx context.Context, c *Client, method, path string, query url.Values, body any) (Out, error) {
	var out Out
	req, err := c.request(ctx, method, path, query, body)
	if err != nil {
		return out, err
	}
	operation := OperationName(req)
	resp, err := c.http.Do(req)
	if err != nil {
		return out, fmt.Errorf("%s: %w", operation, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		return out, fmt.Errorf("%s: reading the answer: %w", operation, err)
	}
	if resp.StatusCode >= 300 {
		return out, refused(operation, resp, data)
	}
	if len(data) == 0 {
		return out, nil
	}
	if err := json.Unmarshal(data, &out); err != nil {
		return out, fmt.Errorf("%s: the answer is not what this client understands: %w", operation, err)
	}
	return out, nil
}

func (c *Client) request(ctx context.Context, method, path string, query url.Values, body any) (*http.Request, error) {
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("encoding the request to %s: %w", path, err)
		}
		reader = bytes.NewReader(data)
	}
	target := strings.TrimSuffix(c.endpoint.String(), "/") + path
	if len(query) > 0 {
		target += "?" + query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, target, reader)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.userAgent != "" {
		req.Header.Set("User-Agent", c.userAgent)
	}
	if c.tokenFile != "" {
		token, err := os.ReadFile(c.tokenFile)
		if err != nil {
			return nil, fmt.Errorf("reading the token: %w", err)
		}
		req.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	}
	return req, nil
}

func refused(operation string, resp *http.Response, data []byte) *Error {
	e := &Error{Code: "HTTP" + strconv.Itoa(resp.StatusCode), Message: http.StatusText(resp.StatusCode)}
	var body errorBody
	if json.Unmarshal(data, &body) == nil && body.Error != nil {
		e = body.Error
	}
	e.Operation, e.Status = operation, resp.StatusCode
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && seconds > 0 {
		e.RetryAfter = time.Duration(seconds) * time.Second
	}
	return e
}
