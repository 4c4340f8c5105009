// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"

	"sigs.k8s.io/cloud-providers/providers/local/api"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/system"
)

// often makes what happens periodically happen soon.
const often = "--route-reconciliation-period=1s"

// TestCloudKilled kills the cloud with -9 and starts it again.
func TestCloudKilled(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	e.manager("manager", often)
	e.nodes("n1", "n2")
	e.pods("web", "n1", "n2")
	e.service("web")
	to := net.JoinHostPort(e.address("web"), "8080")
	e.answersFrom(to, "n1", "n2")
	e.eventually("the nodes have routes", func() error { return count(2, e.state().Routes["main"]) })
	before, addresses := e.snapshot("web"), e.balancer("web").Addresses

	e.run("nothing has changed: traffic is back at the same address, and the manager changes nothing", func(e *env) {
		e.restartCloud()
		e.answersFrom(to, "n1", "n2")
		e.eventually("the manager has found the cloud again", func() error {
			calls, err := e.Cloud.CallsByManager(e.ctx)
			if calls["ListRoutes"] == 0 {
				err = errors.Join(err, errors.New("it has not looked at the routes"))
			}
			return err
		})
		e.always(3*time.Second, "the manager changes nothing in the cloud", e.nothingChanged)
		if got := e.balancer("web").Addresses; !slices.Equal(got, addresses) {
			e.t.Errorf("addresses %v, want %v", got, addresses)
		}
		if got := e.snapshot("web"); got != before {
			e.t.Errorf("cluster and cloud are\n%s\nwant\n%s", got, before)
		}
	})
	e.run("what changed meanwhile is made up for", func(e *env) {
		if err := e.Cloud.Kill(); err != nil {
			e.t.Fatal(err)
		}
		e.update("web", func(s *v1.Service) { s.Spec.Ports[0].Port = 8090 })
		e.event("Service", "web", "SyncLoadBalancerFailed")
		if got := e.address("web"); got != addresses[0] {
			e.t.Errorf("the address is %s while the cloud is away, want %s", got, addresses[0])
		}
		if err := e.Cloud.Restart(e.ctx); err != nil {
			e.t.Fatal(err)
		}
		e.answersFrom(net.JoinHostPort(addresses[0], "8090"), "n1", "n2")
	})
}

func (e *env) restartCloud() {
	e.t.Helper()
	if err := e.Cloud.Kill(); err != nil {
		e.t.Fatal(err)
	}
	if err := e.Cloud.Restart(e.ctx); err != nil {
		e.t.Fatal(err)
	}
}

// nothingChanged returns nil if no call in the cloud's log changes anything.
func (e *env) nothingChanged() error {
	log, err := e.Cloud.Admin().Calls(e.ctx)
	if err == nil && log.Mutating > 0 {
		err = fmt.Errorf("calls %v", log.Counts)
	}
	return err
}

func count[T any](want int, have []T) error {
	if len(have) != want {
		return fmt.Errorf("there are %d, want %d", len(have), want)
	}
	return nil
}

// TestAPIServerRestarted restarts the API server in the middle of a change.
func TestAPIServerRestarted(t *testing.T) {
	t.Parallel()
	e := newEnv(t)
	m := e.manager("manager", often)
	e.nodes("n1", "n2")
	e.pods("web", "n1", "n2")
	e.service("web")
	to := net.JoinHostPort(e.address("web"), "8080")
	e.answersFrom(to, "n1", "n2")

	e.faults(api.Fault{Operation: "CreateLoadBalancer", Count: 1, Action: api.FaultHoldAfter})
	e.service("during")
	e.held(managerAgent)
	if err := e.Cluster.StopAPIServer(); err != nil {
		t.Fatal(err)
	}
	e.faults() // the answer comes while there is no API server to report it to
	if _, err := request(e.ctx, "", to); err != nil {
		t.Errorf("traffic needs the API server: %v", err)
	}
	if err := e.Cluster.StartAPIServer(e.ctx); err != nil {
		t.Fatal(err)
	}
	back := time.Now()
	e.eventually("the manager leads on, or a new one does", func() error {
		if !m.Running() { // the outage was longer than the renew deadline: the pod is started again
			if m.ExitCode() != 1 {
				t.Errorf("exit code %d, want 1", m.ExitCode())
			}
			t.Log("the manager lost its lease")
			m = e.manager("manager", often)
		}
		if l := e.lease(); holderOf(l) == "" || l.Spec.RenewTime.Time.Before(back) {
			return fmt.Errorf("the lease of %q is not renewed", holderOf(l))
		}
		return nil
	})
	e.address("during")
	e.nodes("n3")
	e.hasMembers("web", "n1", "n2", "n3")
	e.hasMembers("during", "n1", "n2", "n3")
	e.deleteService("during")
	e.gone("during")
	e.answersFrom(to, "n1", "n2")
}

