// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package plain proves that the shared controllers run a provider that knows only the stock contract: the
// fake cloud of k8s.io/cloud-provider, against a real control plane.
package plain

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	v1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	cloudprovider "k8s.io/cloud-provider"
	"k8s.io/cloud-provider/fake"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/common/controllers"
	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

// variants are the two forms in which a plain provider knows instances.
var variants = map[string]func(*fake.Cloud){
	"InstancesV2": func(c *fake.Cloud) {
		c.EnableInstancesV2 = true
		c.ProviderID = map[types.NodeName]string{"n1": "fake://n1", "n2": "fake://n2", "n3": "fake://n3"}
	},
	"Instances and Zones": func(c *fake.Cloud) {
		c.ExtID = map[types.NodeName]string{"n1": "n1", "n2": "n2", "n3": "n3"}
		c.InstanceTypes = map[types.NodeName]string{}
	},
}

func TestAPlainProviderRunsUnchanged(t *testing.T) {
	for name, set := range variants {
		t.Run(name, func(t *testing.T) {
			cloud := &fake.Cloud{
				Addresses:  []v1.NodeAddress{{Type: v1.NodeInternalIP, Address: "192.0.2.10"}},
				Zone:       cloudprovider.Zone{FailureDomain: "zone-a", Region: "region-1"},
				ExternalIP: net.ParseIP("198.51.100.1"), ExistsByProviderID: true, RouteMap: map[string]*fake.Route{},
			}
			set(cloud)
			w := start(t, cloud)
			w.nodes("n1", "n2")
			w.service()
			w.nodes("n3")
			w.eventually("the third node is given to the load balancer", func() error {
				for _, call := range cloud.UpdateCalls {
					if len(call.Hosts) == 3 {
						return nil
					}
				}
				return fmt.Errorf("update calls: %d", len(cloud.UpdateCalls))
			})
			w.eventually("each node has a route", func() error {
				if n := len(cloud.RouteMap); n != 3 {
					return fmt.Errorf("there are %d", n)
				}
				return nil
			})
			w.vanish("n3", cloud)
			w.deleteService(cloud)
		})
	}
}

type world struct {
	t      *testing.T
	client kubernetes.Interface
	fleet  *kubelets.Fleet
	mu     *sync.Mutex
}

// start runs control plane, kubelets and a manager with the cloud in this process.
func start(t *testing.T, cloud *fake.Cloud) *world {
	t.Helper()
	c := cluster.StartForTest(t, cluster.Options{})
	admin, err := c.RESTConfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := kubelets.New(t.Context(), kubelets.Options{RESTConfig: admin})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, client: c.AdminClient(), fleet: fleet, mu: &sync.Mutex{}}
	kubeconfig, err := c.Kubeconfig(cluster.AdminUser, cluster.AdminGroup)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var stderr bytes.Buffer
	done := make(chan int)
	go func() {
		done <- app.Run(ctx, app.Program{
			Name: "plain-manager", ProviderName: "fake", Controllers: controllers.All(),
			NewCloud: func(context.Context, provider.Setup) (cloudprovider.Interface, error) {
				return serialised(cloud, w.mu), nil
			},
		}, []string{"--cloud-provider=fake", "--kubeconfig=" + kubeconfig, "--leader-elect=false", "--secure-port=0",
			"--cluster-cidr=" + cluster.ClusterCIDRv4, "--node-monitor-period=500ms", "--node-deletion-min-age=0s"}, &stderr, &stderr)
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("the manager ended with %d: %s", code, stderr.String())
		}
		if err := fleet.Stop(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) eventually(what string, check func() error) {
	w.t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		w.mu.Lock()
		err := check()
		w.mu.Unlock()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			w.t.Fatalf("not within a minute: %s: %v", what, err)
		}
	}
}

func (w *world) nodes(names ...string) {
	w.t.Helper()
	for _, name := range names {
		if err := w.fleet.Add(w.t.Context(), kubelets.Machine{Name: name}); err != nil {
			w.t.Fatal(err)
		}
		w.eventually("node "+name+" is initialised", func() error {
			n, err := w.client.CoreV1().Nodes().Get(w.t.Context(), name, metav1.GetOptions{})
			if err != nil {
				return err
			}
			if slices.ContainsFunc(n.Spec.Taints, func(t v1.Taint) bool { return t.Key == "node.cloudprovider.kubernetes.io/uninitialized" }) {
				return errors.New("it has the taint")
			}
			if n.Spec.ProviderID != "fake://"+name || n.Labels[v1.LabelTopologyZone] != "zone-a" || n.Labels[v1.LabelTopologyRegion] != "region-1" {
				return fmt.Errorf("provider ID %q, labels %v", n.Spec.ProviderID, n.Labels)
			}
			return nil
		})
	}
}

func (w *world) service() {
	w.t.Helper()
	s := &v1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: v1.ServiceSpec{Type: v1.ServiceTypeLoadBalancer, Ports: []v1.ServicePort{{Port: 80}}}}
	if _, err := w.client.CoreV1().Services("default").Create(w.t.Context(), s, metav1.CreateOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the Service has the balancer's address", func() error {
		s, err := w.client.CoreV1().Services("default").Get(w.t.Context(), "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if i := s.Status.LoadBalancer.Ingress; len(i) != 1 || i[0].IP != "198.51.100.1" || len(s.Finalizers) != 1 {
			return fmt.Errorf("status %v, finalizers %v", s.Status.LoadBalancer, s.Finalizers)
		}
		return nil
	})
}

// vanish lets a machine burn down while the others are Ready. The fake knows no single instance: while
// it says that none exists, the guard does not believe it, since the Ready nodes evidently do.
func (w *world) vanish(name string, cloud *fake.Cloud) {
	w.t.Helper()
	if err := w.fleet.SetReady(w.t.Context(), name, false); err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	cloud.ExistsByProviderID = false
	w.mu.Unlock()
	w.eventually("the guard says that it does not believe the cloud", func() error {
		events, err := w.client.CoreV1().Events("").List(w.t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.name=" + name + ",reason=NodeDeletionVoid"})
		if err == nil && len(events.Items) == 0 {
			err = errors.New("no event")
		}
		return err
	})
	if _, err := w.client.CoreV1().Nodes().Get(w.t.Context(), name, metav1.GetOptions{}); err != nil {
		w.t.Errorf("the node was deleted on an answer that cannot be true: %v", err)
	}
}

func (w *world) deleteService(cloud *fake.Cloud) {
	w.t.Helper()
	if err := w.client.CoreV1().Services("default").Delete(w.t.Context(), "web", metav1.DeleteOptions{}); err != nil {
		w.t.Fatal(err)
	}
	w.eventually("the Service is gone, and deleted in the cloud", func() error {
		if _, err := w.client.CoreV1().Services("default").Get(w.t.Context(), "web", metav1.GetOptions{}); err == nil {
			return errors.New("it is still there")
		}
		if !slices.Contains(cloud.Calls, "delete") {
			return fmt.Errorf("calls %v", cloud.Calls)
		}
		return nil
	})
}
