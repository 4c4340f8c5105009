// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package kubelets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pires/go-proxyproto"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"sigs.k8s.io/cloud-providers/test/cluster/kubelets"
)

// client is the address that the test connects from, to see where it is kept.
var client = netip.MustParseAddr("127.9.9.9")

func firstAddress(t *testing.T) netip.Addr {
	t.Helper()
	address, err := kubelets.FirstAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// site is three machines, of which the first two run a pod each.
type site struct {
	fixture
	machines []kubelets.Machine
}

func TestTraffic(t *testing.T) {
	s := site{fixture: start(t, kubelets.Options{Traffic: true})}
	at := firstAddress(t)
	for i := range 3 {
		s.machines = append(s.machines, kubelets.Machine{Name: fmt.Sprintf("n%d", i), NodeIPs: []netip.Addr{at}, Address: at})
		at = at.Next()
	}
	s.add(t, s.machines...)
	eventually(t, "the nodes have pod CIDRs", func() error {
		for _, m := range s.machines {
			if s.node(t, m.Name).Spec.PodCIDR == "" {
				return fmt.Errorf("%s has none", m.Name)
			}
		}
		return nil
	})
	s.createPod(t, "web-0", "n0")
	s.createPod(t, "web-1", "n1")
	everywhere := s.createService(t, "everywhere", corev1.ServiceExternalTrafficPolicyCluster)
	local := s.createService(t, "local", corev1.ServiceExternalTrafficPolicyLocal)

	t.Run("a bound pod runs with an address of its node", func(t *testing.T) { testPod(t, s) })
	t.Run("policy Cluster answers on every machine from every pod, with the machine as client", func(t *testing.T) { testCluster(t, s, everywhere) })
	t.Run("policy Local answers where a pod is, and keeps the client", func(t *testing.T) { testLocal(t, s, local) })
	t.Run("UDP follows the same policies", func(t *testing.T) { testUDP(t, s, everywhere, local) })
	t.Run("a pod takes the client from a PROXY header", func(t *testing.T) { testProxyHeader(t, s, everywhere) })
	t.Run("the health check port tells which machines have pods", func(t *testing.T) { testHealthCheck(t, s, local) })
	t.Run("kube-proxy's health follows the node", func(t *testing.T) { testHealthz(t, s) })
	t.Run("a pod has a real address", func(t *testing.T) { testPodAddress(t, s) })
	t.Run("a deleted pod is finalised and its ports close", func(t *testing.T) { testPodDeletion(t, s, local) })
	t.Run("a machine that is gone does not answer", func(t *testing.T) { testMachineGone(t, s, everywhere) })
	t.Run("a stopped fleet does not answer", func(t *testing.T) { testStopped(t, s, everywhere) })
}

func (s site) createPod(t *testing.T, name, node string) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": "web"}},
		Spec: corev1.PodSpec{
			NodeName: node,
			Containers: []corev1.Container{{Name: "web", Image: "simulated", Ports: []corev1.ContainerPort{
				{ContainerPort: 8080, Protocol: corev1.ProtocolTCP},
				{ContainerPort: 8080, Protocol: corev1.ProtocolUDP},
			}}},
		},
	}
	if _, err := s.client.CoreV1().Pods("default").Create(t.Context(), pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// createService creates a Service and waits until its node ports are open on the first machine.
func (s site) createService(t *testing.T, name string, policy corev1.ServiceExternalTrafficPolicy) *corev1.Service {
	t.Helper()
	service, err := s.client.CoreV1().Services("default").Create(t.Context(), &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: corev1.ServiceSpec{
			Type:                  corev1.ServiceTypeLoadBalancer,
			ExternalTrafficPolicy: policy,
			Selector:              map[string]string{"app": "web"},
			Ports: []corev1.ServicePort{
				{Name: "tcp", Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: corev1.ProtocolTCP},
				{Name: "udp", Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: corev1.ProtocolUDP},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range s.machines[:2] {
		eventually(t, "the Service answers on "+m.Name, func() error {
			_, err := get(t, nodePort(m, service, 0))
			return err
		})
	}
	return service
}

func nodePort(m kubelets.Machine, service *corev1.Service, port int) netip.AddrPort {
	return netip.AddrPortFrom(m.Address, uint16(service.Spec.Ports[port].NodePort))
}

// dial connects from the client's address.
func dial(ctx context.Context, network string, to netip.AddrPort) (net.Conn, error) {
	var from net.Addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(client, 0))
	if network == "udp" {
		from = net.UDPAddrFromAddrPort(netip.AddrPortFrom(client, 0))
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	conn, err := (&net.Dialer{LocalAddr: from}).DialContext(ctx, network, to.String())
	if err != nil {
		return nil, err
	}
	return conn, conn.SetDeadline(time.Now().Add(5 * time.Second))
}

// get asks a pod over HTTP, after writing what comes before the request.
func get(t *testing.T, to netip.AddrPort, before ...io.WriterTo) (kubelets.Answer, error) {
	t.Helper()
	var answer kubelets.Answer
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := dial(ctx, "tcp", to)
		for _, b := range before {
			if err == nil {
				_, err = b.WriteTo(conn)
			}
		}
		return conn, err
	}}
	response, err := (&http.Client{Transport: transport}).Get("http://pod/some/path")
	if err != nil {
		return answer, err
	}
	defer response.Body.Close()
	return answer, json.NewDecoder(response.Body).Decode(&answer)
}

func testPod(t *testing.T, s site) {
	pod, err := s.client.CoreV1().Pods("default").Get(t.Context(), "web-0", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	cidr := netip.MustParsePrefix(s.node(t, "n0").Spec.PodCIDR)
	if pod.Status.Phase != corev1.PodRunning || !cidr.Contains(netip.MustParseAddr(pod.Status.PodIP)) || pod.Status.HostIP != s.machines[0].Address.String() {
		t.Errorf("the pod is %s with IP %s (of %s) on %s", pod.Status.Phase, pod.Status.PodIP, cidr, pod.Status.HostIP)
	}
}

func testCluster(t *testing.T, s site, service *corev1.Service) {
	for _, m := range s.machines {
		pods := map[string]bool{}
		for range 10 {
			answer, err := get(t, nodePort(m, service, 0))
			if err != nil {
				t.Fatal(err)
			}
			pods[answer.Node+"/"+answer.Pod] = true
			if answer.ClientIP != m.Address.String() || answer.Path != "/some/path" || answer.ProxyProtocol != 0 {
				t.Errorf("through %s: got %+v", m.Name, answer)
			}
		}
		if len(pods) != 2 || !pods["n0/web-0"] || !pods["n1/web-1"] {
			t.Errorf("through %s: answers came from %v, want both pods", m.Name, pods)
		}
	}
}

func testLocal(t *testing.T, s site, service *corev1.Service) {
	for i, m := range s.machines[:2] {
		for range 3 {
			answer, err := get(t, nodePort(m, service, 0))
			if err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf("web-%d", i); answer.Pod != want || answer.ClientIP != client.String() {
				t.Errorf("through %s: got %+v, want pod %s and client %s", m.Name, answer, want, client)
			}
		}
	}
	if _, err := get(t, nodePort(s.machines[2], service, 0)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("through a machine without a pod: got error %v, want refused", err)
	}
}

func testUDP(t *testing.T, s site, everywhere, local *corev1.Service) {
	ask := func(to netip.AddrPort) []string {
		t.Helper()
		conn, err := dial(t.Context(), "udp", to)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		var answers []string
		for range 3 { // of one flow
			if _, err := conn.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			buffer := make([]byte, 100)
			n, err := conn.Read(buffer)
			if err != nil {
				return append(answers, err.Error())
			}
			answers = append(answers, string(buffer[:n]))
		}
		return answers
	}
	pods := map[string]bool{}
	for range 10 {
		answers := ask(nodePort(s.machines[2], everywhere, 1))
		if answers[0] != answers[1] || answers[1] != answers[2] {
			t.Errorf("one flow reached %v", answers)
		}
		pods[answers[0]] = true
	}
	if len(pods) != 2 || !pods["n0 web-0 hello"] || !pods["n1 web-1 hello"] {
		t.Errorf("answers were %v, want of both pods", pods)
	}
	if got := ask(nodePort(s.machines[1], local, 1)); got[0] != "n1 web-1 hello" {
		t.Errorf("with policy Local: got %v, want of the pod there", got)
	}
	if got := ask(nodePort(s.machines[2], local, 1)); !strings.Contains(got[0], "refused") {
		t.Errorf("through a machine without a pod: got %v, want refused", got)
	}
}

func testProxyHeader(t *testing.T, s site, service *corev1.Service) {
	for _, version := range []byte{1, 2} {
		source := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 7), Port: 4711}
		header := proxyproto.HeaderProxyFromAddrs(version, source, &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80})
		answer, err := get(t, nodePort(s.machines[0], service, 0), header)
		if err != nil {
			t.Fatal(err)
		}
		if answer.ClientIP != "192.0.2.7" || answer.ProxyProtocol != version {
			t.Errorf("with version %d: got %+v", version, answer)
		}
	}
}

