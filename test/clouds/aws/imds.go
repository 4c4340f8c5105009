// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/cloud-providers/test/clouds/aws/ec2"
	"sigs.k8s.io/cloud-providers/test/clouds/aws/wire"
)

// metadata is the instance metadata service of one instance (version 2: with tokens).
type metadata struct {
	server *Server

	mu       sync.Mutex
	instance string
	tokens   map[string]time.Time // when they expire
}

const (
	tokenHeader = "X-Aws-Ec2-Metadata-Token"
	ttlHeader   = "X-Aws-Ec2-Metadata-Token-Ttl-Seconds"
	// maxTTL is six hours.
	maxTTL = 21600
	// nodeRole is the role of the instance profile that each instance has.
	nodeRole = "nodes"
)

func (m *metadata) setInstance(id string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.instance = id
}

// ServeHTTP implements http.Handler.
func (m *metadata) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	status, result := http.StatusNotFound, "NotFound"
	fault := m.server.Faults.Next("imds", r.URL.Path)
	if !wait(r.Context(), time.Duration(m.server.latency.Load())+time.Duration(fault.Delay)) {
		return
	}
	if fault.Kind == Drop || fault.Kind == Lose {
		m.log(r, Dropped)
		panic(http.ErrAbortHandler)
	}
	var body string
	switch {
	case fault.Kind == Fail:
		status, result = max(fault.Status, http.StatusInternalServerError), fault.Code
	case r.URL.Path == "/latest/api/token":
		status, body = m.newToken(w, r)
	case !m.authentic(r):
		status = http.StatusUnauthorized
	case r.Method != http.MethodGet:
		status = http.StatusMethodNotAllowed
	default:
		if text, ok := m.text(strings.TrimPrefix(r.URL.Path, "/latest")); ok {
			status, body = http.StatusOK, text
		}
	}
	if status != http.StatusNotFound && result == "NotFound" {
		result = http.StatusText(status)
	}
	m.log(r, result)
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // a client that has gone misses nothing
}

func (m *metadata) log(r *http.Request, result string) {
	m.server.Calls.add(Call{
		Time: m.server.Clock.Now(), Service: "imds", Operation: r.Method + " " + r.URL.Path, Result: result,
		RequestID: wire.NewRequestID(), UserAgent: r.UserAgent(),
	})
}

func (m *metadata) newToken(w http.ResponseWriter, r *http.Request) (status int, token string) {
	if r.Method != http.MethodPut {
		return http.StatusMethodNotAllowed, ""
	}
	if r.Header.Get("X-Forwarded-For") != "" {
		return http.StatusForbidden, "" // so that an open proxy gives no tokens away
	}
	ttl, err := strconv.Atoi(r.Header.Get(ttlHeader))
	if err != nil || ttl < 1 || ttl > maxTTL {
		return http.StatusBadRequest, ""
	}
	token = random(56)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tokens[token] = m.server.Clock.Now().Add(time.Duration(ttl) * time.Second)
	w.Header().Set(ttlHeader, strconv.Itoa(ttl))
	return http.StatusOK, token
}

