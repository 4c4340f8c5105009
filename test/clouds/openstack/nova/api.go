// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nova

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

// API is the service on the wire.
func (s *Service) API() rest.Service {
	const at = "/v2.1"
	operations := []rest.Operation{
		{Name: "ListVersions", Method: "GET", Path: "/", Public: true, Do: s.versions},
		{Name: "ShowVersion", Method: "GET", Path: at, Public: true, Do: s.version},
		{Name: "ListServers", Method: "GET", Path: at + "/servers", Do: s.list},
		{Name: "ListServersDetail", Method: "GET", Path: at + "/servers/detail", Do: s.list},
		{Name: "ShowServer", Method: "GET", Path: at + "/servers/{id}", Do: s.show},
		{Name: "DeleteServer", Method: "DELETE", Path: at + "/servers/{id}", Do: s.delete},
		{Name: "ServerAction", Method: "POST", Path: at + "/servers/{id}/action", Do: s.action},
		{Name: "ListServerInterfaces", Method: "GET", Path: at + "/servers/{id}/os-interface", Do: s.interfaces},
		{Name: "ListFlavors", Method: "GET", Path: at + "/flavors", Do: s.listFlavors},
		{Name: "ListFlavorsDetail", Method: "GET", Path: at + "/flavors/detail", Do: s.listFlavors},
		{Name: "ShowFlavor", Method: "GET", Path: at + "/flavors/{id}", Do: s.showFlavor},
		{Name: "ListFlavorExtraSpecs", Method: "GET", Path: at + "/flavors/{id}/os-extra_specs", Do: s.extraSpecs},
	}
	return rest.Service{
		Name: "nova", Type: "compute", Prefix: "/compute", Endpoint: "/compute/v2.1", ErrorBody: errorBody,
		Operations: rest.Locked(&s.mu, operations), Before: s.checkVersion, Header: s.header,
	}
}

func errorBody(e *rest.Error) any {
	if e.Type == "HTTPNotFound" { // no such path
		return map[string]any{"code": "404 Not Found", "message": "The resource could not be found.<br /><br />\n\n\n", "title": "Not Found"}
	}
	name := map[int]string{
		http.StatusBadRequest: "badRequest", http.StatusForbidden: "forbidden", http.StatusNotFound: "itemNotFound",
		http.StatusConflict: "conflictingRequest", http.StatusTooManyRequests: "overLimit", http.StatusMethodNotAllowed: "badMethod",
	}[e.Status]
	if name == "" {
		name = "computeFault"
	}
	return map[string]any{name: map[string]any{"code": e.Status, "message": e.Message}}
}

// asked is the microversion that a request asks for.
func (s *Service) asked(r *rest.Request) (minor int, text string, ok bool) {
	text = strings.TrimSpace(strings.TrimPrefix(r.Header.Get("OpenStack-API-Version"), "compute"))
	if text == "" {
		text = r.Header.Get("X-OpenStack-Nova-API-Version")
	}
	switch text {
	case "":
		return 1, "2.1", true
	case "latest":
		return s.microversion, fmt.Sprintf("2.%d", s.microversion), true
	}
	major, rest, _ := strings.Cut(text, ".")
	minor, err := strconv.Atoi(rest)
	return minor, text, err == nil && major == "2" && minor >= 1 && minor <= s.microversion
}

func (s *Service) checkVersion(r *rest.Request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, text, ok := s.asked(r); !ok {
		return rest.Errorf(http.StatusNotAcceptable, "", "Version %s is not supported by the API. Minimum is 2.1 and maximum is 2.%d.", text, s.microversion)
	}
	return nil
}

func (s *Service) header(r *rest.Request, h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, text, _ := s.asked(r)
	h.Set("OpenStack-API-Version", "compute "+text)
	h.Set("X-OpenStack-Nova-API-Version", text)
	h.Set("Vary", "OpenStack-API-Version, X-OpenStack-Nova-API-Version")
	h.Set("X-Compute-Request-Id", r.RequestID)
}

func (s *Service) document(r *rest.Request) map[string]any {
	return map[string]any{
		"id": "v2.1", "status": "CURRENT", "version": fmt.Sprintf("2.%d", s.microversion), "min_version": "2.1", "updated": "2013-07-23T11:33:21Z",
		"links": []any{map[string]string{"rel": "self", "href": r.At("/v2.1/")}},
	}
}

func (s *Service) versions(r *rest.Request) (*rest.Response, error) {
	old := map[string]any{
		"id": "v2.0", "status": "SUPPORTED", "version": "", "min_version": "", "updated": "2011-01-21T11:33:21Z",
		"links": []any{map[string]string{"rel": "self", "href": r.At("/v2/")}},
	}
	return rest.OK(http.StatusOK, "versions", []any{old, s.document(r)}), nil
}

func (s *Service) version(r *rest.Request) (*rest.Response, error) {
	document := s.document(r)
	document["links"] = append(document["links"].([]any), map[string]string{"rel": "describedby", "type": "text/html", "href": "http://docs.openstack.org/"})
	document["media-types"] = []any{map[string]string{"base": "application/json", "type": "application/vnd.openstack.compute+json;version=2.1"}}
	return rest.OK(http.StatusOK, "version", document), nil
}

func (s *Service) flavorBody(r *rest.Request, f *Flavor) map[string]any {
	body := map[string]any{
		"id": f.ID, "name": f.Name, "vcpus": f.VCPUs, "ram": f.RAM, "disk": f.Disk, "swap": "", "rxtx_factor": 1.0,
		"OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "os-flavor-access:is_public": true,
		"links": []any{map[string]string{"rel": "self", "href": r.At("/v2.1/flavors/" + f.ID)}, bookmark(r, "/flavors/"+f.ID)},
	}
	minor, _, _ := s.asked(r)
	if minor >= 55 {
		body["description"] = nil
	}
	if minor >= 61 {
		body["extra_specs"] = specs(f)
	}
	if minor >= 75 {
		body["swap"] = 0
	}
	return body
}

func specs(f *Flavor) map[string]string {
	if f.ExtraSpecs == nil {
		return map[string]string{}
	}
	return f.ExtraSpecs
}

func (s *Service) listFlavors(r *rest.Request) (*rest.Response, error) {
	page, next, err := rest.Page(r.Query, s.flavors.All(), s.opts.PageSize, true)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, f := range page {
		all = append(all, s.flavorBody(r, f))
	}
	return s.paged(r, "flavors", all, next), nil
}

// paged is a list with a link to its next page, if there is one.
func (s *Service) paged(r *rest.Request, key string, all []any, next string) *rest.Response {
	answer := map[string]any{key: all}
	if next != "" {
		query := r.URL.Query()
		query.Set("marker", next)
		answer[key+"_links"] = []any{map[string]string{"rel": "next", "href": r.Base + r.URL.Path + "?" + query.Encode()}}
	}
	return &rest.Response{Status: http.StatusOK, Body: answer}
}

func (s *Service) flavor(r *rest.Request) (*Flavor, error) {
	if f := s.flavors.Get(r.Vars["id"]); f != nil {
		return f, nil
	}
	return nil, rest.Errorf(http.StatusNotFound, "", "Flavor %s could not be found.", r.Vars["id"])
}

func (s *Service) showFlavor(r *rest.Request) (*rest.Response, error) {
	f, err := s.flavor(r)
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "flavor", s.flavorBody(r, f)), nil
}

func (s *Service) extraSpecs(r *rest.Request) (*rest.Response, error) {
	f, err := s.flavor(r)
	if err != nil {
		return nil, err
	}
	return rest.OK(http.StatusOK, "extra_specs", specs(f)), nil
}
