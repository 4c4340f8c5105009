// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// auditPolicy records the metadata of all requests but those that say nothing about the programs
// under test: the API server's to itself and the heartbeats of kubelets.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
- level: None
  users: ["system:apiserver"]
- level: None
  namespaces: ["kube-node-lease"]
  resources: [{group: coordination.k8s.io, resources: [leases]}]
- level: Metadata
`

func (c *Cluster) auditPolicyPath() string { return filepath.Join(c.dir, "pki", "audit-policy.yaml") }
func (c *Cluster) auditLogPath() string    { return filepath.Join(c.dir, "log", "audit.log") }

func (c *Cluster) writeAuditPolicy() error {
	if err := os.WriteFile(c.auditPolicyPath(), []byte(auditPolicy), 0o644); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	return nil
}

// AuditLog reads the requests that the API server answered.
type AuditLog struct {
	path    string
	enabled bool
}

// AuditMark is a point in an [AuditLog].
type AuditMark int64

// Audit returns the log of requests, which is kept with Options.Audit only.
func (c *Cluster) Audit() *AuditLog {
	return &AuditLog{path: c.auditLogPath(), enabled: c.options.Audit}
}

// Mark returns the point after the last request answered until now. The zero mark is the start of
// the control plane.
func (a *AuditLog) Mark() (AuditMark, error) {
	if err := a.check(); err != nil {
		return 0, err
	}
	info, err := os.Stat(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("marking the audit log: %w", err)
	}
	return AuditMark(info.Size()), nil
}

// Since returns the requests answered after the mark, in the order of their answers. A watch counts
// when it begins, not when it ends.
func (a *AuditLog) Since(mark AuditMark) (Requests, error) {
	if err := a.check(); err != nil {
		return nil, err
	}
	file, err := os.Open(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	defer file.Close()
	if _, err := file.Seek(int64(mark), io.SeekStart); err != nil {
		return nil, fmt.Errorf("reading the audit log: %w", err)
	}
	return readRequests(file)
}

func (a *AuditLog) check() error {
	if !a.enabled {
		return errors.New("the control plane keeps no audit log: start it with Options.Audit")
	}
	return nil
}

func readRequests(from io.Reader) (Requests, error) {
	var requests Requests
	for lines := bufio.NewReaderSize(from, 64<<10); ; {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF { // an unfinished line is still being written
			return requests, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the audit log: %w", err)
		}
		var e auditEvent
		if err := json.Unmarshal(bytes.TrimSpace(line), &e); err != nil {
			return nil, fmt.Errorf("reading the audit log: %w in %q", err, line)
		}
		if e.endsWatch() {
			continue
		}
		requests = append(requests, e.request())
	}
}

// auditEvent has the fields that we use of audit.k8s.io/v1 Event. The API's own package isn't
// imported since it would bring all of k8s.io/apiserver.
type auditEvent struct {
	Stage      string
	RequestURI string
	Verb       string
	User       struct{ Username string }
	UserAgent  string
	ObjectRef  *struct {
		Resource, Namespace, Name, APIGroup, Subresource string
	}
	ResponseStatus *struct{ Code int }
	StageTimestamp time.Time
}

// endsWatch reports whether the event is the second of a request that was recorded when its answer
// began.
func (e auditEvent) endsWatch() bool {
	return e.Verb == "watch" && e.Stage != "ResponseStarted" && e.ResponseStatus != nil && e.ResponseStatus.Code == 200
}

func (e auditEvent) request() Request {
	r := Request{
		RequestKind: RequestKind{UserAgent: e.UserAgent, User: e.User.Username, Verb: e.Verb},
		Time:        e.StageTimestamp,
		URI:         e.RequestURI,
	}
	if e.ObjectRef != nil {
		r.Resource, r.Subresource = e.ObjectRef.Resource, e.ObjectRef.Subresource
		r.Group, r.Namespace, r.Name = e.ObjectRef.APIGroup, e.ObjectRef.Namespace, e.ObjectRef.Name
	}
	if e.ResponseStatus != nil {
		r.Code = e.ResponseStatus.Code
	}
	return r
}
