// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package appparity

import (
	"context"
	"errors"

	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// newNothing is a provider's constructor where only flags matter.
func newNothing(context.Context, provider.Setup) (cloudprovider.Interface, error) {
	return nil, errors.New("not reached")
}
