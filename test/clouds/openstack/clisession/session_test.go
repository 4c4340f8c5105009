// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package clisession

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	sdk "github.com/gophercloud/gophercloud/v2/openstack"
)

// cli is Debian's command line; others in the path may be of another version and print other things.
const cli = "/usr/bin/openstack"

// cloud is what sessions run against.
type cloud interface {
	// login is the environment of a command line.
	login() []string
	variables() map[string]string
	// work lets load balancers change from now on, or not.
	work(bool)
	quota(service, name string, limit int) error
}

// record is what a golden file has of an entry.
type record struct {
	Entry  string `json:"entry"`
	Status int    `json:"status"`
	Answer any    `json:"answer"`
	// Error is what a command said on the other stream.
	Error string `json:"error,omitempty"`
}

type session struct {
	t      *testing.T
	cloud  cloud
	normal *normalizer
	client *gophercloud.ProviderClient
	lines  *bufio.Reader
	driver io.Writer
}

// sessions are the files by name.
func sessions(t *testing.T) []string {
	t.Helper()
	if _, err := os.Stat(cli); err != nil {
		t.Fatalf("%s is missing: run make openstackcli", cli)
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sessions: %v", err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".txt"))
	}
	return names
}

func golden(name string) string { return filepath.Join("testdata", "real", name+".json") }

func load(t *testing.T, name string) []*entry {
	t.Helper()
	entries, err := parse(filepath.Join("testdata", name+".txt"))
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// run plays a session and returns what was answered.
func run(t *testing.T, c cloud, name string) []record {
	t.Helper()
	entries := load(t, name)
	s := &session{t: t, cloud: c, normal: &normalizer{variables: c.variables()}}
	s.start()
	var all []record
	for _, e := range entries {
		r, err := s.play(e)
		if err != nil {
			t.Fatalf("%s.txt:%d: %s: %v", name, e.line, e.text, err)
		}
		if e.kind == '@' {
			continue
		}
		if r.Status != e.status {
			t.Errorf("%s.txt:%d: %s: status %d, want %d: %s %s", name, e.line, e.text, r.Status, e.status, encode(r.Answer), r.Error)
		}
		all = append(all, r)
	}
	return all
}

// compare says how records differ from what is wanted.
func compare(t *testing.T, name string, got []record) {
	t.Helper()
	raw, err := os.ReadFile(golden(name))
	var want []record
	if err == nil {
		err = json.Unmarshal(raw, &want)
	}
	if err != nil {
		t.Fatal(err)
	}
	var ignores [][]string
	for _, e := range load(t, name) {
		if e.kind != '@' {
			ignores = append(ignores, e.ignore)
		}
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i].Entry != want[i].Entry {
			t.Fatalf("%s.txt has other entries than the real services were asked, from number %d on; record it again: go test -tags openstackreal -update", name, i+1)
		}
		n := &normalizer{ignore: ignores[i]} // what is ignored now may have been recorded
		want[i].Answer = n.value(want[i].Answer)
		if got[i].Error != want[i].Error {
			t.Errorf("%s: %s\n says %q\n want %q", name, got[i].Entry, got[i].Error, want[i].Error)
		}
		for _, d := range differences("", got[i].Answer, want[i].Answer) {
			t.Errorf("%s: %s\n%s", name, got[i].Entry, d)
		}
	}
}

// differences of two JSON values, with the paths where they are.
func differences(path string, got, want any) []string {
	g, ok1 := got.(map[string]any)
	w, ok2 := want.(map[string]any)
	if ok1 && ok2 {
		var all []string
		for name, value := range w {
			if _, ok := g[name]; !ok {
				all = append(all, fmt.Sprintf(" %s.%s is missing, want %s", path, name, encode(value)))
				continue
			}
			all = append(all, differences(path+"."+name, g[name], value)...)
		}
		for name, value := range g {
			if _, ok := w[name]; !ok {
				all = append(all, fmt.Sprintf(" %s.%s is %s, but not in the real answer", path, name, encode(value)))
			}
		}
		slices.Sort(all)
		return all
	}
	gl, ok1 := got.([]any)
	wl, ok2 := want.([]any)
	if ok1 && ok2 && len(gl) == len(wl) {
		var all []string
		for i := range gl {
			all = append(all, differences(path+"."+strconv.Itoa(i), gl[i], wl[i])...)
		}
		return all
	}
	if !reflect.DeepEqual(got, want) {
		return []string{fmt.Sprintf(" %s is %s\n want %s", path, encode(got), encode(want))}
	}
	return nil
}

