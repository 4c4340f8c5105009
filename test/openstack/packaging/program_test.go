// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package packaging

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/test/clouds/openstack"
	"sigs.k8s.io/cloud-providers/test/clouds/openstack/openstacktest"
	"sigs.k8s.io/cloud-providers/test/cluster"
	"sigs.k8s.io/cloud-providers/test/manifests"
	"sigs.k8s.io/cloud-providers/test/process"
	"sigs.k8s.io/cloud-providers/test/system"
)

// TestTheManifestsAreEnough runs the program with the flags of the manifests and of the chart, as the service
// account that they make: it initialises a Node, makes and deletes a load balancer and routes, and no request
// is refused.
func TestTheManifestsAreEnough(t *testing.T) {
	if testing.Short() {
		t.Skip("starts control planes")
	}
	dir := t.TempDir()
	program := build(t, dir)
	for _, c := range []struct {
		name    string
		objects []manifests.Object
	}{
		{"manifests", ours(t)},
		{"chart", manifests.Read(t, rendered+"defaults/manifests.yaml")},
	} {
		t.Run(c.name, func(t *testing.T) {
			control := cluster.StartForTest(t, cluster.Options{Audit: true})
			a, client := manifests.Connect(t, control)
			for _, o := range c.objects {
				a.Apply(o, false)
			}
			cloud := openstacktest.Start(t, openstack.Options{})
			servers, err := cloud.AddCluster(openstack.ClusterOptions{Nodes: 1})
			if err != nil {
				t.Fatal(err)
			}
			confPath := filepath.Join(t.TempDir(), "cloud.conf")
			conf := fmt.Sprintf("[Global]\nauth-url = %s/v3\nusername = demo\npassword = secret\ntenant-id = %s\ndomain-name = Default\nregion = %s\n[LoadBalancer]\nsubnet-id = %s\nfloating-network-id = %s\n[Route]\nrouter-id = %s\n",
				cloud.AuthURL, cloud.Project.ID, cloud.Region(), servers.Subnets[0].ID, servers.External.ID, servers.Router.ID)
			if err := os.WriteFile(confPath, []byte(conf), 0o600); err != nil {
				t.Fatal(err)
			}
			kubeconfig, err := control.Kubeconfig(system.ManagerUser)
			if err != nil {
				t.Fatal(err)
			}
			args := append(flags(t, c.objects, confPath), "--kubeconfig="+kubeconfig, "--authentication-kubeconfig="+kubeconfig, "--authorization-kubeconfig="+kubeconfig,
				fmt.Sprint("--secure-port=", freePort(t)), "--cluster-cidr=10.244.0.0/16", "--allocate-node-cidrs=true")
			group := process.NewGroup()
			t.Cleanup(group.Stop)
			logPath := filepath.Join(t.TempDir(), "manager.log")
			manager, err := group.Start(process.Spec{Name: programName, Path: program, LogPath: logPath, Args: args})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if log, err := os.ReadFile(logPath); t.Failed() && err == nil {
					t.Logf("the manager's log:\n%s", log)
				}
			})
			use(t, client, servers.Servers[0].Name)
			if err := manager.Terminate(time.Minute); err != nil {
				t.Fatal(err)
			}
			requests, err := control.Audit().Since(0)
			if err != nil {
				t.Fatal(err)
			}
			if requests = requests.ByUser(system.ManagerUser); len(requests) == 0 || len(requests.Forbidden()) > 0 {
				t.Errorf("%d requests, of which were refused: %v", len(requests), requests.Forbidden())
			}
			log, err := os.ReadFile(logPath)
			if err != nil {
				t.Fatal(err)
			}
			for _, word := range []string{"forbidden", "not permitted", "may not"} {
				if strings.Contains(strings.ToLower(string(log)), word) {
					t.Errorf("the log tells of something %s", word)
				}
			}
		})
	}
}

// use has the program do all that it can.
func use(t *testing.T, client kubernetes.Interface, name string) {
	t.Helper()
	ctx := t.Context()
	node := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.NodeSpec{
		PodCIDR: "10.244.0.0/24", PodCIDRs: []string{"10.244.0.0/24"},
		Taints: []corev1.Taint{{Key: "node.cloudprovider.kubernetes.io/uninitialized", Value: "true", Effect: corev1.TaintEffectNoSchedule}},
	}}
	if _, err := client.CoreV1().Nodes().Create(ctx, node, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	services := client.CoreV1().Services(metav1.NamespaceDefault)
	service := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "web"}, Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeLoadBalancer, Ports: []corev1.ServicePort{{Port: 80}}}}
	if _, err := services.Create(ctx, service, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Node is initialised and has a route", func() error {
		n, err := client.CoreV1().Nodes().Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		routed := slices.ContainsFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool {
			return c.Type == corev1.NodeNetworkUnavailable && c.Status == corev1.ConditionFalse
		})
		if len(n.Spec.Taints) > 0 && n.Spec.Taints[0].Key == node.Spec.Taints[0].Key || n.Spec.ProviderID == "" || !routed {
			return fmt.Errorf("taints %v, provider ID %q, conditions %v", n.Spec.Taints, n.Spec.ProviderID, n.Status.Conditions)
		}
		return nil
	})
	eventually(t, "the Service has an address", func() error {
		s, err := services.Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		if len(s.Status.LoadBalancer.Ingress) == 0 {
			return errors.New("it has none")
		}
		return nil
	})
	if err := services.Delete(ctx, "web", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the Service is gone", func() error {
		if _, err := services.Get(ctx, "web", metav1.GetOptions{}); err == nil {
			return errors.New("it is there")
		}
		return nil
	})
}

func eventually(t *testing.T, what string, check func() error) {
	t.Helper()
	deadline, tick := time.After(2*time.Minute), time.NewTicker(100*time.Millisecond)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s: not within 2 minutes: %v", what, err)
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
}

// flags are those of the workload, as the kubelet would give them, with another cloud-config.
func flags(t *testing.T, objects []manifests.Object, confPath string) []string {
	t.Helper()
	for _, o := range objects {
		if o.Kind != "DaemonSet" {
			continue
		}
		var d appsv1.DaemonSet
		if err := json.Unmarshal(o.JSON, &d); err != nil {
			t.Fatal(err)
		}
		c := d.Spec.Template.Spec.Containers[0]
		var args []string
		for _, arg := range c.Args {
			for _, e := range c.Env {
				arg = strings.ReplaceAll(arg, "$("+e.Name+")", e.Value)
			}
			args = append(args, strings.ReplaceAll(arg, "/etc/config/cloud.conf", confPath))
		}
		return args
	}
	t.Fatal("no DaemonSet")
	return nil
}

func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// build builds the manager from this checkout.
func build(t *testing.T, dir string) string {
	t.Helper()
	root, err := system.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", "build", "-tags", "grpcnotrace", "-o", dir+string(os.PathSeparator), "./cmd/"+programName)
	cmd.Dir = filepath.Join(root, "providers", "openstack")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		t.Fatalf("build the OpenStack provider: %v\n%s", err, out.String())
	}
	return filepath.Join(dir, programName)
}