// httpStatus returns the status and body of a GET.
func httpStatus(t *testing.T, at netip.AddrPort, path string) (*http.Response, string) {
	t.Helper()
	response, err := http.Get("http://" + at.String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, strings.TrimSpace(string(body))
}

func testHealthCheck(t *testing.T, s site, service *corev1.Service) {
	for i, want := range []struct{ status, endpoints int }{{200, 1}, {200, 1}, {503, 0}} {
		at := netip.AddrPortFrom(s.machines[i].Address, uint16(service.Spec.HealthCheckNodePort))
		response, body := httpStatus(t, at, "/healthz")
		wantBody := fmt.Sprintf(`{"service":{"namespace":"default","name":"local"},"localEndpoints":%d,"serviceProxyHealthy":true}`, want.endpoints)
		if response.StatusCode != want.status || body != wantBody {
			t.Errorf("on n%d: got %d %s, want %d %s", i, response.StatusCode, body, want.status, wantBody)
		}
		if got := response.Header.Get("X-Load-Balancing-Endpoint-Weight"); got != fmt.Sprint(want.endpoints) {
			t.Errorf("on n%d: the weight is %q, want %d", i, got, want.endpoints)
		}
	}
}

func testHealthz(t *testing.T, s site) {
	at := netip.AddrPortFrom(s.machines[2].Address, kubelets.HealthzPort)
	if response, body := httpStatus(t, at, "/healthz"); response.StatusCode != 200 || !strings.Contains(body, `"nodeEligible":true`) {
		t.Errorf("got %d %s", response.StatusCode, body)
	}
	taint := []byte(`{"spec":{"taints":[{"key":"ToBeDeletedByClusterAutoscaler","effect":"NoSchedule"}]}}`)
	if _, err := s.client.CoreV1().Nodes().Patch(t.Context(), "n2", types.MergePatchType, taint, metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a node that the autoscaler removes is not healthy", func() error {
		if response, body := httpStatus(t, at, "/healthz"); response.StatusCode != 503 || !strings.Contains(body, `"nodeEligible":false`) {
			return fmt.Errorf("got %d %s", response.StatusCode, body)
		}
		return nil
	})
}

