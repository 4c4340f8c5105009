// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package nova

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack/neutron"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/rest"
)

func (s *Service) find(r *rest.Request) (*Server, error) {
	v := s.servers.Get(r.Vars["id"])
	if v == nil || v.Deleted || !r.Sees(v.ProjectID) {
		return nil, rest.Errorf(http.StatusNotFound, "", "Instance %s could not be found.", r.Vars["id"])
	}
	return v, nil
}

func (s *Service) show(r *rest.Request) (*rest.Response, error) {
	v, err := s.find(r)
	if err != nil {
		return nil, err
	}
	minor, _, _ := s.asked(r)
	if v.CellDown && minor < 69 {
		return nil, rest.Errorf(http.StatusInternalServerError, "", "Unexpected API Error.")
	}
	body := s.body(r, v, s.reader(v.ID), s.groupReader(v.ID))
	if minor >= 71 && !v.CellDown {
		body["server_groups"] = []string{} // lists do not have them
	}
	return rest.OK(http.StatusOK, "server", body), nil
}

// list serves both lists of servers; only one is detailed.
func (s *Service) list(r *rest.Request) (*rest.Response, error) {
	read := s.reader()
	fits, err := s.filter(r, read)
	if err != nil {
		return nil, err
	}
	some := s.servers.Select(fits)
	slices.Reverse(some) // the newest first
	page, next, err := rest.Page(r.Query, some, s.opts.PageSize, true)
	if err != nil {
		return nil, rest.Errorf(http.StatusBadRequest, "", "%v", err)
	}
	all, groups := []any{}, s.groupReader()
	for _, v := range page {
		if strings.HasSuffix(strings.TrimSuffix(r.URL.Path, "/"), "/detail") {
			all = append(all, s.body(r, v, read, groups))
		} else {
			all = append(all, map[string]any{"id": v.ID, "name": v.Name, "links": links(r, v)})
		}
	}
	return s.paged(r, "servers", all, next), nil
}

// filter makes a function of a list's parameters.
func (s *Service) filter(r *rest.Request, read func(*Server) map[string][]address) (func(*Server) bool, error) {
	expressions := map[string]*regexp.Regexp{}
	for _, name := range []string{"name", "ip", "ip6"} {
		if text := r.Query.Get(name); text != "" {
			expression, err := regexp.Compile("(?i)" + strings.ReplaceAll(text, "|", `\|`)) // Nova takes a "|" for the character, since MySQL
			if err != nil {
				return nil, rest.Errorf(http.StatusBadRequest, "", "Invalid input for query parameters %s. Value: %s. '%s' is not a 'regex'", name, text, text)
			}
			expressions[name] = expression
		}
	}
	var since time.Time
	if text := r.Query.Get("changes-since"); text != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, text); err != nil {
			return nil, rest.Errorf(http.StatusBadRequest, "", "Invalid input for query parameters changes-since. Value: %s. '%s' is not a 'date-time'", text, text)
		}
	}
	minor, _, _ := s.asked(r)
	everybody := r.Admin && r.Query.Get("all_tenants") != "" && r.Query.Get("all_tenants") != "0"
	return func(v *Server) bool {
		switch {
		case v.ProjectID != r.ProjectID && !everybody, v.CellDown && minor < 69:
			return false
		case v.Deleted && since.IsZero(), !since.IsZero() && v.Updated.Before(since):
			return false
		case expressions["name"] != nil && !expressions["name"].MatchString(v.Name):
			return false
		case r.Query.Has("status") && !slices.ContainsFunc(r.Query["status"], func(w string) bool { return strings.EqualFold(w, v.Status) }):
			return false
		case r.Query.Has("flavor") && r.Query.Get("flavor") != v.FlavorID:
			return false
		}
		return hasAddress(expressions["ip"], 4, v, read) && (minor < 5 || hasAddress(expressions["ip6"], 6, v, read))
	}, nil
}

func hasAddress(expression *regexp.Regexp, version int, v *Server, read func(*Server) map[string][]address) bool {
	if expression == nil {
		return true
	}
	for _, all := range read(v) {
		for _, a := range all {
			if a.Version == version && expression.MatchString(a.Addr) {
				return true
			}
		}
	}
	return false
}

