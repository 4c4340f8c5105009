// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/wait"

	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/binaries"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

const taint = "node.cloudprovider.kubernetes.io/uninitialized"

var machines = []string{"node-1", "node-2", "node-3"}

// demo is one run, step by step.
type demo struct {
	out     io.Writer
	current string
	began   time.Time
	dir     string
	sys     *system.System
	manager *system.Manager
	address string
}

// step says what is begun; the next step says how long it took.
func (d *demo) step(format string, args ...any) {
	d.finish()
	d.current, d.began = fmt.Sprintf(format, args...), time.Now()
	fmt.Fprintf(d.out, "▸ %s\n", d.current)
}

func (d *demo) finish() {
	if !d.began.IsZero() {
		fmt.Fprintf(d.out, "  %s\n", time.Since(d.began).Round(10*time.Millisecond))
		d.began = time.Time{}
	}
}

func (d *demo) say(format string, args ...any) { fmt.Fprintf(d.out, "  "+format+"\n", args...) }

func (d *demo) run(ctx context.Context, stay bool) error {
	start := time.Now()
	d.step("build what is missing (the first time about 6 to 15 minutes on 2 cores, afterwards seconds)")
	if _, err := binaries.Ensure(ctx, indent{d.out}); err != nil {
		return err
	}
	var err error
	if d.dir, err = system.TempDir(); err != nil {
		return err
	}
	programs, err := system.BuildPrograms(ctx, d.dir)
	if err != nil {
		return err
	}
	built := time.Now()
	for _, do := range []func(context.Context) error{
		func(ctx context.Context) error { return d.start(ctx, programs) },
		d.machines, d.startManager, d.service, d.ask,
	} {
		if err := do(ctx); err != nil {
			return err
		}
	}
	d.finish()
	fmt.Fprintf(d.out, "\nThe Service answers from all nodes, %s after everything was built (%s in all).\n",
		time.Since(built).Round(100*time.Millisecond), time.Since(start).Round(100*time.Millisecond))
	if err := d.whatNext(); err != nil {
		return err
	}
	if !stay {
		return nil
	}
	fmt.Fprintf(d.out, "\nPress Ctrl-C to stop everything.\n")
	select {
	case <-ctx.Done():
		fmt.Fprintln(d.out)
		return nil
	case <-d.manager.Exited():
		return errors.New("the cloud controller manager has ended")
	}
}

func (d *demo) start(ctx context.Context, programs system.Programs) error {
	var err error
	d.sys, err = system.Start(ctx, system.Options{
		Dir: d.dir, Programs: programs,
		Cluster: cluster.Options{Dir: filepath.Join(d.dir, "cluster")},
		Step:    func(what string) { d.step("%s", what) },
	})
	if err == nil {
		d.say("API server %s, cloud %s", d.sys.Cluster.URL(), d.sys.Cloud.URL)
	}
	return err
}

func (d *demo) machines(ctx context.Context) error {
	d.step("create three machines in two zones and start their kubelets")
	if err := d.sys.AddMachines(ctx, []string{"zone-a", "zone-b"}, machines...); err != nil {
		return err
	}
	return d.printNodes(ctx)
}

func (d *demo) startManager(ctx context.Context) error {
	d.step("start local-cloud-controller-manager and wait until it has initialised the nodes")
	var err error
	if d.manager, err = d.sys.StartManager(ctx, "manager", system.ManagerOptions{}); err != nil {
		return err
	}
	err = until(ctx, func(ctx context.Context) (bool, error) {
		nodes, err := d.sys.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
		if err != nil {
			return false, err
		}
		done := 0
		for _, n := range nodes.Items {
			if !slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == taint }) {
				done++
			}
		}
		return done == len(machines), nil
	})
	if err != nil {
		return fmt.Errorf("nodes not initialised: %w", err)
	}
	return d.printNodes(ctx)
}

