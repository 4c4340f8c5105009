// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

//go:build openstackreal

package real

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Server is a server of the bed.
type Server struct {
	ID         string   `json:"id"`
	Zone       string   `json:"az"`
	ProviderID string   `json:"provider_id"`
	Addresses  []string `json:"addresses"`
}

// Env is what up.sh has made.
type Env struct {
	AuthURL  string `json:"auth_url"`
	Region   string `json:"region"`
	Domain   string `json:"domain"`
	Username string `json:"username"` // roles member, reader, load-balancer_member, creator
	Password string `json:"password"`
	Project  string `json:"project"`

	AdminUsername string `json:"admin_username"`
	AdminPassword string `json:"admin_password"`
	AdminProject  string `json:"admin_project"`
	// OtherUsername is a tenant in OtherProject; its password is Password.
	OtherUsername string `json:"other_username"`
	OtherProject  string `json:"other_project"`

	ProjectID         string `json:"project_id"`
	NetworkID         string `json:"network_id"`
	SubnetID          string `json:"subnet_id"`
	Subnet6ID         string `json:"subnet6_id"` // empty unless OSBED_IPV6 is 1
	RouterID          string `json:"router_id"`
	ExternalNetworkID string `json:"external_network_id"`
	ExternalSubnetID  string `json:"external_subnet_id"`
	SecurityGroupID   string `json:"security_group_id"` // of the servers
	ImageID           string `json:"image_id"`
	FlavorID          string `json:"flavor_id"`

	ApplicationCredential struct {
		ID     string `json:"id"`
		Secret string `json:"secret"`
	} `json:"application_credential"`
	// Servers are node-0 and so on.
	Servers map[string]Server `json:"servers"`
}

// Bed is a real OpenStack that runs.
type Bed struct {
	Env
	// CloudConf is the path of a configuration file for the provider. Dir has logs, in log/.
	CloudConf string
	Dir       string

	tb      testing.TB
	scripts string
	base    string
	stopped sync.Once
}

// Start brings a clean bed up, which ends with the test.
func Start(tb testing.TB) *Bed {
	tb.Helper()
	if os.Getuid() != 0 {
		tb.Fatal("the real OpenStack needs root: it installs packages and runs their programs")
	}
	_, file, _, _ := runtime.Caller(0)
	b := &Bed{tb: tb, Dir: os.Getenv("OSBED_STATE"), scripts: filepath.Dir(file), base: cmp.Or(os.Getenv("OSBED_PORT_BASE"), "31200")}
	if b.Dir == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			tb.Fatal(err)
		}
		b.Dir = filepath.Join(cache, "cloud-providers", "osbed")
	}
	b.CloudConf = filepath.Join(b.Dir, "cloud.conf")
	b.own()
	if os.Getenv("OSBED_KEEP") != "1" {
		tb.Cleanup(b.down)
	}
	b.script(30*time.Minute, "up.sh")
	raw, err := os.ReadFile(filepath.Join(b.Dir, "env.json"))
	if err == nil {
		err = json.Unmarshal(raw, &b.Env)
	}
	if err != nil {
		tb.Fatalf("reading what up.sh has made: %v", err)
	}
	b.Clean()
	return b
}

// Clean makes the bed as it was when it began. The worker has to be at work.
func (b *Bed) Clean() { b.tb.Helper(); b.script(5*time.Minute, "clean.py") }

// own waits until no other process has the bed.
func (b *Bed) own() {
	b.tb.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Dir), 0o755); err != nil {
		b.tb.Fatal(err)
	}
	lock, err := os.OpenFile(b.Dir+".lock", os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		b.tb.Fatal(err)
	}
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		b.tb.Fatalf("locking %s: %v", lock.Name(), err)
	}
	b.tb.Cleanup(func() { _ = lock.Close() }) // after down, which is registered later
}

func (b *Bed) down() {
	if out, err := b.run(2*time.Minute, nil, filepath.Join(b.scripts, "down.sh")); err != nil {
		b.tb.Errorf("ending the real OpenStack: %v\n%s", err, out)
	}
}

// script runs one of the scripts beside this file.
func (b *Bed) script(limit time.Duration, name string) {
	b.tb.Helper()
	args := []string{filepath.Join(b.scripts, name)}
	if strings.HasSuffix(name, ".py") {
		args = append([]string{"/usr/bin/python3"}, args...)
	}
	began := time.Now()
	if out, err := b.run(limit, nil, args...); err != nil {
		b.tb.Fatalf("%s after %.0f s: %v\n%s", name, time.Since(began).Seconds(), err, out)
	}
}

// run runs a program of the machine's, for a time at most, and returns what it prints on both streams.
func (b *Bed) run(limit time.Duration, env []string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit) // clean-ups outlive the test's context
	defer cancel()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append([]string{
		"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "PYTHONDONTWRITEBYTECODE=1",
		"OSBED_STATE=" + b.Dir, "OSBED_PORT_BASE=" + b.base,
	}, env...)
	for _, name := range []string{"OSBED_IPV6", "OSBED_SERVERS", "OSBED_COMPUTES", "OSBED_APT", "http_proxy", "https_proxy", "no_proxy"} {
		if value, ok := os.LookupEnv(name); ok {
			cmd.Env = append(cmd.Env, name+"="+value)
		}
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 5 * time.Second // services keep up.sh's streams for a moment
	err := cmd.Run()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil
	}
	return out.String(), err
}