// reader returns a function that finds addresses, from the cache where that is young enough, else from the
// ports of those servers, or of all.
func (s *Service) reader(ids ...string) func(*Server) map[string][]address {
	now := s.opts.Clock.Now()
	var ports map[string][]neutron.Port
	var floating map[string][]neutron.FloatingIP
	return func(v *Server) map[string][]address {
		if v.Status == "BUILD" || v.Deleted {
			return map[string][]address{}
		}
		if have, ok := s.cache[v.ID]; ok && now.Sub(have.at) < s.lag {
			return have.addresses
		}
		if ports == nil {
			ports = s.opts.Network.PortsOf(ids...)
			floating = map[string][]neutron.FloatingIP{}
			for _, f := range s.opts.Network.FloatingIPs() {
				if f.PortID != nil {
					floating[*f.PortID] = append(floating[*f.PortID], f)
				}
			}
		}
		all := s.addresses(ports[v.ID], floating)
		s.cache[v.ID] = known{now, all}
		return all
	}
}

func (s *Service) addresses(ports []neutron.Port, floating map[string][]neutron.FloatingIP) map[string][]address {
	all := map[string][]address{}
	for _, p := range ports {
		network, _ := s.opts.Network.Network(p.NetworkID)
		for _, ip := range p.FixedIPs {
			version := 4
			if a, err := netip.ParseAddr(ip.IPAddress); err == nil && a.Is6() {
				version = 6
			}
			all[network.Name] = append(all[network.Name], address{version, ip.IPAddress, "fixed", p.MACAddress})
			for _, f := range floating[p.ID] {
				if *f.FixedIPAddress == ip.IPAddress {
					all[network.Name] = append(all[network.Name], address{4, f.FloatingIPAddress, "floating", p.MACAddress})
				}
			}
		}
	}
	return all
}

func links(r *rest.Request, v *Server) []any {
	return []any{map[string]string{"rel": "self", "href": r.At("/v2.1/servers/" + v.ID)}, bookmark(r, "/servers/"+v.ID)}
}

// body is a server as the microversion of the request shows it.
func (s *Service) body(r *rest.Request, v *Server, read func(*Server) map[string][]address, groups func(*Server) []map[string]string) map[string]any {
	minor, _, _ := s.asked(r)
	if v.CellDown {
		return map[string]any{"id": v.ID, "status": "UNKNOWN", "tenant_id": v.ProjectID, "created": stamp(v.Created), "links": links(r, v)}
	}
	hostID := ""
	if v.Host != "" {
		hostID = rest.HexOf(v.ProjectID+v.Host) + rest.HexOf(v.Host)[:24]
	}
	body := map[string]any{
		"id": v.ID, "name": v.Name, "status": v.Status, "tenant_id": v.ProjectID, "user_id": v.UserID, "metadata": v.Metadata,
		"hostId": hostID, "image": imageOf(r, v), "flavor": s.flavorOf(r, v, minor), "created": stamp(v.Created), "updated": stamp(v.Updated),
		"addresses": read(v), "accessIPv4": v.AccessIPv4, "accessIPv6": v.AccessIPv6, "links": links(r, v), "config_drive": "",
		"key_name": nil, "OS-DCF:diskConfig": "MANUAL",
		"OS-EXT-AZ:availability_zone": v.Zone, "OS-EXT-STS:task_state": nil, "OS-EXT-STS:vm_state": state(v),
		"OS-EXT-STS:power_state": map[string]int{"ACTIVE": 1, "SHUTOFF": 4}[v.Status], "OS-SRV-USG:launched_at": v.Created.UTC().Format("2006-01-02T15:04:05.000000"),
		"OS-SRV-USG:terminated_at": nil, "os-extended-volumes:volumes_attached": []any{},
	}
	if v.Status == "ACTIVE" || v.Status == "BUILD" {
		body["progress"] = 0
	}
	if have := groups(v); len(have) > 0 {
		body["security_groups"] = have
	}
	for _, field := range []struct {
		minor int
		name  string
		value any
	}{
		{9, "locked", false}, {19, "description", nil}, {26, "tags", []string{}}, {63, "trusted_image_certificates", nil}, {73, "locked_reason", nil}, {90, "OS-EXT-SRV-ATTR:hostname", strings.ToLower(v.Name)},
	} {
		if minor >= field.minor {
			body[field.name] = field.value
		}
	}
	return body
}