// TestCloudAwayAtStart starts a manager before its cloud.
func TestCloudAwayAtStart(t *testing.T) {
	t.Parallel()
	e := newEnv(t, audited)
	machine, kubelet := e.Machine("n1", "zone-a")
	if _, err := e.Cloud.Admin().CreateMachines(e.ctx, machine); err != nil {
		t.Fatal(err)
	}
	if err := e.Cloud.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := e.Fleet.Add(e.ctx, kubelet); err != nil {
		t.Fatal(err)
	}
	e.service("web")
	mark, err := e.Cluster.Audit().Mark()
	if err != nil {
		t.Fatal(err)
	}
	m := e.manager("manager")
	e.eventually("/readyz says that the cloud is away", func() error {
		body, err := m.Get(e.ctx, "/readyz")
		if err == nil {
			return errors.New("it is ready")
		}
		if !strings.Contains(body, "cloud") || !strings.Contains(body, "connection refused") {
			return fmt.Errorf("it answers %s", body)
		}
		return nil
	})
	e.always(5*time.Second, "the manager lives, and touches nothing", func() error {
		_, err := m.Get(e.ctx, "/healthz")
		if n := e.node("n1"); n.Spec.ProviderID != "" || !hasTaint(n, "node.cloudprovider.kubernetes.io/uninitialized") {
			return errors.Join(err, errors.New("the node was touched"))
		}
		return err
	})
	requests, err := e.Cluster.Audit().Since(mark)
	if err != nil {
		t.Fatal(err)
	}
	if writes := changes(requests.ByUserAgent(managerAgent)); len(writes) > 0 {
		t.Errorf("the manager wrote\n%s", writes)
	}
	if err := e.Cloud.Restart(e.ctx); err != nil {
		t.Fatal(err)
	}
	e.address("web")
	e.hasMembers("web", "n1")
	e.eventually("the manager is ready", func() error { _, err := m.Get(e.ctx, "/readyz"); return err })
}

// changes returns the writes that leave something behind: a review is a question.
func changes(requests cluster.Requests) cluster.Requests {
	return requests.Writes().Where(func(r cluster.Request) bool {
		return r.Group != "authorization.k8s.io" && r.Group != "authentication.k8s.io"
	})
}

