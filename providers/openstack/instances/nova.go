// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package instances

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/providers/openstack/client"
)

// pageSize is Nova's limit for a page.
const pageSize = 1000

// get asks Nova.
func (r *region) get(ctx context.Context, path string, into any) error {
	nova, err := r.client.Compute(ctx)
	if err != nil {
		return err
	}
	_, err = nova.Get(ctx, nova.ServiceURL(path), into, nil) //nolint:bodyclose // gophercloud closes what it has decoded
	return err
}

// show returns a server; false if Nova says that there is none.
func (r *region) show(ctx context.Context, id string) (*server, bool, error) {
	var answer struct {
		Server *server `json:"server"`
	}
	err := r.get(ctx, "servers/"+url.PathEscape(id), &answer)
	switch {
	case itemNotFound(err):
		return nil, false, nil
	case err != nil:
		return nil, false, client.Explain("get server "+id, err)
	case answer.Server == nil || answer.Server.ID != id:
		return nil, false, fmt.Errorf("get server %s: an answer without it", id)
	}
	return answer.Server, true, nil
}

// itemNotFound reports whether Nova itself says that there is no such object. The 404 of a proxy in front of
// it, or of a wrong address, says nothing about servers.
func itemNotFound(err error) bool {
	var answer map[string]json.RawMessage
	return client.NotFound(err) && json.Unmarshal(client.Body(err), &answer) == nil && answer["itemNotFound"] != nil
}

// list returns the project's servers whose name matches an expression, if there is one, and whether those
// are all: at most a number of pages are read, if it is positive.
func (r *region) list(ctx context.Context, name string, pages int) ([]server, bool, error) {
	var all []server
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if name != "" {
		query.Set("name", name)
	}
	for read := 0; pages <= 0 || read < pages; read++ {
		var page struct {
			Servers *[]server       `json:"servers"`
			Links   json.RawMessage `json:"servers_links"`
		}
		err := r.get(ctx, "servers/detail?"+query.Encode(), &page)
		if client.Status(err) == http.StatusBadRequest && read > 0 {
			return all, false, nil // the server after which this page was to begin has been deleted
		}
		if err != nil {
			return nil, false, client.Explain("list servers", err)
		}
		if page.Servers == nil {
			return nil, false, errors.New("list servers: an answer without a list")
		}
		servers := *page.Servers
		all = append(all, servers...)
		if len(page.Links) == 0 || len(servers) == 0 {
			return all, true, nil
		}
		query.Set("marker", servers[len(servers)-1].ID)
	}
	return all, false, nil
}

// pattern is a regular expression that matches some names, and perhaps others.
type pattern struct {
	expression string
	names      []string
}

// exactly is for how many names each is asked for by itself.
const exactly = 3

// patterns match names: few by one expression each, many by what they begin and end with and how long they
// are. Nova takes a "|" in an expression for the character, so that there are no alternatives.
func patterns(names []string) []pattern {
	if len(names) <= exactly {
		var all []pattern
		for _, name := range names {
			all = append(all, pattern{"^" + regexp.QuoteMeta(name) + "$", []string{name}})
		}
		return all
	}
	shortest, longest := len(names[0]), len(names[0])
	start, end := names[0], names[0]
	for _, name := range names {
		shortest, longest = min(shortest, len(name)), max(longest, len(name))
		for !strings.HasPrefix(name, start) {
			start = start[:len(start)-1]
		}
		for !strings.HasSuffix(name, end) {
			end = end[1:]
		}
	}
	end = end[max(0, len(start)+len(end)-shortest):] // what they begin with is not what they end with, too
	around := len(start) + len(end)
	return []pattern{{fmt.Sprintf("^%s.{%d,%d}%s$", regexp.QuoteMeta(start), shortest-around, longest-around, regexp.QuoteMeta(end)), names}}
}
