// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package cluster

import (
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// controllers that run in kube-controller-manager: those that nodes, Services and the clean-up of
// objects need. Workload controllers are left out; there is no scheduler anyway.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"endpointslice-controller",
	"garbage-collector-controller",
	"namespace-controller",
	"node-lifecycle-controller",
	"pod-garbage-collector-controller",
	"root-ca-certificate-publisher-controller",
	"serviceaccount-controller",
	"serviceaccount-token-controller",
	"taint-eviction-controller",
}

func (c *Cluster) etcdArgs(port int) []string {
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	return []string{
		"--data-dir=" + filepath.Join(c.dir, "etcd"),
		"--listen-client-urls=" + url,
		"--advertise-client-urls=" + url,
		"--listen-peer-urls=http://127.0.0.1:0",
		"--unsafe-no-fsync", // nothing here outlives the machine
		"--quota-backend-bytes=8589934592",
		"--log-level=warn",
	}
}

func (c *Cluster) apiServerArgs(etcdPort, port int) []string {
	args := []string{
		fmt.Sprintf("--etcd-servers=http://127.0.0.1:%d", etcdPort),
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + c.pki.file("apiserver.crt"),
		"--tls-private-key-file=" + c.pki.file("apiserver.key"),
		"--client-ca-file=" + c.pki.file("ca.crt"),
		"--requestheader-client-ca-file=" + c.pki.file("front-proxy-ca.crt"),
		"--requestheader-allowed-names=front-proxy-client",
		"--requestheader-username-headers=X-Remote-User",
		"--requestheader-group-headers=X-Remote-Group",
		"--requestheader-extra-headers-prefix=X-Remote-Extra-",
		"--proxy-client-cert-file=" + c.pki.file("front-proxy-client.crt"),
		"--proxy-client-key-file=" + c.pki.file("front-proxy-client.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + c.pki.file("service-account-verification.pub"),
		"--service-account-signing-key-file=" + c.pki.file("service-account-signing.key"),
		"--service-cluster-ip-range=" + c.options.serviceCIDRs(),
		"--authorization-mode=Node,RBAC",
		"--endpoint-reconciler-type=none", // Endpoints must not hold loopback addresses
		// Pods can be created in a namespace before its default service account is there.
		"--disable-admission-plugins=ServiceAccount",
	}
	if c.options.Audit {
		args = append(args,
			"--audit-policy-file="+c.auditPolicyPath(),
			"--audit-log-path="+c.auditLogPath(),
			"--audit-log-maxsize=1000000", // MiB: never rotate, marks are offsets
		)
	}
	return append(args, c.options.ExtraAPIServerArgs...)
}

func (c *Cluster) controllerManagerArgs(kubeconfig string, port int) []string {
	run := controllers
	if !c.options.DisableNodeIPAM {
		run = append([]string{"node-ipam-controller"}, run...)
	}
	args := []string{
		"--kubeconfig=" + kubeconfig,
		"--authentication-kubeconfig=" + kubeconfig,
		"--authorization-kubeconfig=" + kubeconfig,
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + c.pki.file("kube-controller-manager.crt"),
		"--tls-private-key-file=" + c.pki.file("kube-controller-manager.key"),
		"--client-ca-file=" + c.pki.file("ca.crt"),
		"--root-ca-file=" + c.pki.file("ca.crt"),
		"--service-account-private-key-file=" + c.pki.file("service-account-signing.key"),
		"--service-cluster-ip-range=" + c.options.serviceCIDRs(),
		"--use-service-account-credentials",
		"--leader-elect=false",
		"--cloud-provider=external",
		"--controllers=" + strings.Join(run, ","),
		"--kube-api-qps=500", // hundreds of nodes register at once
		"--kube-api-burst=1000",
	}
	if !c.options.DisableNodeIPAM {
		args = append(args, "--allocate-node-cidrs", "--cluster-cidr="+c.options.clusterCIDRs())
		if c.options.DualStack {
			args = append(args, "--node-cidr-mask-size-ipv4=24", "--node-cidr-mask-size-ipv6=64")
		} else {
			args = append(args, "--node-cidr-mask-size=24")
		}
	}
	if grace := c.options.NodeMonitorGracePeriod; grace > 0 {
		args = append(args,
			"--node-monitor-grace-period="+grace.String(),
			"--node-monitor-period="+min(5*time.Second, grace/4).String())
	}
	return append(args, c.options.ExtraControllerManagerArgs...)
}