// printNodes shows what the cloud controller manager has to do, and has done.
func (d *demo) printNodes(ctx context.Context) error {
	nodes, err := d.sys.Client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, n := range nodes.Items {
		state := "initialised"
		if slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == taint }) {
			state = "uninitialised"
		}
		var addresses []string
		for _, a := range n.Status.Addresses {
			addresses = append(addresses, a.Address)
		}
		d.say("%s  %-13s  zone=%-6s  providerID=%-22s  addresses=%s", n.Name, state,
			orNone(n.Labels[v1.LabelTopologyZone]), orNone(n.Spec.ProviderID), strings.Join(addresses, ","))
	}
	return nil
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (d *demo) service(ctx context.Context) error {
	d.step("create a pod on each node and a Service of type LoadBalancer, and wait for its address")
	for _, pod := range system.Pods("web", machines...) {
		if _, err := d.sys.Client.CoreV1().Pods(pod.Namespace).Create(ctx, pod, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	service := &v1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: metav1.NamespaceDefault},
		Spec: v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Selector: map[string]string{"app": "web"},
			Ports: []v1.ServicePort{{Port: 8080, TargetPort: intstr.FromString("http")}}},
	}
	services := d.sys.Client.CoreV1().Services(metav1.NamespaceDefault)
	if _, err := services.Create(ctx, service, metav1.CreateOptions{}); err != nil {
		return err
	}
	err := until(ctx, func(ctx context.Context) (bool, error) {
		s, err := services.Get(ctx, "web", metav1.GetOptions{})
		if err != nil || len(s.Status.LoadBalancer.Ingress) == 0 {
			return false, err
		}
		d.address = net.JoinHostPort(s.Status.LoadBalancer.Ingress[0].IP, "8080")
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("the Service got no address: %w", err)
	}
	d.say("address %s", d.address)
	return nil
}

// ask requests the Service through its load balancer until each node has answered.
func (d *demo) ask(ctx context.Context) error {
	d.step("request http://%s/ until all three nodes have answered", d.address)
	client := &http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	answers := map[string]int{}
	var last error
	err := until(ctx, func(ctx context.Context) (bool, error) {
		var answer kubelets.Answer
		if last = get(ctx, client, "http://"+d.address+"/", &answer); last == nil {
			if answers[answer.Node]++; answers[answer.Node] == 1 {
				d.say("%s answers (pod %s, asked by %s)", answer.Node, answer.Pod, answer.ClientIP)
			}
		}
		return len(answers) == len(machines), nil
	})
	if err != nil {
		return fmt.Errorf("answers by node: %v, last error: %w: %w", answers, last, err)
	}
	return nil
}

func get(ctx context.Context, client *http.Client, url string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(into)
}

// whatNext says where everything is and what is worth a look.
func (d *demo) whatNext() error {
	kubeconfig, err := d.sys.Cluster.Kubeconfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		return err
	}
	fmt.Fprintf(d.out, `
  export KUBECONFIG=%s
  kubectl get nodes -o wide -L topology.kubernetes.io/zone
  kubectl describe service web
  kubectl expose pod web-node-1 --name=second --type=LoadBalancer --port=8081 --target-port=8080 && kubectl get services -w
  curl http://%s/

  logs: %s (manager/manager.log, cloud/local-cloud.log, cluster/log)
`, kubeconfig, d.address, d.dir)
	return nil
}

// stop ends and removes everything.
func (d *demo) stop() error {
	d.finish()
	if d.sys != nil {
		if err := d.sys.Stop(); err != nil {
			return err
		}
	}
	if d.dir == "" || os.Getenv("KEEP") == "1" {
		return nil
	}
	return os.RemoveAll(d.dir)
}

// explain prints the ends of the logs that are most likely to say what went wrong.
func (d *demo) explain() {
	for _, name := range []string{"manager/manager.log", "cloud/local-cloud.log"} {
		path := filepath.Join(d.dir, name)
		if _, err := os.Stat(path); err == nil {
			fmt.Fprintf(os.Stderr, "\n%s ends:\n%s", path, process.Tail(path, 25))
		}
	}
}

// until polls until done, for a minute at most.
func until(ctx context.Context, done func(context.Context) (bool, error)) error {
	return wait.PollUntilContextTimeout(ctx, 50*time.Millisecond, time.Minute, true, done)
}

// indent shifts what a tool prints under its step.
type indent struct{ w io.Writer }

func (i indent) Write(p []byte) (int, error) {
	text := strings.TrimRight(string(p), "\n")
	_, err := fmt.Fprintln(i.w, "  "+strings.ReplaceAll(text, "\n", "\n  "))
	return len(p), err
}
