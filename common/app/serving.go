// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	configv1alpha1 "k8s.io/cloud-provider/config/v1alpha1"
	"k8s.io/component-base/configz"
	cmfeatures "k8s.io/controller-manager/pkg/features"
	"k8s.io/klog/v2"
)

// serve starts the HTTPS servers. It fails at once when a port is taken or a file is wrong; what needs
// the API server is retried behind it.
func (m *manager) serve() error {
	m.describeStates(m.background)
	if err := m.publishConfig(); err != nil {
		return err
	}
	m.endpoints.status = m.statusLines
	m.endpoints.healthz.add(ping("ping"))
	m.endpoints.livez.add(ping("ping"))
	m.endpoints.readyz.add(
		check{"shutdown", func(*http.Request) error {
			if m.stopping.Load() {
				return errors.New("the process is stopping")
			}
			return nil
		}},
		m.apiserver.check("kube-apiserver"),
		m.cloudReached.check("cloud"),
		check{"caches", func(*http.Request) error { return m.cachesReady() }},
	)
	if err := m.serveEndpoints(); err != nil {
		return err
	}
	return m.serveWebhooks()
}

// cachesReady is nil for a standby: its caches are empty, and it would block every rolling update.
func (m *manager) cachesReady() error {
	err := m.caches.get()
	if errors.Is(err, errWaiting) {
		return nil
	}
	return err
}

func (m *manager) serveEndpoints() error {
	o := &m.options.serving
	if o.port == 0 {
		return nil
	}
	a, err := newAccess(&m.options.authentication, &m.options.authorization)
	if err != nil {
		return err
	}
	s, err := newServer(m.background, o, a.clientCA)
	if err != nil {
		return err
	}
	handler := recovered(guard(a, &m.authReady, m.endpoints.mux(m.config.Generic.Debugging)))
	m.goOwned(&m.services, func() error { return s.run(m.background, handler) })
	m.goOwned(&m.services, func() error { return m.lookupAuthentication(a) })
	return nil
}

// lookupAuthentication reads the cluster's authentication configuration. While the API server is away it
// is tried again; an answer that refuses it is final unless --authentication-tolerate-lookup-failure.
func (m *manager) lookupAuthentication(a *access) error {
	if a.lookup != nil {
		wait := retry{what: "reading the cluster's authentication configuration", from: time.Second, to: 10 * time.Second, final: isAnswer}
		err := wait.do(m.background, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, reviewTimeout)
			defer cancel()
			return a.lookup(ctx)
		})
		if err != nil && !m.options.authentication.tolerateFailure {
			return fmt.Errorf("ConfigMap %s/%s, which says how to authenticate clients, cannot be read: %w; bind the Role extension-apiserver-authentication-reader, or give --authentication-tolerate-lookup-failure or --authentication-skip-lookup",
				authConfigMapNamespace, authConfigMapName, err)
		}
		if err != nil {
			klog.FromContext(m.background).Info("Going on without the cluster's authentication configuration", "err", err)
		}
	}
	m.authReady.Store(true)
	for _, run := range a.run {
		go run(m.background)
	}
	return nil
}

// isAnswer reports whether an error is the API server's answer and not the lack of one.
func isAnswer(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsUnauthorized(err) || apierrors.IsBadRequest(err)
}

func (m *manager) serveWebhooks() error {
	if !m.options.gates.Enabled(cmfeatures.CloudControllerManagerWebhook) || m.options.webhookServing.port == 0 {
		return nil
	}
	mux := webhookMux(m.program.Webhooks, m.config.Webhook.Webhooks)
	if mux == nil {
		return nil
	}
	s, err := newServer(m.background, &m.options.webhookServing, nil)
	if err != nil {
		return err
	}
	m.goOwned(&m.services, func() error { return s.run(m.background, recovered(mux)) })
	return nil
}

// publishConfig puts the component config on /configz. There is one per process: with several managers,
// as in tests, the last one's.
func (m *manager) publishConfig() error {
	external := &configv1alpha1.CloudControllerManagerConfiguration{}
	if err := configv1alpha1.Convert_config_CloudControllerManagerConfiguration_To_v1alpha1_CloudControllerManagerConfiguration(m.config, external, nil); err != nil {
		return fmt.Errorf("component config for /configz: %w", err)
	}
	external.SetGroupVersionKind(configv1alpha1.SchemeGroupVersion.WithKind("CloudControllerManagerConfiguration"))
	global.Lock()
	defer global.Unlock()
	configz.Delete(configv1alpha1.GroupName)
	entry, err := configz.New(configv1alpha1.GroupName)
	if err != nil {
		return fmt.Errorf("/configz: %w", err)
	}
	return entry.Set(external)
}

// sawAPIServer follows the lease's requests: a standby makes no others.
func (m *manager) sawAPIServer(err error) {
	var answer apierrors.APIStatus
	if err != nil && (errors.As(err, &answer) || errors.Is(err, context.Canceled)) {
		err = nil // it answered, or we did not wait
	}
	m.apiserver.set(err)
}
