// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"reflect"
	"time"

	"k8s.io/klog/v2"

	"sigs.k8s.io/cloud-providers/common/provider"
	"sigs.k8s.io/cloud-providers/providers/openstack/config"
)

const (
	// lookEvery is how often the files are read again, when there is something to do. Kubelets need up to a
	// minute to change a mounted Secret.
	lookEvery = 10 * time.Second
	// refreshTimeout is what a caller may be held up by new credentials.
	refreshTimeout = 15 * time.Second
	// refusedFor is how long credentials that Keystone has refused are not tried again: it may lock users out.
	refusedFor = 5 * time.Minute
)

// source is where credentials come from: the cloud-config, clouds.yaml and files of certificates.
type source struct {
	identity identity
	config   *config.Config
	next     time.Time // when to look again

	failed  identity // credentials that did not work
	retryAt time.Time
	said    string // the last complaint
}

// look reads the files, if it is time to, and returns what they say now if that differs.
func (c *Connection) look(ctx context.Context) (identity, bool) {
	now := c.clock.Now()
	if hurry := c.hurry.Swap(false); !hurry && now.Before(c.source.next) {
		return identity{}, false
	}
	c.source.next = now.Add(lookEvery)
	wanted, err := c.read(ctx)
	if err != nil {
		c.complain(ctx, fmt.Errorf("reading the credentials again: %w", err))
		return identity{}, false
	}
	if wanted == c.source.identity {
		c.source.said = ""
		return wanted, false
	}
	return wanted, true
}

// read reads the files.
func (c *Connection) read(ctx context.Context) (identity, error) {
	auth := c.source.config.Auth
	if path := c.setup.ConfigPath; path != "" {
		data, err := os.ReadFile(path)
		if err != nil {
			return identity{}, err
		}
		cfg, err := config.Read(path, bytes.NewReader(data))
		if err != nil {
			return identity{}, err
		}
		if other := otherThanAuth(cfg); !reflect.DeepEqual(other, otherThanAuth(c.source.config)) {
			klog.FromContext(ctx).Info("The cloud-config has changed. Only credentials are read while the process runs: all else needs a restart", "path", path)
		}
		c.source.config, auth = cfg, cfg.Auth
	}
	return identify(auth, os.ReadFile)
}

func otherThanAuth(c *config.Config) config.Config {
	other := *c
	other.Auth, other.Warnings = config.Auth{Region: c.Auth.Region}, nil
	return other
}

// refresh puts a new session in the place of the old one when the files have changed and Keystone accepts
// what they say.
func (c *Connection) refresh(ctx context.Context) {
	wanted, changed := c.look(ctx)
	if !changed {
		return
	}
	now := c.clock.Now()
	if wanted == c.source.failed && now.Before(c.source.retryAt) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout) // whoever asks is not in a hurry for it
	defer cancel()
	s, err := c.connect(ctx, wanted)
	if err != nil {
		c.source.failed, c.source.retryAt = wanted, now
		var final *provider.ConfigError
		if errors.As(AtStart(err), &final) {
			c.source.retryAt = now.Add(refusedFor)
		}
		c.complain(ctx, fmt.Errorf("the credentials have changed, and the new ones do not work: %w", err))
		return
	}
	old := c.current.Swap(s)
	c.source.identity, c.source.failed, c.source.said = wanted, identity{}, ""
	old.base.CloseIdleConnections()
	klog.FromContext(ctx).Info("The credentials have changed; the new ones are in use", "keystone", wanted.keystone())
}

// complain says why the old credentials stay in use, once.
func (c *Connection) complain(ctx context.Context, err error) {
	if text := err.Error(); text != c.source.said {
		c.source.said = text
		klog.FromContext(ctx).Error(err, "The old credentials stay in use")
	}
}
