// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"strings"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientset "k8s.io/client-go/kubernetes"
	"k8s.io/klog/v2"
)

// selfCheck asks, with a controller's own client, whether it may do what its rules say, and tells what
// is missing. It asks about each permission, because a rules review is incomplete with webhook
// authorizers. It stops nothing: the answer may change before the permission is needed.
func selfCheck(ctx context.Context, c Controller, client clientset.Interface) {
	logger := klog.FromContext(ctx).WithValues("controller", c.Name)
	for _, a := range attributes(c.Rules) {
		review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &a}}
		got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			logger.V(2).Info("Permissions could not be checked", "err", err)
			return
		}
		if got.Status.Allowed {
			continue
		}
		resource := resourceName(a)
		logger.Error(nil, "A permission is missing", "verb", a.Verb, "resource", resource, "name", a.Name, "reason", got.Status.Reason)
		permissionsMissing.WithLabelValues(c.Name, a.Verb, resource).Set(1)
	}
}

// attributes is every single permission in rules.
func attributes(rules []rbacv1.PolicyRule) []authorizationv1.ResourceAttributes {
	var all []authorizationv1.ResourceAttributes
	for _, rule := range rules {
		names := rule.ResourceNames
		if len(names) == 0 {
			names = []string{""}
		}
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				for _, verb := range rule.Verbs {
					for _, name := range names {
						a := authorizationv1.ResourceAttributes{Verb: verb, Group: group, Name: name}
						a.Resource, a.Subresource, _ = strings.Cut(resource, "/")
						all = append(all, a)
					}
				}
			}
		}
	}
	return all
}

func resourceName(a authorizationv1.ResourceAttributes) string {
	name := a.Resource
	if a.Group != "" {
		name += "." + a.Group
	}
	if a.Subresource != "" {
		name += "/" + a.Subresource
	}
	return name
}