// start starts the process that runs the commands, and a client for requests.
func (s *session) start() {
	s.t.Helper()
	login := map[string]string{}
	cmd := exec.Command("/usr/bin/python3", "driver.py")
	cmd.Env = append([]string{"PATH=/usr/bin:/bin", "HOME=" + s.t.TempDir(), "LANG=C.UTF-8", "COLUMNS=200", "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore"}, s.cloud.login()...)
	for _, pair := range s.cloud.login() {
		name, value, _ := strings.Cut(pair, "=")
		login[name] = value
	}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.driver, s.lines = stdin, bufio.NewReader(stdout)
	s.t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			s.t.Errorf("driver.py: %v", err)
		}
	})
	s.client, err = sdk.AuthenticatedClient(s.t.Context(), gophercloud.AuthOptions{
		IdentityEndpoint: login["OS_AUTH_URL"], Username: login["OS_USERNAME"], Password: login["OS_PASSWORD"],
		DomainName: "Default", TenantName: login["OS_PROJECT_NAME"],
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) expand(text string) string {
	return os.Expand(text, func(name string) string {
		if value, ok := s.normal.variables[name]; ok {
			return value
		}
		return "$" + name
	})
}

func (s *session) play(e *entry) (record, error) {
	s.normal.ignore = e.ignore
	r, raw := record{Entry: e.text}, ""
	var err error
	switch text := s.expand(e.text); e.kind {
	case '@':
		return r, s.direct(strings.Fields(text))
	case '$':
		r.Status, raw, r.Error, err = s.command(text)
	default:
		r.Status, raw, err = s.request(text, e)
	}
	if err != nil {
		return r, err
	}
	if r.Status != e.status && len(e.keep) > 0 {
		return r, fmt.Errorf("status %d, want %d: %s %s", r.Status, e.status, raw, r.Error)
	}
	for name, field := range e.keep {
		if s.normal.variables[name], err = find(raw, field); err != nil {
			return r, err
		}
	}
	r.Answer, r.Error = s.normal.answer(raw), s.normal.text(strings.TrimSpace(r.Error))
	return r, nil
}

// shows are the last words of commands that show something, and so know -f.
var shows = []string{"list", "show", "create", "issue", "store", "get"}

func (s *session) command(text string) (status int, out, said string, err error) {
	args := words(strings.TrimPrefix(text, "openstack "))
	show := slices.ContainsFunc(args, func(a string) bool { return slices.Contains(shows, a) }) && !strings.Contains(text, "status show")
	if show || strings.Contains(text, "router add route") || strings.Contains(text, "router remove route") {
		args = append(args, "-f", "json")
	}
	line, err := json.Marshal(map[string]any{"args": args, "env": map[string]string{}})
	if err != nil {
		return 0, "", "", err
	}
	if _, err := s.driver.Write(append(line, '\n')); err != nil {
		return 0, "", "", err
	}
	answer, err := s.lines.ReadBytes('\n')
	if err != nil {
		return 0, "", "", err
	}
	var in struct {
		Status   int
		Out, Err string
	}
	err = json.Unmarshal(answer, &in)
	return in.Status, in.Out, in.Err, err
}

func (s *session) request(text string, e *entry) (int, string, error) {
	parts := strings.SplitN(text, " ", 4)
	if len(parts) < 3 {
		return 0, "", fmt.Errorf("%q needs a method, a service and a path", text)
	}
	status, answer, err := s.call(parts[0], parts[1], parts[2], strings.Join(parts[3:], ""), e.header)
	return status, string(answer), err
}

// call does a request at a service.
func (s *session) call(method, service, path, content string, header map[string]string) (int, []byte, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	at, err := s.client.EndpointLocator(gophercloud.EndpointOpts{Type: service, Region: "RegionOne", Availability: gophercloud.AvailabilityPublic})
	if err != nil {
		return 0, nil, err
	}
	// compute's address ends in the version already
	base := strings.TrimSuffix(strings.TrimSuffix(at, "/"), "/v2.1")
	if service == "identity" {
		base = strings.TrimSuffix(base, "/v3")
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, strings.NewReader(content))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("X-Auth-Token", s.client.Token())
	req.Header.Set("Accept", "application/json")
	if content != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, err = b.ReadFrom(resp.Body)
	return resp.StatusCode, b.Bytes(), err
}

// find takes a field out of a JSON text.
func find(raw, path string) (string, error) {
	var v any
	if err := json.Unmarshal([]byte(raw), &v); err != nil {
		return "", fmt.Errorf("%w: %s", err, raw)
	}
	for _, part := range strings.Split(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[part]
		case []any:
			i, err := strconv.Atoi(part)
			if err != nil || i >= len(in) {
				return "", fmt.Errorf("no %s in %s", part, raw)
			}
			v = in[i]
		default:
			v = nil
		}
	}
	if v == nil {
		return "", fmt.Errorf("no %s in %s", path, raw)
	}
	// Barbican's references are URLs, which have the ID at their end
	return fmt.Sprint(v), nil
}

func (s *session) direct(args []string) error {
	switch {
	case args[0] == "settle" && len(args) == 2:
		s.cloud.work(true)
		defer s.cloud.work(false)
		return s.poll("load-balancer", "/v2.0/lbaas/loadbalancers/"+args[1], func(status int, body string) bool {
			return status == http.StatusNotFound || status == http.StatusOK && !strings.Contains(body, `"PENDING_`)
		})
	case args[0] == "server" && len(args) == 3:
		return s.poll("compute", "/v2.1/servers/"+s.normal.variables[args[1]], func(_ int, body string) bool {
			return strings.Contains(body, `"status": "`+args[2]+`"`) || strings.Contains(body, `"status":"`+args[2]+`"`)
		})
	case args[0] == "quota" && len(args) == 4:
		limit, err := strconv.Atoi(args[3])
		if err != nil {
			return err
		}
		return s.cloud.quota(args[1], args[2], limit)
	}
	return fmt.Errorf("%q is no directive", args)
}

func (s *session) poll(service, path string, done func(status int, body string) bool) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(2 * time.Minute); ; {
		status, body, err := s.call("GET", service, path, "", nil)
		if err != nil {
			return err
		}
		if done(status, string(body)) {
			return nil
		}
		select {
		case <-deadline:
			return fmt.Errorf("after two minutes it is %s", body)
		case <-tick.C:
		}
	}
}
