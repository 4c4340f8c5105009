// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package neutron is what several parts of the provider ask of Neutron, in ways that gophercloud does not
// offer: one list for many values of a filter, and changes that lose nobody else's.
package neutron

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"

	"github.com/gophercloud/gophercloud/v2"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

const (
	// maxURL is what a URL may be long: web servers and proxies refuse request lines of more than 8 KiB.
	maxURL = 8000
	// concurrency is how many parts of one list are asked for at once.
	concurrency = 4
	// attempts is how often a change is tried against others who change the same object.
	attempts = 5
)

// List returns the objects of a collection, such as "ports" or "lbaas/pools/<ID>/members", that fit a query; several values of one
// parameter are alternatives. All pages are read.
func List[T any](ctx context.Context, net *gophercloud.ServiceClient, collection string, query url.Values) ([]T, error) {
	var all []T
	address := net.ServiceURL(collection) + withQuery(query)
	name := strings.ReplaceAll(path.Base(collection), "-", "_") // "security-groups" are "security_groups" in the answer
	for address != "" {
		var page map[string]json.RawMessage
		if err := get(ctx, net, address, &page); err != nil {
			return nil, client.Explain("list "+collection, err)
		}
		var items []T
		if err := json.Unmarshal(page[name], &items); err != nil {
			return nil, fmt.Errorf("list %s: an answer that is no list: %w", collection, err)
		}
		all = append(all, items...)
		next, err := nextPage(page[name+"_links"])
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", collection, err)
		}
		address = ""
		if next != "" && len(items) > 0 {
			address = net.ServiceURL(collection) + "?" + next
		}
	}
	return all, nil
}

// ListBy returns the objects for which the filter has one of the values, with as few calls as the length of
// URLs allows. Some objects may be there twice if they fit several values.
func ListBy[T any](ctx context.Context, net *gophercloud.ServiceClient, collection, filter string, values []string, more url.Values) ([]T, error) {
	room := maxURL - len(net.ServiceURL(collection)) - len(withQuery(more))
	parts := split(filter, values, room)
	found, errs := make([][]T, len(parts)), make([]error, len(parts))
	slots := make(chan struct{}, concurrency)
	var wg sync.WaitGroup
	for i, part := range parts {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			query := url.Values{filter: part}
			for name, v := range more {
				query[name] = v
			}
			found[i], errs[i] = List[T](ctx, net, collection, query)
		})
	}
	wg.Wait()
	var all []T
	for i := range parts {
		if errs[i] != nil {
			return nil, errs[i]
		}
		all = append(all, found[i]...)
	}
	return all, nil
}

// split cuts values into parts of which each, as repeated parameters, fits into the room.
func split(filter string, values []string, room int) [][]string {
	var parts [][]string
	length := room
	for _, v := range values {
		one := len("&") + len(filter) + len("=") + len(url.QueryEscape(v))
		if length += one; length > room || len(parts) == 0 {
			parts, length = append(parts, nil), one
		}
		last := len(parts) - 1
		parts[last] = append(parts[last], v)
	}
	return parts
}

func withQuery(query url.Values) string {
	if len(query) == 0 {
		return ""
	}
	return "?" + query.Encode()
}

// nextPage is the query of the next page. Only the query is taken of the link: behind a proxy that ends TLS
// Neutron often names an address that is not its own.
func nextPage(raw json.RawMessage) (string, error) {
	var links []struct{ Rel, Href string }
	if len(raw) == 0 {
		return "", nil
	}
	if err := json.Unmarshal(raw, &links); err != nil {
		return "", fmt.Errorf("links that are no list: %w", err)
	}
	for _, l := range links {
		if l.Rel != "next" {
			continue
		}
		_, query, ok := strings.Cut(l.Href, "?")
		if !ok {
			return "", fmt.Errorf("a link to the next page without a query: %q", l.Href)
		}
		return query, nil
	}
	return "", nil
}

func get(ctx context.Context, net *gophercloud.ServiceClient, address string, into any) error {
	_, err := net.Get(ctx, address, into, nil) //nolint:bodyclose // gophercloud closes what it has decoded
	return err
}

// object is what there is to know of a kind of objects in order to change one.
type object[T any] struct {
	one, many string
	id        func(T) string
	revision  func(T) int
}

func (o object[T]) get(ctx context.Context, net *gophercloud.ServiceClient, id string) (T, error) {
	var answer map[string]T
	if err := get(ctx, net, net.ServiceURL(o.many, id), &answer); err != nil {
		var none T
		return none, client.Explain("get "+o.one+" "+id, err)
	}
	return answer[o.one], nil
}

// update changes an object as change says, given what it is like; a nil map means that nothing is to be
// done. If somebody else has changed it since it was read, it is read and change asked again.
func (o object[T]) update(ctx context.Context, net *gophercloud.ServiceClient, is T, change func(T) map[string]any) (T, error) {
	for attempt := 1; ; attempt++ {
		fields := change(is)
		if fields == nil {
			return is, nil
		}
		next, err := o.put(ctx, net, o.id(is), "", map[string]any{o.one: fields}, o.revision(is))
		if err == nil {
			return next, nil
		}
		if client.Status(err) != http.StatusPreconditionFailed || attempt == attempts {
			return is, client.Explain("update "+o.one+" "+o.id(is), err)
		}
		fresh, err := o.get(ctx, net, o.id(is))
		if err != nil {
			return is, err
		}
		is = fresh
	}
}

// put sends a change, for an object that has still the revision; 0 means whichever it has.
func (o object[T]) put(ctx context.Context, net *gophercloud.ServiceClient, id, action string, body any, revision int) (T, error) {
	options := &gophercloud.RequestOpts{OkCodes: []int{http.StatusOK, http.StatusCreated}}
	if revision > 0 {
		options.MoreHeaders = map[string]string{"If-Match": fmt.Sprintf("revision_number=%d", revision)}
	}
	path := []string{o.many, id}
	if action != "" {
		path = append(path, action)
	}
	var changed map[string]T
	_, err := net.Put(ctx, net.ServiceURL(path...), body, &changed, options) //nolint:bodyclose // gophercloud closes what it has decoded
	return changed[o.one], err
}
