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

	"sigs.k8s.io/cloud-providers/common/controllers"
)

// Permit gives ManagerUser exactly what the controllers say that they need.
func Permit(ctx context.Context, client kubernetes.Interface) error {
	const name = "cloud-controller-manager"
	rules := []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}}}
	for _, c := range controllers.All() {
		rules = append(rules, c.Rules...)
	}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: ManagerUser}}
	meta := metav1.ObjectMeta{Name: name}
	roles := client.RbacV1()
	if _, err := roles.ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: rules}, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("permit the manager: %w", err)
	}
	for binding, role := range map[string]string{name: name, name + "-auth": "system:auth-delegator"} {
		if _, err := roles.ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: binding}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		}, metav1.CreateOptions{}); err != nil {
			return fmt.Errorf("permit the manager: %w", err)
		}
	}
	lease := rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: metav1.NamespaceSystem}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "update"}},
	}}
	if _, err := roles.Roles(metav1.NamespaceSystem).Create(ctx, &lease, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("permit the manager: %w", err)
	}
	for binding, role := range map[string]string{name: name, name + "-auth": "extension-apiserver-authentication-reader"} {
		if _, err := roles.RoleBindings(metav1.NamespaceSystem).Create(ctx, &rbacv1.RoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: binding}, Subjects: subjects,
			RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: role},
		}, metav1.CreateOptions{}); err != nil {
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
