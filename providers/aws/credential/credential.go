// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

// Package credential is the kubelet's image credential provider for ECR: it reads one request, asks ECR for
// a token, and writes one response.
package credential

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	credentialprovider "k8s.io/kubelet/pkg/apis/credentialprovider/v1"
)

const (
	apiVersion   = "credentialprovider.kubelet.k8s.io/v1"
	requestKind  = "CredentialProviderRequest"
	responseKind = "CredentialProviderResponse"
)

// Run answers the request on in. The error is for the kubelet's log: it holds no credentials.
func Run(ctx context.Context, in io.Reader, out io.Writer) error {
	request, err := read(in)
	if err != nil {
		return err
	}
	r, err := registryOf(request.Image)
	if err != nil {
		return err
	}
	t, err := fetch(ctx, r, identityOf(request))
	if err != nil {
		return err
	}
	response, err := respond(r.host, t, time.Now())
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(response); err != nil {
		return fmt.Errorf("write the response: %w", err)
	}
	return nil
}

func read(in io.Reader) (*credentialprovider.CredentialProviderRequest, error) {
	var request credentialprovider.CredentialProviderRequest
	if err := json.NewDecoder(in).Decode(&request); err != nil {
		// Not %w, which would quote what it stumbled over: it may be a token.
		return nil, errors.New("the request on standard input is not JSON of a " + requestKind)
	}
	if request.APIVersion != apiVersion || request.Kind != requestKind {
		return nil, fmt.Errorf("the request is a %s of %s, but only %s of %s is understood; set apiVersion in the kubelet's credential provider configuration",
			request.Kind, request.APIVersion, requestKind, apiVersion)
	}
	return &request, nil
}

// token is what ECR gives out.
type token struct {
	data    string     // base64 of user:password
	expires *time.Time // nil if ECR does not say
}

// respond makes the response. The kubelet may reuse it for half of the token's remaining life. The key is
// the registry also for answers to the token of one service account: the kubelet keeps these apart by
// itself, per service account or token as tokenAttributes.cacheType says, so that within one of them the
// registry is still all that the answer depends on.
func respond(host string, t token, now time.Time) (*credentialprovider.CredentialProviderResponse, error) {
	decoded, err := base64.StdEncoding.DecodeString(t.data)
	if err != nil {
		return nil, errors.New("the token that ECR gave is not base64")
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	if !ok {
		return nil, errors.New("the token that ECR gave is not of the form user:password")
	}
	return &credentialprovider.CredentialProviderResponse{
		TypeMeta:      metav1.TypeMeta{APIVersion: apiVersion, Kind: responseKind},
		CacheKeyType:  credentialprovider.RegistryPluginCacheKeyType,
		CacheDuration: cacheFor(t.expires, now),
		Auth:          map[string]credentialprovider.AuthConfig{host: {Username: user, Password: password}},
	}, nil
}

// cacheFor is half of the remaining life in whole seconds: nothing at all without an expiry, and the
// kubelet's default for a token that has already expired, by a clock that is probably wrong.
func cacheFor(expires *time.Time, now time.Time) *metav1.Duration {
	if expires == nil {
		return &metav1.Duration{}
	}
	rest := expires.Sub(now)
	if rest <= 0 {
		return nil
	}
	return &metav1.Duration{Duration: (rest / 2).Truncate(time.Second)}
}