// CLI runs Debian's openstack as the tenant and returns what it prints on both streams.
func (b *Bed) CLI(args ...string) (string, error) { return b.cli(b.Username, b.Project, args) }

// AdminCLI runs Debian's openstack as the operator.
func (b *Bed) AdminCLI(args ...string) (string, error) {
	return b.cli(b.AdminUsername, b.AdminProject, args)
}

func (b *Bed) cli(user, project string, args []string) (string, error) {
	out, err := b.run(2*time.Minute, b.Login(user, project), append([]string{"/usr/bin/python3", "/usr/bin/openstack"}, args...)...)
	if err != nil {
		err = fmt.Errorf("openstack %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(out))
	}
	return out, err
}

// Login is the environment of a command line of a user in a project.
func (b *Bed) Login(user, project string) []string {
	return []string{
		"OS_AUTH_URL=" + b.AuthURL, "OS_IDENTITY_API_VERSION=3", "OS_REGION_NAME=" + b.Region, "OS_USERNAME=" + user,
		"OS_PASSWORD=" + b.Password, "OS_PROJECT_NAME=" + project, "OS_USER_DOMAIN_NAME=" + b.Domain, "OS_PROJECT_DOMAIN_NAME=" + b.Domain,
	}
}

// SQL runs statements in the databases (octavia.load_balancer) and returns their rows, with tabs between columns.
func (b *Bed) SQL(statements string) string {
	b.tb.Helper()
	out, err := b.run(time.Minute, nil, "/usr/bin/mariadb", "--no-defaults", "--batch", "--skip-column-names", "-uroot", "--socket="+filepath.Join(b.Dir, "run", "mysql.sock"), "-e", statements)
	if err != nil {
		b.tb.Fatalf("%s: %v\n%s", statements, err, out)
	}
	return out
}

// SetLoadBalancerStatus gives a load balancer a provisioning status, such as ERROR.
func (b *Bed) SetLoadBalancerStatus(id, status string) {
	b.tb.Helper()
	b.SQL(fmt.Sprintf("update octavia.load_balancer set provisioning_status = '%s' where id = '%s'", status, id))
}

// SetLoadBalancerQuota limits how many load_balancer, listener, pool, member or health_monitor the project may
// have; below 0 is no limit.
func (b *Bed) SetLoadBalancerQuota(kind string, limit int) {
	b.tb.Helper()
	b.SQL(fmt.Sprintf("insert into octavia.quotas (project_id, %[1]s) values ('%[2]s', %[3]d) on duplicate key update %[1]s = %[3]d", kind, b.ProjectID, limit))
}

// SetNetworkQuota limits how many floatingip, port, security_group, security_group_rule or router the project
// may have; below 0 is no limit.
func (b *Bed) SetNetworkQuota(resource string, limit int) {
	b.tb.Helper()
	b.SQL(fmt.Sprintf("delete from neutron.quotas where project_id = '%[1]s' and resource = '%[2]s'; insert into neutron.quotas (id, project_id, resource, `limit`) values (uuid(), '%[1]s', '%[2]s', %[3]d)", b.ProjectID, resource, limit))
}

// StopWorker has Octavia's worker stand still: load balancers stay PENDING. It goes on when the test ends.
func (b *Bed) StopWorker() {
	b.tb.Helper()
	b.signalWorker(syscall.SIGSTOP)
	b.stopped.Do(func() { b.tb.Cleanup(b.ContinueWorker) })
}

// ContinueWorker has the worker go on.
func (b *Bed) ContinueWorker() { b.tb.Helper(); b.signalWorker(syscall.SIGCONT) }

func (b *Bed) signalWorker(s syscall.Signal) {
	b.tb.Helper()
	pid := b.pid("octavia-worker")
	out, err := b.run(time.Minute, nil, "/usr/bin/ps", "-o", "pid=", "--sid", strconv.Itoa(pid))
	if err != nil {
		b.tb.Fatalf("octavia-worker (%d) has ended: %v", pid, err)
	}
	for _, field := range strings.Fields(out) {
		if kid, err := strconv.Atoi(field); err == nil {
			_ = syscall.Kill(kid, s) // one that has just ended needs no signal
		}
	}
}

func (b *Bed) pid(service string) int {
	b.tb.Helper()
	raw, err := os.ReadFile(filepath.Join(b.Dir, "run", service+".pid"))
	if err != nil {
		b.tb.Fatal(err)
	}
	first, _, _ := strings.Cut(string(raw), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		b.tb.Fatalf("%s.pid: %v", service, err)
	}
	return pid
}

// EndService ends a service: keystone, nova-api, nova-compute1, neutron, octavia, octavia-worker, barbican, ...
// It returns when its port is closed.
func (b *Bed) EndService(name string) {
	b.tb.Helper()
	if out, err := b.run(time.Minute, nil, filepath.Join(b.scripts, "down.sh"), name); err != nil {
		b.tb.Fatalf("ending %s: %v\n%s", name, err, out)
	}
}

// RestartServices starts what has been ended and returns when it answers.
func (b *Bed) RestartServices() { b.tb.Helper(); b.script(5*time.Minute, "up.sh") }
