// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package system

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"sigs.k8s.io/cloud-providers/common/app"
	"sigs.k8s.io/cloud-providers/providers/local/manager"
)

// leases are those that managers in tests may take: the default one, and two for managers that share a
// cluster.
var leases = []string{"cloud-controller-manager", "ccm-a", "ccm-b"}

// Permit gives ManagerUser exactly what the controllers say that they need.
func Permit(ctx context.Context, client kubernetes.Interface) error {
	roles := client.RbacV1()
	for _, o := range app.RBAC(manager.Program().Controllers, app.RBACOptions{
		Name: "cloud-controller-manager", Namespace: metav1.NamespaceSystem, ServiceAccount: "cloud-controller-manager",
		Leases: leases, LeaseNamespace: metav1.NamespaceSystem,
	}) {
		var err error
		switch o := o.(type) {
		case *rbacv1.ClusterRole:
			_, err = roles.ClusterRoles().Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.ClusterRoleBinding:
			_, err = roles.ClusterRoleBindings().Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.Role:
			_, err = roles.Roles(o.Namespace).Create(ctx, o, metav1.CreateOptions{})
		case *rbacv1.RoleBinding:
			_, err = roles.RoleBindings(o.Namespace).Create(ctx, o, metav1.CreateOptions{})
		}
		if err != nil {
			return fmt.Errorf("permit the manager: %w", err)
		}
	}
	return nil
}

// Pods returns a pod for each node, all behind one selector.
func Pods(app string, nodes ...string) []*corev1.Pod {
	var pods []*corev1.Pod
	for _, node := range nodes {
		pods = append(pods, &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: app + "-" + node, Namespace: metav1.NamespaceDefault, Labels: map[string]string{"app": app}},
			Spec: corev1.PodSpec{NodeName: node, Containers: []corev1.Container{{
				Name: "web", Image: "example.invalid/web",
				Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}, {Name: "udp", ContainerPort: 9090, Protocol: corev1.ProtocolUDP}},
			}}},
		})
	}
	return pods
}
