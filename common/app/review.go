// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/cache"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apiserver/pkg/authentication/authenticator"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/authorization/authorizer"
	clientset "k8s.io/client-go/kubernetes"
	authenticationclient "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorizationclient "k8s.io/client-go/kubernetes/typed/authorization/v1"
)

// k8s.io/apiserver's own review clients (authenticatorfactory, authorizerfactory) link grpc, OpenTelemetry
// and CEL: 8 MB for two POST requests. These two do the same for what a controller manager serves, which
// is non-resource paths only.

// The bounds of a review, as in k8s.io/apiserver: a whole one, and how it is repeated.
const reviewTimeout = 10 * time.Second

var reviewBackoff = wait.Backoff{Duration: 500 * time.Millisecond, Factor: 1.5, Jitter: 0.2, Steps: 5}

// review posts until the answer is final.
func review[T any](ctx context.Context, post func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
	defer cancel()
	var answer T
	var last error
	err := wait.ExponentialBackoffWithContext(ctx, reviewBackoff, func(ctx context.Context) (bool, error) {
		answer, last = post(ctx)
		if last == nil || !worthRepeating(last) {
			return true, nil
		}
		return false, nil
	})
	if last != nil {
		return answer, last
	}
	return answer, err
}

func worthRepeating(err error) bool {
	return apierrors.IsInternalError(err) || apierrors.IsTooManyRequests(err) || apierrors.IsServiceUnavailable(err) ||
		apierrors.IsTimeout(err) || apierrors.IsServerTimeout(err) || utilnet.IsConnectionReset(err) || utilnet.IsHTTP2ConnectionLost(err)
}

// tokenReviewer asks the API server whose token it is, and remembers its answers for a while. Tokens are
// remembered as keyed hashes.
type tokenReviewer struct {
	reviews authenticationclient.TokenReviewInterface
	ttl     time.Duration
	key     []byte
	answers *cache.LRUExpireCache
}

func newTokenReviewer(client clientset.Interface, ttl time.Duration) *tokenReviewer {
	key := make([]byte, sha256.Size)
	rand.Read(key) // never fails
	return &tokenReviewer{client.AuthenticationV1().TokenReviews(), ttl, key, cache.NewLRUExpireCache(1024)}
}

func (t *tokenReviewer) AuthenticateToken(ctx context.Context, token string) (*authenticator.Response, bool, error) {
	mac := hmac.New(sha256.New, t.key)
	mac.Write([]byte(token))
	key := string(mac.Sum(nil))
	if known, ok := t.answers.Get(key); ok {
		who, _ := known.(*authenticator.Response)
		return who, who != nil, nil
	}
	who, err := t.ask(ctx, token)
	if err == nil { // what went wrong is not remembered
		t.answers.Add(key, who, t.ttl)
	}
	return who, who != nil, err
}

// ask returns nobody for a token that the API server does not know.
func (t *tokenReviewer) ask(ctx context.Context, token string) (*authenticator.Response, error) {
	got, err := review(ctx, func(ctx context.Context) (*authenticationv1.TokenReview, error) {
		return t.reviews.Create(ctx, &authenticationv1.TokenReview{Spec: authenticationv1.TokenReviewSpec{Token: token}}, metav1.CreateOptions{})
	})
	if err != nil {
		return nil, fmt.Errorf("token review: %w", err)
	}
	if !got.Status.Authenticated {
		if got.Status.Error != "" {
			return nil, errors.New(got.Status.Error)
		}
		return nil, nil
	}
	who := &user.DefaultInfo{Name: got.Status.User.Username, UID: got.Status.User.UID, Groups: got.Status.User.Groups}
	if len(got.Status.User.Extra) > 0 {
		who.Extra = map[string][]string{}
		for key, values := range got.Status.User.Extra {
			who.Extra[key] = values
		}
	}
	return &authenticator.Response{User: who}, nil
}

// accessReviewer asks the API server who may read which path, and remembers its answers for a while.
type accessReviewer struct {
	reviews           authorizationclient.SubjectAccessReviewInterface
	allowTTL, denyTTL time.Duration
	answers           *cache.LRUExpireCache
}

// superusers may do everything, by definition.
const superusers = "system:masters"

// newAuthorizer returns an authorizer that lets superusers in and asks the API server about others.
func newAuthorizer(o *authorizationOptions, client clientset.Interface) authorizer.UnconditionalAuthorizer {
	var ask authorizer.UnconditionalAuthorizer
	if client != nil {
		ask = &accessReviewer{client.AuthorizationV1().SubjectAccessReviews(), o.allowTTL, o.denyTTL, cache.NewLRUExpireCache(1024)}
	}
	return authorizer.AuthorizerFunc(func(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
		if slices.Contains(a.GetUser().GetGroups(), superusers) {
			return authorizer.DecisionAllow, "", nil
		}
		if ask == nil {
			return authorizer.DecisionNoOpinion, "there is no --authorization-kubeconfig to ask", nil
		}
		return ask.Authorize(ctx, a)
	})
}

func (r *accessReviewer) Authorize(ctx context.Context, a authorizer.Attributes) (authorizer.Decision, string, error) {
	spec := authorizationv1.SubjectAccessReviewSpec{
		User: a.GetUser().GetName(), UID: a.GetUser().GetUID(), Groups: a.GetUser().GetGroups(),
		NonResourceAttributes: &authorizationv1.NonResourceAttributes{Path: a.GetPath(), Verb: a.GetVerb()},
	}
	for key, values := range a.GetUser().GetExtra() {
		if spec.Extra == nil {
			spec.Extra = map[string]authorizationv1.ExtraValue{}
		}
		spec.Extra[key] = values
	}
	key, err := json.Marshal(spec)
	if err != nil {
		return authorizer.DecisionNoOpinion, "", err
	}
	if known, ok := r.answers.Get(string(key)); ok {
		return decide(known.(authorizationv1.SubjectAccessReviewStatus))
	}
	got, err := review(ctx, func(ctx context.Context) (*authorizationv1.SubjectAccessReview, error) {
		return r.reviews.Create(ctx, &authorizationv1.SubjectAccessReview{Spec: spec}, metav1.CreateOptions{})
	})
	if err != nil {
		return authorizer.DecisionNoOpinion, "", fmt.Errorf("subject access review: %w", err)
	}
	ttl := r.denyTTL
	if got.Status.Allowed {
		ttl = r.allowTTL
	}
	r.answers.Add(string(key), got.Status, ttl)
	return decide(got.Status)
}

func decide(s authorizationv1.SubjectAccessReviewStatus) (authorizer.Decision, string, error) {
	switch {
	case s.Allowed:
		return authorizer.DecisionAllow, s.Reason, nil
	case s.Denied:
		return authorizer.DecisionDeny, s.Reason, nil
	}
	return authorizer.DecisionNoOpinion, s.Reason, nil
}
