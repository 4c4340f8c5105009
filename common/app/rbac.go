// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"maps"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// RBACOptions says for what installation roles are made.
type RBACOptions struct {
	// Name is the name of the roles and their bindings, for example "cloud-controller-manager".
	Name string
	// Namespace and ServiceAccount are the identity of the process.
	Namespace, ServiceAccount string
	// Leases are the names of the leases, all in LeaseNamespace.
	Leases         []string
	LeaseNamespace string
	// ServiceAccountCredentials makes roles for --use-service-account-credentials: one per client name,
	// as far as the cluster's bootstrap roles do not cover them, which they do for the stock names.
	ServiceAccountCredentials bool
	// Extra are rules of the provider for the identity of the process.
	Extra []rbacv1.PolicyRule
}

const systemNamespace = "kube-system"

// eventRules are what every controller needs to tell what it did.
var eventRules = []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"events"}, Verbs: []string{"create", "patch"}}}

// cacheRules are for the informers, which use the identity of the process.
var cacheRules = []rbacv1.PolicyRule{{APIGroups: []string{""}, Resources: []string{"nodes", "services"}, Verbs: []string{"list", "watch"}}}

// RBAC returns the roles and bindings that a program with these controllers needs, and nothing beyond.
func RBAC(controllers []Controller, o RBACOptions) []runtime.Object {
	subject := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: o.Namespace, Name: o.ServiceAccount}
	own := slices.Concat(cacheRules, eventRules, o.Extra)
	var objects []runtime.Object
	if o.ServiceAccountCredentials {
		byClient := rulesByClient(controllers)
		for _, client := range slices.Sorted(maps.Keys(byClient)) {
			account := rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: systemNamespace, Name: client}
			objects = append(objects, clusterRole(o.Name+":"+client, slices.Concat(byClient[client], eventRules), account)...)
		}
		objects = append(objects, role(o.Name+":service-accounts", systemNamespace, serviceAccountRules(byClient), subject)...)
	} else {
		for _, c := range controllers {
			own = append(own, c.Rules...)
		}
	}
	objects = append(objects, clusterRole(o.Name, own, subject)...)
	objects = append(objects, role(o.Name+":leader-election", o.LeaseNamespace, leaseRules(o.Leases), subject)...)
	objects = append(objects,
		&rbacv1.ClusterRoleBinding{
			TypeMeta: rbacType("ClusterRoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: o.Name + ":auth-delegator"},
			Subjects: []rbacv1.Subject{subject},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "system:auth-delegator"},
		},
		&rbacv1.RoleBinding{
			TypeMeta: rbacType("RoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: o.Name + ":authentication-reader", Namespace: systemNamespace},
			Subjects: []rbacv1.Subject{subject},
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "extension-apiserver-authentication-reader"},
		})
	return objects
}

func rulesByClient(controllers []Controller) map[string][]rbacv1.PolicyRule {
	byClient := map[string][]rbacv1.PolicyRule{}
	for _, c := range controllers {
		byClient[c.ClientName] = append(byClient[c.ClientName], c.Rules...)
	}
	return byClient
}

// serviceAccountRules let the process make and use the accounts of its controllers.
func serviceAccountRules(byClient map[string][]rbacv1.PolicyRule) []rbacv1.PolicyRule {
	names := slices.Sorted(maps.Keys(byClient))
	return []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, Verbs: []string{"create"}},
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts"}, Verbs: []string{"get"}, ResourceNames: names},
		{APIGroups: []string{""}, Resources: []string{"serviceaccounts/token"}, Verbs: []string{"create"}, ResourceNames: names},
	}
}

// leaseRules cannot restrict create by name: RBAC does not know the name of an object to be created.
func leaseRules(names []string) []rbacv1.PolicyRule {
	return []rbacv1.PolicyRule{
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"create"}},
		{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, Verbs: []string{"get", "update"}, ResourceNames: names},
	}
}

func clusterRole(name string, rules []rbacv1.PolicyRule, subject rbacv1.Subject) []runtime.Object {
	return []runtime.Object{
		&rbacv1.ClusterRole{TypeMeta: rbacType("ClusterRole"), ObjectMeta: metav1.ObjectMeta{Name: name}, Rules: mergeRules(rules)},
		&rbacv1.ClusterRoleBinding{
			TypeMeta: rbacType("ClusterRoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: name},
			Subjects: []rbacv1.Subject{subject}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name},
		},
	}
}

func role(name, namespace string, rules []rbacv1.PolicyRule, subject rbacv1.Subject) []runtime.Object {
	return []runtime.Object{
		&rbacv1.Role{TypeMeta: rbacType("Role"), ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace}, Rules: rules},
		&rbacv1.RoleBinding{
			TypeMeta: rbacType("RoleBinding"), ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: namespace},
			Subjects: []rbacv1.Subject{subject}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		},
	}
}

func rbacType(kind string) metav1.TypeMeta {
	return metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: kind}
}

// mergeRules gives one rule per resource, with all its verbs: what a reviewer wants to read.
func mergeRules(rules []rbacv1.PolicyRule) []rbacv1.PolicyRule {
	type key struct{ group, resource, name string }
	verbs := map[key][]string{}
	var order []key
	for _, a := range attributes(rules) {
		resource := a.Resource
		if a.Subresource != "" {
			resource += "/" + a.Subresource
		}
		k := key{a.Group, resource, a.Name}
		if verbs[k] == nil {
			order = append(order, k)
		}
		if !slices.Contains(verbs[k], a.Verb) {
			verbs[k] = append(verbs[k], a.Verb)
		}
	}
	slices.SortFunc(order, func(a, b key) int {
		return slices.Compare([]string{a.group, a.resource, a.name}, []string{b.group, b.resource, b.name})
	})
	merged := make([]rbacv1.PolicyRule, 0, len(order))
	for _, k := range order {
		slices.Sort(verbs[k])
		rule := rbacv1.PolicyRule{APIGroups: []string{k.group}, Resources: []string{k.resource}, Verbs: verbs[k]}
		if k.name != "" {
			rule.ResourceNames = []string{k.name}
		}
		merged = append(merged, rule)
	}
	return merged
}