func (m *metadata) authentic(r *http.Request) bool {
	token := r.Header.Get(tokenHeader)
	if token == "" {
		return m.server.opts.MetadataV1
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	expires, ok := m.tokens[token]
	return ok && m.server.Clock.Now().Before(expires)
}

// text is the answer for a path, or the list of what is below it.
func (m *metadata) text(path string) (string, bool) {
	m.mu.Lock()
	id := m.instance
	m.mu.Unlock()
	i, ok := m.server.EC2.InstanceByID(id)
	if !ok {
		return "", false
	}
	if path == "/dynamic/instance-identity/document" {
		return m.document(&i), true
	}
	name, ok := strings.CutPrefix(path, "/meta-data")
	if !ok {
		return "", false
	}
	if name == "/iam/security-credentials/"+nodeRole {
		return m.credentials(&i), true
	}
	entries := m.entries(&i)
	if text, ok := entries[name]; ok {
		return text, true
	}
	return listing(entries, strings.TrimSuffix(name, "/")+"/")
}

// listing names what is right below a directory; directories end with a slash.
func listing(entries map[string]string, directory string) (string, bool) {
	var names []string
	for path := range entries {
		rest, ok := strings.CutPrefix(path, directory)
		if !ok {
			continue
		}
		name, _, deeper := strings.Cut(rest, "/")
		if deeper {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "\n"), len(names) > 0
}

func (m *metadata) entries(i *ec2.Instance) map[string]string {
	zone := i.Zone
	out := map[string]string{
		"/ami-id": i.ImageID, "/instance-id": i.ID, "/instance-type": i.Type, "/instance-life-cycle": "on-demand",
		"/hostname": i.PrivateDNS, "/local-hostname": i.PrivateDNS, "/local-ipv4": i.PrivateIP,
		"/placement/availability-zone": zone, "/placement/region": m.server.opts.Region,
		"/placement/availability-zone-id":       m.server.EC2.ZoneID(zone),
		"/iam/security-credentials/" + nodeRole: "",
		"/services/domain":                      "amazonaws.com", "/services/partition": partition(m.server.opts.Region),
	}
	if i.PublicIP != "" {
		out["/public-ipv4"], out["/public-hostname"] = i.PublicIP, i.PublicDNS
	}
	for device, ni := range m.server.EC2.InterfacesOf(i.ID) {
		below := "/network/interfaces/macs/" + ni.MAC() + "/"
		if device == 0 {
			out["/mac"] = ni.MAC()
		}
		out[below+"device-number"] = strconv.Itoa(ni.Attachment.DeviceIndex)
		out[below+"interface-id"] = ni.ID
		out[below+"local-ipv4s"] = strings.Join(ni.PrivateIPs(), "\n")
		out[below+"mac"] = ni.MAC()
		out[below+"owner-id"] = m.server.opts.Account
		out[below+"security-group-ids"] = strings.Join(ni.Groups, "\n")
		out[below+"subnet-id"] = ni.SubnetID
		out[below+"vpc-id"] = ni.VPCID
	}
	return out
}

// document is the instance identity document.
func (m *metadata) document(i *ec2.Instance) string {
	doc := struct {
		AccountID        string    `json:"accountId"`
		Architecture     string    `json:"architecture"`
		AvailabilityZone string    `json:"availabilityZone"`
		ImageID          string    `json:"imageId"`
		InstanceID       string    `json:"instanceId"`
		InstanceType     string    `json:"instanceType"`
		PendingTime      time.Time `json:"pendingTime"`
		PrivateIP        string    `json:"privateIp"`
		Region           string    `json:"region"`
		Version          string    `json:"version"`
	}{m.server.opts.Account, i.Architecture, i.Zone, i.ImageID, i.ID, i.Type, i.LaunchTime.Truncate(time.Second), i.PrivateIP, m.server.opts.Region, "2017-09-30"}
	return encodeJSON(doc)
}

// credentials opens a session of the instance's role, valid for six hours.
func (m *metadata) credentials(i *ec2.Instance) string {
	key, opened := m.server.sts.open(role{partition(m.server.opts.Region), m.server.opts.Account, nodeRole}, i.ID, 6*time.Hour)
	now := m.server.Clock.Now().UTC().Format(time.RFC3339)
	return encodeJSON(map[string]string{
		"Code": "Success", "LastUpdated": now, "Type": "AWS-HMAC", "AccessKeyId": key, "SecretAccessKey": opened.secret,
		"Token": opened.token, "Expiration": opened.expires.Format(time.RFC3339),
	})
}

func encodeJSON(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return fmt.Sprintf("%q", err) // strings and times have no way to fail
	}
	return string(b)
}