// state is a server's vm_state.
func state(v *Server) string {
	if v.Status == "SHUTOFF" {
		return "stopped"
	}
	return strings.ToLower(v.Status)
}

// groupReader returns a function that finds the security groups of servers' ports, one entry for each port.
func (s *Service) groupReader(ids ...string) func(*Server) []map[string]string {
	var ports map[string][]neutron.Port
	names := map[string]string{}
	return func(v *Server) []map[string]string {
		if ports == nil {
			ports = s.opts.Network.PortsOf(ids...)
		}
		all := []map[string]string{}
		for _, p := range ports[v.ID] {
			for _, id := range p.SecurityGroups {
				if _, ok := names[id]; !ok {
					g, _ := s.opts.Network.SecurityGroup(id)
					names[id] = g.Name
				}
				all = append(all, map[string]string{"name": names[id]})
			}
		}
		return all
	}
}

// imageOf is an empty text for servers without an image.
func imageOf(r *rest.Request, v *Server) any {
	if v.ImageID == "" {
		return ""
	}
	return map[string]any{"id": v.ImageID, "links": []any{bookmark(r, "/images/"+v.ImageID)}}
}

func bookmark(r *rest.Request, path string) map[string]string {
	return map[string]string{"rel": "bookmark", "href": r.At(path)}
}

// flavorOf has an ID or a name, never both.
func (s *Service) flavorOf(r *rest.Request, v *Server, minor int) map[string]any {
	if minor < 47 {
		return map[string]any{"id": v.FlavorID, "links": []any{bookmark(r, "/flavors/"+v.FlavorID)}}
	}
	f := s.flavors.Get(v.FlavorID)
	if f == nil {
		f = &Flavor{Name: v.FlavorID}
	}
	return map[string]any{
		"vcpus": f.VCPUs, "ram": f.RAM, "disk": f.Disk, "ephemeral": 0, "swap": 0, "original_name": f.Name, "extra_specs": specs(f),
	}
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

func (s *Service) delete(r *rest.Request) (*rest.Response, error) {
	v, err := s.find(r)
	if err != nil {
		return nil, err
	}
	s.remove(v)
	return &rest.Response{Status: http.StatusNoContent}, nil
}

// action stops and starts servers; others are refused.
func (s *Service) action(r *rest.Request) (*rest.Response, error) {
	v, err := s.find(r)
	if err != nil {
		return nil, err
	}
	var in map[string]json.RawMessage
	if err := json.Unmarshal(r.Content, &in); err != nil {
		return nil, rest.Errorf(http.StatusBadRequest, "", "Malformed request body")
	}
	for _, change := range []struct{ action, from, to string }{
		{"os-stop", "ACTIVE", "SHUTOFF"}, {"os-start", "SHUTOFF", "ACTIVE"}, {"pause", "ACTIVE", "PAUSED"}, {"unpause", "PAUSED", "ACTIVE"},
		{"suspend", "ACTIVE", "SUSPENDED"}, {"resume", "SUSPENDED", "ACTIVE"}, {"shelve", "ACTIVE", "SHELVED_OFFLOADED"}, {"unshelve", "SHELVED_OFFLOADED", "ACTIVE"},
	} {
		if _, ok := in[change.action]; !ok {
			continue
		}
		if v.Status != change.from {
			return nil, rest.Errorf(http.StatusConflict, "", "Cannot '%s' instance %s while it is in vm_state %s", strings.TrimPrefix(change.action, "os-"), v.ID, state(v))
		}
		v.Status, v.Updated = change.to, s.opts.Clock.Now().UTC().Truncate(time.Second)
		return &rest.Response{Status: http.StatusAccepted}, nil
	}
	return nil, rest.Errorf(http.StatusBadRequest, "", "There is no such action: %s", strings.Join(slices.Sorted(maps.Keys(in)), ", "))
}

func (s *Service) interfaces(r *rest.Request) (*rest.Response, error) {
	v, err := s.find(r)
	if err != nil {
		return nil, err
	}
	all := []any{}
	for _, p := range s.opts.Network.PortsOf(v.ID)[v.ID] {
		all = append(all, map[string]any{"port_id": p.ID, "net_id": p.NetworkID, "mac_addr": p.MACAddress, "port_state": p.Status, "fixed_ips": p.FixedIPs})
	}
	return rest.OK(http.StatusOK, "interfaceAttachments", all), nil
}