func testPodAddress(t *testing.T, s site) {
	pod, err := s.client.CoreV1().Pods("default").Get(t.Context(), "web-1", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	at, ok := s.fleet.PodAddress(netip.AddrPortFrom(netip.MustParseAddr(pod.Status.PodIP), 8080), corev1.ProtocolTCP)
	if !ok {
		t.Fatal("the pod has no address")
	}
	answer, err := get(t, at)
	if err != nil || answer.Pod != "web-1" || answer.ClientIP != client.String() {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func testPodDeletion(t *testing.T, s site, local *corev1.Service) {
	if err := s.client.CoreV1().Pods("default").Delete(t.Context(), "web-1", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the pod is gone", func() error {
		_, err := s.client.CoreV1().Pods("default").Get(t.Context(), "web-1", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("it is there (%w)", err)
	})
	eventually(t, "its machine refuses", func() error {
		if answer, err := get(t, nodePort(s.machines[1], local, 0)); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("got %+v, %w", answer, err)
		}
		return nil
	})
}

func testMachineGone(t *testing.T, s site, service *corev1.Service) {
	s.fleet.Forget("n2")
	eventually(t, "the node port is closed", func() error {
		if answer, err := get(t, nodePort(s.machines[2], service, 0)); !errors.Is(err, syscall.ECONNREFUSED) {
			return fmt.Errorf("got %+v, %w", answer, err)
		}
		return nil
	})
	s.node(t, "n2") // stays
}

func testStopped(t *testing.T, s site, service *corev1.Service) {
	if err := s.fleet.Stop(); err != nil {
		t.Fatal(err)
	}
	for _, at := range []netip.AddrPort{nodePort(s.machines[0], service, 0), netip.AddrPortFrom(s.machines[0].Address, kubelets.HealthzPort)} {
		if conn, err := dial(t.Context(), "tcp", at); err == nil {
			conn.Close()
			t.Errorf("%s answers", at)
		}
	}
}