// TestCloudRefusesCredentials starts managers that the cloud does not let in.
func TestCloudRefusesCredentials(t *testing.T) {
	t.Parallel()
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret-of-the-cloud\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e := newEnv(t, func(o *system.Options) { o.Cloud.TokenFile = token })
	wrong := filepath.Join(t.TempDir(), "wrong")
	if err := os.WriteFile(wrong, []byte("wrong-secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, config := range map[string]string{"no token": "", "wrong token": "tokenFile: " + wrong + "\n"} {
		e.run(name, func(e *env) {
			dir := "refused-" + strings.Fields(name)[0]
			m, err := e.StartManager(e.ctx, dir, system.ManagerOptions{NoWait: true, CloudConfig: "endpoint: " + e.Cloud.URL + "\n" + config})
			if err != nil {
				e.t.Fatal(err)
			}
			e.within(20*time.Second, "it ends", func() error {
				if m.Running() {
					return errors.New("it still runs")
				}
				return nil
			})
			if m.ExitCode() != 1 {
				e.t.Errorf("exit code %d, want 1", m.ExitCode())
			}
			if line := lastWords(e.t, m); !strings.Contains(line, "token") {
				e.t.Errorf("it does not say what is wrong: %s", line)
			}
			if log := m.LogTail(1000); strings.Contains(log, "goroutine ") || strings.Contains(log, "secret") {
				e.t.Errorf("the log has a stack or a secret:\n%s", log)
			}
		})
	}
	if m := e.managerWith("good", "endpoint: "+e.Cloud.URL+"\ntokenFile: "+token+"\n"); m != nil {
		e.nodes("n1")
	}
}

// managerWith starts a quick manager with a cloud-config of its own.
func (e *env) managerWith(name, config string, args ...string) *system.Manager {
	e.t.Helper()
	m, err := e.StartManager(e.ctx, name, system.ManagerOptions{CloudConfig: config, Args: slices.Concat(quick, args)})
	if err != nil {
		e.t.Fatal(err)
	}
	return m
}

// TestManagerRestarted restarts the manager over a settled cluster: nobody notices.
func TestManagerRestarted(t *testing.T) {
	t.Parallel()
	e := newEnv(t, audited)
	m := e.manager("manager", often)
	e.nodes("n1", "n2")
	e.pods("web", "n1", "n2")
	e.service("web")
	to := net.JoinHostPort(e.address("web"), "8080")
	e.answersFrom(to, "n1", "n2")
	e.settledWith("web")
	connection, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	reader := bufio.NewReader(connection)
	ask := func() error {
		if err := connection.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
			return err
		}
		if _, err := fmt.Fprintf(connection, "GET / HTTP/1.1\r\nHost: web\r\n\r\n"); err != nil {
			return err
		}
		resp, err := http.ReadResponse(reader, nil)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, err = bufio.NewReader(resp.Body).ReadString(0)
		if resp.StatusCode != 200 || resp.Close {
			return fmt.Errorf("answer %s, close %t, %w", resp.Status, resp.Close, err)
		}
		return nil
	}
	if err := ask(); err != nil {
		t.Fatal(err)
	}
	if err := m.Terminate(30 * time.Second); err != nil || m.ExitCode() != 0 {
		t.Fatalf("exit code %d, %v", m.ExitCode(), err)
	}
	e.resetCalls()
	mark, err := e.Cluster.Audit().Mark()
	if err != nil {
		t.Fatal(err)
	}
	e.manager("manager", often)
	e.eventually("the manager leads and has looked at everything", func() error {
		calls, err := e.Cloud.CallsByManager(e.ctx)
		if calls["ListRoutes"] == 0 || calls["LookupLoadBalancers"]+calls["ListLoadBalancers"] == 0 || calls["LookupMachines"]+calls["ListMachines"] == 0 {
			return fmt.Errorf("calls %v, %w", calls, err)
		}
		return nil
	})
	e.always(5*time.Second, "nothing is changed in the cloud, and the connection lives", func() error {
		return errors.Join(e.nothingChanged(), ask())
	})
	requests, err := e.Cluster.Audit().Since(mark)
	if err != nil {
		t.Fatal(err)
	}
	writes := changes(requests.ByUserAgent(managerAgent)).Where(func(r cluster.Request) bool {
		leaderElection := r.Resource == "leases" || r.Resource == "events" && r.Namespace == "kube-system"
		return !leaderElection
	})
	if len(writes) > 0 {
		t.Errorf("the manager wrote after its restart:\n%s", writes)
	}
}

// settledWith waits until nodes n1 and n2 have routes and are the members of a Service's load balancer.
func (e *env) settledWith(service string) {
	e.t.Helper()
	e.eventually("everything is settled", func() error {
		if got := e.snapshot(service); !strings.Contains(got, "members n1 n2\n") || !strings.HasSuffix(got, "\nroutes to n1 n2\n") {
			return errors.New(got)
		}
		return nil
	})
}
