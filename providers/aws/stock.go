// Copyright 2026 The Kubernetes Authors.
// SPDX-License-Identifier: Apache-2.0

package aws

import (
	"context"
	"errors"
	"fmt"

	v1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	cloudprovider "k8s.io/cloud-provider"

	"sigs.k8s.io/cloud-providers/common/provider"
)

// Instances is for programs that use the provider as a library; controllers use InstancesV2.
func (c *Cloud) Instances() (cloudprovider.Instances, bool) {
	i, ok := c.BatchInstances()
	return perName{i, c.located().site}, ok
}

// Zones is for programs that use the provider as a library; controllers use InstancesV2.
func (c *Cloud) Zones() (cloudprovider.Zones, bool) {
	i, ok := c.BatchInstances()
	return perName{i, c.located().site}, ok
}

// perName is the contract of before InstancesV2: one instance at a time, by Node name or provider ID.
type perName struct {
	instances provider.Instances
	site      Site
}

func (p perName) find(ctx context.Context, ref provider.InstanceRef) (provider.Instance, error) {
	answers, err := p.instances.LookupInstances(ctx, []provider.InstanceRef{ref})
	if err != nil {
		return provider.Instance{}, err
	}
	switch a := answers[0]; a.State {
	case provider.InstanceFound:
		return a.Instance, nil
	case provider.InstanceNotFound:
		return provider.Instance{}, cloudprovider.InstanceNotFound
	case provider.InstanceForeign:
		return provider.Instance{}, fmt.Errorf("provider ID %q is another provider's or region's", ref.ProviderID)
	default:
		return provider.Instance{}, a.Err
	}
}

func byName(name types.NodeName) provider.InstanceRef {
	return provider.InstanceRef{NodeName: string(name)}
}

func byID(id string) provider.InstanceRef { return provider.InstanceRef{ProviderID: id} }

func (p perName) NodeAddresses(ctx context.Context, name types.NodeName) ([]v1.NodeAddress, error) {
	i, err := p.find(ctx, byName(name))
	return i.Addresses, err
}

func (p perName) NodeAddressesByProviderID(ctx context.Context, id string) ([]v1.NodeAddress, error) {
	i, err := p.find(ctx, byID(id))
	return i.Addresses, err
}

// InstanceID is the provider ID without its scheme: /<zone>/<instance>.
func (p perName) InstanceID(ctx context.Context, name types.NodeName) (string, error) {
	i, err := p.find(ctx, byName(name))
	if err != nil {
		return "", err
	}
	return i.ProviderID[len(ProviderName+"://"):], nil
}

func (p perName) InstanceType(ctx context.Context, name types.NodeName) (string, error) {
	i, err := p.find(ctx, byName(name))
	return i.Type, err
}

func (p perName) InstanceTypeByProviderID(ctx context.Context, id string) (string, error) {
	i, err := p.find(ctx, byID(id))
	return i.Type, err
}

func (p perName) AddSSHKeyToAllInstances(context.Context, string, []byte) error {
	return cloudprovider.NotImplemented
}

// CurrentNodeName is the host name: kubelets name their Nodes themselves.
func (p perName) CurrentNodeName(_ context.Context, hostname string) (types.NodeName, error) {
	return types.NodeName(hostname), nil
}

func (p perName) InstanceExistsByProviderID(ctx context.Context, id string) (bool, error) {
	_, err := p.find(ctx, byID(id))
	if errors.Is(err, cloudprovider.InstanceNotFound) {
		return false, nil
	}
	return err == nil, err
}

func (p perName) InstanceShutdownByProviderID(ctx context.Context, id string) (bool, error) {
	i, err := p.find(ctx, byID(id))
	if errors.Is(err, cloudprovider.InstanceNotFound) {
		return false, nil
	}
	return i.Power == provider.PowerStopped, err
}

func (p perName) GetZone(ctx context.Context) (cloudprovider.Zone, error) {
	if p.site.SelfID == "" {
		return cloudprovider.Zone{Region: p.site.Region}, nil
	}
	return p.zone(ctx, byID(p.site.SelfID))
}

func (p perName) GetZoneByProviderID(ctx context.Context, id string) (cloudprovider.Zone, error) {
	return p.zone(ctx, byID(id))
}

func (p perName) GetZoneByNodeName(ctx context.Context, name types.NodeName) (cloudprovider.Zone, error) {
	return p.zone(ctx, byName(name))
}

func (p perName) zone(ctx context.Context, ref provider.InstanceRef) (cloudprovider.Zone, error) {
	i, err := p.find(ctx, ref)
	return cloudprovider.Zone{FailureDomain: i.Zone, Region: i.Region}, err
}
